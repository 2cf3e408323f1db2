-- What falls due on :day, loan by loan: the difference of what has fallen due with this instalment and without it.
delete from servicing.instalments
where due_on = %(day)s;

insert into servicing.instalments (loan_id, due_on, instalment, interest_cents, principal_cents, escrow_cents)
with
-- Only loans due on this day of the month can have an instalment today; those not yet begun or at their end have none.
due as (
    select loans.*, servicing.instalments_due(loans.first_due_month, loans.due_day, loans.last_instalment, %(day)s) as n
    from servicing.loans
    where
        loans.due_day = extract(day from %(day)s)::smallint
        and loans.loan_id <> 0
        -- what fell due before we had the loan came with its balances
        and loans.boarded_on < %(day)s
        and servicing.falls_due(loans.first_due_month, loans.due_day, loans.last_instalment, %(day)s)
)

select
    due.loan_id, %(day)s, due.n,
    servicing.interest_through(due.principal_cents, due.payment_cents, due.n, through.growth, through.annuity)
    - servicing.interest_through(due.principal_cents, due.payment_cents, due.n - 1, before.growth, before.annuity),
    servicing.principal_through(
        due.principal_cents, due.payment_cents, due.term_instalments, due.n, through.growth, through.annuity
    )
    - servicing.principal_through(
        due.principal_cents, due.payment_cents, due.term_instalments, due.n - 1, before.growth, before.annuity
    ),
    due.escrow_cents + due.escrow_shortage_cents
from due
inner join servicing.amortisation_factors as through on through.rate_ppm = due.rate_ppm and through.n = due.n
inner join servicing.amortisation_factors as before on before.rate_ppm = due.rate_ppm and before.n = due.n - 1;
