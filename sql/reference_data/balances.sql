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
