-- Boarding dates of loans whose postings by the former system came along and are not in the books yet, with the first
-- day of those postings, and whether the ledger holds no entry so far.
with known as (
    select count(*) as partitions
    from pg_inherits as i
    where i.inhparent = 'ledger.entries'::regclass
)

select l.boarded_on, min(c.books_from) as since, k.partitions = 0 as is_new
from servicing.converted_loans as c
inner join servicing.loans as l on c.loan_id = l.loan_id
cross join known as k
where
    not exists (
        select from ledger.events as e
        where
            e.effective_on = l.boarded_on and e.loan_id = 0
            and e.subject_id = operations.content_id('conversion|' || l.boarded_on)
    )
group by l.boarded_on, k.partitions
order by l.boarded_on
