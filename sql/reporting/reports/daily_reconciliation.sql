-- Where bank and books stand on a day.
select
    channel,
    variance_cents,
    bank_cents,
    our_cents as ours_cents,
    status,
    open_cases
from reporting.daily_reconciliation
where business_date = %(day)s
order by channel;
