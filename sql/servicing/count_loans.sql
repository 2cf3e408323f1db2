-- How many loans the book has, and when it was boarded.
select
    count(*) as loans,
    min(boarded_on) as boarded_on
from servicing.loans
where loan_id <> 0;
