-- How much of the book is behind at the end of each day of a run.
with behind as (
    select
        business_date,
        count(*) as loans,
        count(*) filter (where days_past_due >= 90) as in_default
    from servicing.delinquency
    where business_date between %(first)s and %(last)s
    group by business_date
),

book as (
    select count(*) as loans
    from servicing.loans
    where loan_id <> 0
)

select
    behind.business_date,
    cast(behind.loans as double precision) / book.loans as behind_share,
    cast(behind.in_default as double precision) / book.loans as default_share
from behind
cross join book
