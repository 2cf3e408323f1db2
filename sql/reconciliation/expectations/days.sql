-- The rails and days of a run: how much of each was matched, and how far apart bank and books are.
select
    bank_day,
    channel,
    status,
    cast(matched_count as double precision) / nullif(matched_count + open_count, 0) as matched_share,
    cast(abs(variance_cents) as double precision)
    / nullif(greatest(abs(bank_cents), abs(our_cents)), 0) as variance_share
from reconciliation.days
where bank_day between %(first)s and %(last)s
