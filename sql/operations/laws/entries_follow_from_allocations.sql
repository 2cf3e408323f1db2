-- Law 2. Every allocation is booked once, to the accounts that the chart names for its parts, and nothing else is
-- booked under its name: the entries are worked out again from the allocations and compared.
with booked as (
    -- each transaction, its entries laid side by side by what their accounts are for
    select
        e.effective_on, e.loan_id, e.subject_id, e.kind, e.seq,
        count(*) as entries,
        coalesce(sum(e.amount_cents) filter (where c.part = 'cash'), 0) as cash,
        coalesce(sum(e.amount_cents) filter (where c.part = 'fees'), 0) as fees,
        coalesce(sum(e.amount_cents) filter (where c.part = 'interest'), 0) as interest,
        coalesce(sum(e.amount_cents) filter (where c.part = 'principal'), 0) as principal,
        coalesce(sum(e.amount_cents) filter (where c.part = 'escrow'), 0) as escrow,
        coalesce(sum(e.amount_cents) filter (
            where c.part = case e.loan_id when 0 then 'unidentified' else 'suspense' end
        ), 0) as suspense,
        coalesce(sum(e.amount_cents) filter (where c.part = 'returned'), 0) as returned,
        min(c.channel) filter (where c.part = 'cash') as channel,
        min(e.booked_on) as booked_from, max(e.booked_on) as booked_to,
        min(e.run_no) as first_run, max(e.run_no) as last_run
    from ledger.entries as e
    left join ledger.accounts as c on e.account = c.account
    where
        e.effective_on between %(first)s and %(last)s
        and e.kind not in ('late', 'nsf', 'accrual', 'boarding', 'conversion', 'conversion_book')
    group by e.effective_on, e.loan_id, e.subject_id, e.kind, e.seq
),

wanted as (
    -- each allocation, with how many entries it makes
    select
        a.*,
        7 - (a.cash_cents = 0)::integer - (a.fees_cents = 0)::integer - (a.interest_cents = 0)::integer
        - (a.principal_cents = 0)::integer - (a.escrow_cents = 0)::integer - (a.suspense_cents = 0)::integer
        - (a.returned_cents = 0)::integer as entries
    from ledger.allocations as a
    where a.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(b.effective_on, w.effective_on) as business_date,
        format(
            'loan %%s, %%s %%s, seq %%s',
            coalesce(b.loan_id, w.loan_id),
            coalesce(b.kind, w.kind),
            coalesce(b.subject_id, w.subject_id),
            coalesce(b.seq, w.seq)
        ) as keys,
        case
            when b.seq is null then 'no entries'
            else format(
                '%%s entries of run %%s booked on %%s: cash %%s (%%s), fees %%s, interest %%s, principal %%s, '
                'escrow %%s, suspense %%s, returned %%s',
                b.entries, b.last_run, b.booked_to, b.cash, b.channel, b.fees, b.interest, b.principal, b.escrow,
                b.suspense, b.returned
            )
        end as found,
        case
            when w.seq is null then 'no entries: there is no such allocation'
            else format(
                '%%s entries of run %%s booked on %%s: cash %%s (%%s), fees %%s, interest %%s, principal %%s, '
                'escrow %%s, suspense %%s, returned %%s',
                w.entries, w.run_no, w.booked_on, w.cash_cents,
                case when w.cash_cents <> 0 then w.channel end,
                -w.fees_cents,
                -w.interest_cents, -w.principal_cents, -w.escrow_cents, -w.suspense_cents, -w.returned_cents
            )
        end as expected
    from booked as b
    full join wanted as w
        on
            b.effective_on = w.effective_on and b.loan_id = w.loan_id and b.subject_id = w.subject_id
            and b.kind = w.kind and b.seq = w.seq
    where
        b.seq is null and w.entries > 0
        or w.seq is null
        or b.entries <> w.entries
        or b.cash <> w.cash_cents
        or b.fees <> -w.fees_cents
        or b.interest <> -w.interest_cents
        or b.principal <> -w.principal_cents
        or b.escrow <> -w.escrow_cents
        or b.suspense <> -w.suspense_cents
        or b.returned <> -w.returned_cents
        or w.cash_cents <> 0 and b.channel is distinct from w.channel
        or b.booked_from <> w.booked_on or b.booked_to <> w.booked_on
        or b.first_run <> w.run_no or b.last_run <> w.run_no
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
