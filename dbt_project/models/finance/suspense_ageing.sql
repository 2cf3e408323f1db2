-- How long borrowers' money has been waiting in suspense. What goes out is what came in first, so what is still there
-- is the latest that came in: the newest deposits, up to the balance. What is put there late, or taken back, changes
-- all days after it, so those are told again.
{{ config(pre_hook="{{ clear_from_run_on() }}") }}

with days as (
    select business_date
    from ledger.days
    where {{ from_run_on('business_date') }}
),

holders as (
    -- who has money in suspense now, or may have had some on these days
    select loan_id
    from ledger.balances
    where suspense_cents > 0
    union distinct
    select loan_id
    from {{ source('ledger', 'suspense') }}
    where {{ from_run_on('effective_on') }}
),

movements as (
    -- in and out of suspense, netted for each loan and day
    select
        suspense.loan_id,
        suspense.effective_on,
        sum(suspense.cents) as cents
    from holders
    inner join {{ source('ledger', 'suspense') }} as suspense on holders.loan_id = suspense.loan_id
    group by suspense.loan_id, suspense.effective_on
    having sum(suspense.cents) <> 0
),

balances as (
    -- what each loan has in suspense from a movement on, until the next one
    select
        loan_id,
        effective_on as from_on,
        lead(effective_on, 1, 'infinity') over by_day as until_on,
        sum(cents) over by_day as cents
    from movements
    window by_day as (partition by loan_id order by effective_on)
),

deposits as (
    -- what came in by then, with the sum of all that came in since
    select
        balances.loan_id,
        balances.from_on,
        balances.until_on,
        balances.cents as balance_cents,
        movements.effective_on,
        movements.cents,
        sum(movements.cents) over (
            partition by balances.loan_id, balances.from_on order by movements.effective_on desc
        ) as cents_since
    from balances
    inner join movements
        on balances.loan_id = movements.loan_id and balances.from_on >= movements.effective_on
    where
        movements.cents > 0
        and balances.cents > 0
        and balances.until_on > (select min(days.business_date) from days)
),

held as (
    select
        *,
        least(cents_since, balance_cents) - (cents_since - cents) as held_cents
    from deposits
),

waiting as (
    select
        days.business_date,
        held.loan_id,
        days.business_date - held.effective_on as days_waiting,
        held.held_cents as cents
    from held
    inner join days on held.from_on <= days.business_date and held.until_on > days.business_date
    where held.held_cents > 0
),

sorted as (
    select
        *,
        case when loan_id = 0 then 'loan unknown' else 'loan known' end as whose,
        case
            when days_waiting < 30 then '0-29'
            when days_waiting < 60 then '30-59'
            when days_waiting < 90 then '60-89'
            else '90+'
        end as days_held
    from waiting
)

select
    business_date,
    whose,
    days_held,
    count(distinct loan_id)::integer as loans,
    sum(cents)::bigint as cents,
    max(days_waiting)::integer as oldest_days
from sorted
group by business_date, whose, days_held
