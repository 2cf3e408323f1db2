-- The bank's lines of the days of a run, as expectations look at them.
select
    bank_day,
    channel,
    kind,
    reference,
    amount_cents
from settlement.lines_in_force
where bank_day between %(first)s and %(last)s
