-- Law 2. The turnover of each run, day and account is what its entries add up to, and there is none without entries.
with entered as (
    select
        e.run_no, e.effective_on, e.booked_on, e.account,
        coalesce(sum(e.amount_cents) filter (where e.amount_cents > 0), 0) as debit_cents,
        coalesce(-sum(e.amount_cents) filter (where e.amount_cents < 0), 0) as credit_cents
    from ledger.entries as e
    where e.effective_on between %(first)s and %(last)s
    group by e.run_no, e.effective_on, e.booked_on, e.account
),

summed as (
    select t.* from ledger.turnover as t
    where t.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(e.effective_on, s.effective_on) as business_date,
        format(
            'account %%s, run %%s, booked on %%s', coalesce(e.account, s.account), coalesce(e.run_no, s.run_no),
            coalesce(e.booked_on, s.booked_on)
        ) as keys,
        case
            when s.run_no is null then 'no turnover'
            else format('debit %%s, credit %%s', s.debit_cents, s.credit_cents)
        end as found,
        case
            when e.run_no is null then 'none: there are no entries'
            else format('debit %%s, credit %%s', e.debit_cents, e.credit_cents)
        end as expected
    from entered as e
    full join summed as s
        on
            e.run_no = s.run_no
            and e.effective_on = s.effective_on
            and e.booked_on = s.booked_on
            and e.account = s.account
    where
        e.debit_cents is distinct from s.debit_cents
        or e.credit_cents is distinct from s.credit_cents
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
