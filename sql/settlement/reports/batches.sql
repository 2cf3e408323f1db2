-- What each rail should have delivered to the bank on a day, and what it did.
select
    channel,
    expected_cents,
    actual_cents,
    variance_cents,
    expected_count,
    actual_count,
    status
from settlement.batches
where bank_day = %(day)s
order by channel;
