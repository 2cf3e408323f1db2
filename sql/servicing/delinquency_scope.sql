-- Which loans to work out for which days: a temporary table of pairs. For :day every loan that may be behind; for the
-- other days worked out before, the loans that the runs of :day after :since_run have touched.
drop table if exists pg_temp.delinquency_scope;

create temporary table delinquency_scope on commit drop as
with
-- Runs whose changes the other days do not show yet.
new_runs as (
    select seals.run_no from ledger.seals
    where seals.business_date = %(day)s and seals.run_no > %(since_run)s
),

-- Whatever a run of :day does to a loan leaves a row on :day or later, even where it begins before.
touched as (
    select allocations.loan_id
    from ledger.allocations
    where allocations.effective_on >= %(day)s and allocations.run_no in (select new_runs.run_no from new_runs)
    union
    select fees.loan_id
    from ledger.fees
    where fees.effective_on >= %(day)s and fees.run_no in (select new_runs.run_no from new_runs)
),

-- A payment that went back on :day is missing from its value date on; one with that value date that had gone back
-- before it has cost its fee since then.
went_back as (
    select reversals.loan_id, min(least(reversals.effective_on, reversals.happened_on)) as since
    from payments.reversals
    where reversals.happened_on = %(day)s or reversals.effective_on = %(day)s
    group by reversals.loan_id
),

changed as (
    select touched.loan_id, least(went_back.since, %(day)s) as since
    from touched
    left join went_back on went_back.loan_id = touched.loan_id
    where touched.loan_id <> 0
)

select delinquency_days.business_date, changed.loan_id
from changed
inner join servicing.delinquency_days on delinquency_days.business_date >= changed.since
where delinquency_days.business_date <> %(day)s
union all
select %(day)s, loans.loan_id
from servicing.loans
inner join ledger.balances on balances.loan_id = loans.loan_id
where
    loans.loan_id <> 0
    and (
        balances.last_effective_on > %(day)s
        or balances.instalments_paid
        < servicing.instalments_due(loans.first_due_month, loans.due_day, loans.last_instalment, %(day)s)
    );
