-- The loans that were behind at the end of a day, and with what, for the pairs of day and loan in the temporary table
-- `delinquency_scope`, none of them before :first_day; of :day itself nothing older stays.

delete from servicing.delinquency
where business_date = %(day)s;

delete from servicing.delinquency
using delinquency_scope
where
    delinquency.business_date = delinquency_scope.business_date
    and delinquency.loan_id = delinquency_scope.loan_id
    and delinquency.business_date >= %(first_day)s;

insert into servicing.delinquency (
    loan_id,
    business_date,
    delinquent_since,
    days_past_due,
    bucket,
    instalments_past_due,
    interest_cents,
    principal_cents,
    escrow_cents,
    fees_cents,
    suspense_cents
)
with
-- The running totals are as of the last day posted; what counts from after the day in question is taken off again.
later_allocations as (
    select
        delinquency_scope.business_date, delinquency_scope.loan_id,
        sum(allocations.fees_cents)::bigint as fees_cents,
        sum(allocations.interest_cents)::bigint as interest_cents,
        sum(allocations.principal_cents)::bigint as principal_cents,
        sum(allocations.escrow_cents)::bigint as escrow_cents,
        sum(allocations.suspense_cents)::bigint as suspense_cents
    from delinquency_scope
    inner join ledger.allocations
        on
            allocations.loan_id = delinquency_scope.loan_id
            and allocations.effective_on > delinquency_scope.business_date
    where allocations.effective_on > %(first_day)s
    group by delinquency_scope.business_date, delinquency_scope.loan_id
),

later_fees as (
    select
        delinquency_scope.business_date, delinquency_scope.loan_id,
        sum(fees.amount_cents)::bigint as assessed_cents
    from delinquency_scope
    inner join ledger.fees
        on fees.loan_id = delinquency_scope.loan_id and fees.effective_on > delinquency_scope.business_date
    where fees.effective_on > %(first_day)s
    group by delinquency_scope.business_date, delinquency_scope.loan_id
),

states as (
    select
        delinquency_scope.business_date, loans.loan_id, loans.first_due_on, loans.rate_ppm, loans.principal_cents,
        loans.payment_cents, loans.term_instalments,
        loans.escrow_cents + loans.escrow_shortage_cents as escrow_cents,
        servicing.instalments_due(
            loans.first_due_month, loans.due_day, loans.last_instalment, delinquency_scope.business_date
        ) as due,
        balances.instalments_paid,
        later_allocations.loan_id is not null as has_moved_on,
        balances.fees_assessed_cents - coalesce(later_fees.assessed_cents, 0)
        - balances.fees_paid_cents + coalesce(later_allocations.fees_cents, 0) as fees_cents,
        balances.interest_paid_cents - coalesce(later_allocations.interest_cents, 0) as interest_paid_cents,
        balances.principal_paid_cents - coalesce(later_allocations.principal_cents, 0) as principal_paid_cents,
        balances.escrow_paid_cents - coalesce(later_allocations.escrow_cents, 0) as escrow_paid_cents,
        balances.suspense_cents - coalesce(later_allocations.suspense_cents, 0) as suspense_cents
    from delinquency_scope
    inner join servicing.loans on loans.loan_id = delinquency_scope.loan_id
    inner join ledger.balances on balances.loan_id = delinquency_scope.loan_id
    left join later_allocations
        on
            later_allocations.loan_id = delinquency_scope.loan_id
            and later_allocations.business_date = delinquency_scope.business_date
    left join later_fees
        on
            later_fees.loan_id = delinquency_scope.loan_id
            and later_fees.business_date = delinquency_scope.business_date
    offset 0 -- so that what is due is worked out once and not wherever it is used
),

-- How many instalments were wholly paid that day. The running count serves unless the loan has moved on since; then it
-- is the last instalment through which everything was paid, sought from the newest down.
counted as (
    select
        states.*,
        case
            when not states.has_moved_on then states.instalments_paid
            else (
                select factors.n
                from servicing.amortisation_factors as factors
                where
                    factors.rate_ppm = states.rate_ppm
                    and factors.n <= least(states.due, states.instalments_paid)
                    and servicing.is_paid_through(
                        states.principal_cents, states.payment_cents, states.term_instalments, states.escrow_cents,
                        factors.n, factors.growth, factors.annuity,
                        states.interest_paid_cents, states.principal_paid_cents, states.escrow_paid_cents
                    )
                order by factors.n desc
                limit 1
            )
        end as paid
    from states
    offset 0 -- likewise the search
),

behind as (
    select
        counted.*,
        servicing.due_on(counted.first_due_on, counted.paid + 1) as delinquent_since,
        counted.business_date - servicing.due_on(counted.first_due_on, counted.paid + 1) as days_past_due
    from counted
    where counted.paid < counted.due
)

select
    behind.loan_id, behind.business_date, behind.delinquent_since, behind.days_past_due,
    case
        when behind.days_past_due >= 120 then '120+'
        when behind.days_past_due >= 90 then '90-119'
        when behind.days_past_due >= 60 then '60-89'
        when behind.days_past_due >= 30 then '30-59'
        when behind.days_past_due >= 1 then '1-29'
        else '0'
    end,
    behind.due - behind.paid,
    servicing.interest_through(
        behind.principal_cents, behind.payment_cents, behind.due, factors.growth, factors.annuity
    ) - behind.interest_paid_cents,
    servicing.principal_through(
        behind.principal_cents,
        behind.payment_cents,
        behind.term_instalments,
        behind.due,
        factors.growth,
        factors.annuity
    ) - behind.principal_paid_cents,
    behind.due * behind.escrow_cents - behind.escrow_paid_cents,
    behind.fees_cents,
    behind.suspense_cents
from behind
inner join servicing.amortisation_factors as factors on factors.rate_ppm = behind.rate_ppm and factors.n = behind.due;
