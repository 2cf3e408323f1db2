-- How far the books go: the last day that was posted, or the day to which the former system's postings lead. Later days
-- may still change the forms.
select greatest(
    (select max(d.business_date) from ledger.days as d),
    (
        select max(l.boarded_on) from servicing.converted_loans as c
        inner join servicing.loans as l on c.loan_id = l.loan_id
    )
) as posted_until
