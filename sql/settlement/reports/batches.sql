-- What each rail should have delivered to the bank on a day, and what it did.
select
    account,
    channel,
    expected_cents,
    expected_fee_cents,
    actual_cents,
    variance_cents,
    expected_count,
    actual_count,
    status,
    late_bank_days
from settlement.batches
where bank_day = %(day)s
order by account, channel;
