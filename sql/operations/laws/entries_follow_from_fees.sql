-- Law 2. Every fee and each of its corrections is booked once: due from the borrower, and income of its kind.
with booked as (
    -- each fee's transaction, debit and credit side by side
    select
        e.effective_on, e.loan_id, e.subject_id, e.kind, e.seq,
        count(*) as entries,
        coalesce(sum(e.amount_cents) filter (where c.part = 'fees'), 0) as due,
        coalesce(sum(e.amount_cents) filter (where c.part = e.kind || '_fee_income'), 0) as income,
        min(e.booked_on) as booked_from, max(e.booked_on) as booked_to,
        min(e.run_no) as first_run, max(e.run_no) as last_run
    from ledger.entries as e
    left join ledger.accounts as c on e.account = c.account
    where e.effective_on between %(first)s and %(last)s and e.kind in ('late', 'nsf')
    group by e.effective_on, e.loan_id, e.subject_id, e.kind, e.seq
),

charged as (
    select f.* from ledger.fees as f
    where f.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(b.effective_on, f.effective_on) as business_date,
        format(
            'loan %%s, %%s fee %%s, seq %%s',
            coalesce(b.loan_id, f.loan_id),
            coalesce(b.kind, f.kind),
            coalesce(b.subject_id, f.fee_id),
            coalesce(b.seq, f.seq)
        ) as keys,
        case
            when b.seq is null then 'no entries'
            else
                format(
                    '%%s entries of run %%s booked on %%s: fees %%s, income %%s',
                    b.entries, b.last_run, b.booked_to, b.due, b.income
                )
        end as found,
        case
            when f.seq is null then 'no entries: there is no such fee'
            else format(
                '2 entries of run %%s booked on %%s: fees %%s, income %%s',
                f.run_no, f.booked_on, f.amount_cents, -f.amount_cents
            )
        end as expected
    from booked as b
    full join charged as f
        on
            b.effective_on = f.effective_on and b.loan_id = f.loan_id and b.subject_id = f.fee_id
            and b.kind = f.kind and b.seq = f.seq
    where
        b.seq is null
        or f.seq is null
        or b.entries <> 2
        or b.due <> f.amount_cents
        or b.income <> -f.amount_cents
        or b.booked_from <> f.booked_on or b.booked_to <> f.booked_on
        or b.first_run <> f.run_no or b.last_run <> f.run_no
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
