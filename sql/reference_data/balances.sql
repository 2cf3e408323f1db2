-- Loans that have none of them yet are new to posting: days that were run since they came to us were run without them,
-- and ask to be run again. Most books come before their first day, and nothing is asked.
insert into operations.day_requests as known (business_date, reason, subject, requested_at)
select d.business_date, 'boarded', b.boarded_on::text, clock_timestamp()
from (
    select distinct l.boarded_on
    from servicing.loans as l
    where
        l.loan_id <> 0
        and not exists (
            select from ledger.balances as b
            where b.loan_id = l.loan_id
        )
) as b
inner join ledger.days as d on b.boarded_on < d.business_date
order by d.business_date, b.boarded_on
on conflict (business_date, reason, subject) do update
    set requested_at = excluded.requested_at, satisfied_at = null;

-- Every loan has its running totals, zero from the start.
insert into ledger.balances (loan_id)
select l.loan_id
from servicing.loans as l
where
    not exists (
        select from ledger.balances as b
        where b.loan_id = l.loan_id
    )
order by l.loan_id
