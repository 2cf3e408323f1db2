-- Bank against books on a day, rail by rail.
select
    channel,
    variance_cents,
    bank_cents,
    our_cents as ours_cents,
    matched_count as matched,
    open_count as open,
    status
from reconciliation.days
where bank_day = %(day)s
order by channel;
