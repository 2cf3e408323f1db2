-- The terms of the loans boarded on :day, told as one hash, anew whenever loans have been added to them.
insert into pg_temp.told
select %(day)s::date, 0, t.subject_id, 'book.terms', %(day)s::date, ledger.terms_event(%(day)s::date)
from (select operations.content_id('terms|' || %(day)s::date) as subject_id) as t
where
    (
        select count(*) from servicing.loans as l
        where l.boarded_on = %(day)s
    )
    > coalesce(
        (
            select (e.data ->> 'loans')::bigint from ledger.events as e
            where e.effective_on = %(day)s and e.loan_id = 0 and e.subject_id = t.subject_id
            order by e.event_no desc
            limit 1
        ),
        0
    )
