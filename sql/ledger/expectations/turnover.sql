-- What the books moved on each day of a run.
select
    effective_on,
    sum(greatest(amount_cents, 0)) as debit_cents,
    sum(greatest(-amount_cents, 0)) as credit_cents,
    count(distinct account) as accounts
from ledger.entries
where effective_on between %(first)s and %(last)s
group by effective_on
