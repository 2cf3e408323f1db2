-- How many loans the book has, and when it was boarded. Loans that ended before that, and whose past alone came along,
-- are not of it.
select
    count(*) as loans,
    min(l.boarded_on) as boarded_on
from servicing.loans as l
where
    l.loan_id <> 0
    and not (
        l.term_instalments = 0
        and exists (
            select from servicing.converted_loans as c
            where c.loan_id = l.loan_id
        )
    );
