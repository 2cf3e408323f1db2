-- From our total of a day to the bank's, cause by cause.
select
    cause,
    sum(cents)::bigint as bank_less_books_cents,
    sum(items)::bigint as items
from reconciliation.bridge
where bank_day = %(day)s
group by cause
order by cause;
