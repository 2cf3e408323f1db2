-- Where bank and books stand on a day.
select
    account,
    channel,
    variance_cents,
    open_more_cents + open_less_cents as open_cents,
    bank_cents,
    our_cents as ours_cents,
    status,
    settlement_status,
    open_cases
from reporting.daily_reconciliation
where business_date = %(day)s
order by account, channel;
