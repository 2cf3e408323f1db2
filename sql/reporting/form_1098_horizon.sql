-- How far the books go: from the first day that came along or on which a loan was boarded, to the last day that was
-- posted or to which the former system's postings lead. Later days may still change the forms.
select
    least(
        (select min(c.books_from) from servicing.converted_loans as c),
        (
            select min(l.boarded_on) from servicing.loans as l
            where l.loan_id <> 0
        )
    ) as begins_on,
    greatest(
        (select max(d.business_date) from ledger.days as d),
        (
            select max(l.boarded_on) from servicing.converted_loans as c
            inner join servicing.loans as l on c.loan_id = l.loan_id
        )
    ) as posted_until
