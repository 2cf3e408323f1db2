-- Law 5. Every receipt, release and correction has its event, with its day and figures, and only one; and no event
-- tells of one that is not.
with told as (
    -- what the events say; whatever is not about something else is about an allocation
    select
        e.effective_on, e.loan_id, e.subject_id, e.event_no, e.type, e.booked_on, e.run_no,
        d.kind, d.seq, d.effective_on as told_on, d.policy, d.cash, d.fees, d.interest, d.principal, d.escrow,
        d.suspense, d.returned, d.reason,
        count(*) over (partition by e.effective_on, e.loan_id, e.subject_id, d.kind, d.seq) as times
    from ledger.events as e
    cross join
        json_to_record(e.data)
            as d (
                kind text, seq smallint, effective_on date, policy text, cash bigint, fees bigint, interest bigint,
                principal bigint, escrow bigint, suspense bigint, returned bigint, reason text
            )
    where
        e.effective_on between %(first)s and %(last)s
        and e.type not in (
            'payment.ingested', 'payment.reversed', 'payment.reversal_corrected', 'fee.assessed', 'fee.corrected',
            'book.accrual', 'book.boarding', 'book.conversion', 'book.terms', 'loan.status_set'
        )
),

held as (
    -- what the books hold
    select
        a.*,
        case
            when a.kind = 'release' and a.seq = 1 then 'suspense.released'
            when a.kind = 'release' then 'suspense.release_corrected'
            when a.seq = 1 then 'payment.posted'
            else 'payment.reallocated'
        end as type
    from ledger.allocations as a
    where a.kind <> 'return' and a.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(t.effective_on, h.effective_on) as business_date,
        format(
            'loan %%s, %%s %%s, seq %%s',
            coalesce(t.loan_id, h.loan_id),
            coalesce(t.kind, h.kind),
            coalesce(t.subject_id, h.subject_id),
            coalesce(t.seq, h.seq)
        ) as keys,
        case
            when t.event_no is null then 'no event'
            else format(
                'event %%s, one of %%s, %%s of run %%s on %%s booked on %%s by policy %%s: '
                'cash %%s, fees %%s, interest %%s, principal %%s, escrow %%s, '
                'suspense %%s, returned %%s; %%s',
                t.event_no, t.times, t.type, t.run_no, t.told_on, t.booked_on, t.policy, t.cash, t.fees, t.interest,
                t.principal, t.escrow, t.suspense, t.returned, coalesce(t.reason, 'as posted')
            )
        end as found,
        case
            when h.seq is null then 'no event: there is no such allocation'
            else format(
                'one, %%s of run %%s on %%s booked on %%s by policy %%s: '
                'cash %%s, fees %%s, interest %%s, principal %%s, escrow %%s, '
                'suspense %%s, returned %%s; %%s',
                h.type, h.run_no, h.effective_on, h.booked_on, h.policy, h.cash_cents, h.fees_cents, h.interest_cents,
                h.principal_cents, h.escrow_cents, h.suspense_cents, h.returned_cents, coalesce(h.reason, 'as posted')
            )
        end as expected
    from told as t
    full join held as h
        on
            t.effective_on = h.effective_on and t.loan_id = h.loan_id and t.subject_id = h.subject_id
            and t.kind = h.kind and t.seq = h.seq
    where
        t.times <> 1
        or (t.type, t.told_on, t.policy, t.booked_on, t.run_no, t.reason)
        is distinct from (h.type, h.effective_on, h.policy, h.booked_on, h.run_no, h.reason)
        or (t.cash, t.fees, t.interest, t.principal, t.escrow, t.suspense, t.returned)
        is distinct from (
            h.cash_cents, h.fees_cents, h.interest_cents, h.principal_cents, h.escrow_cents, h.suspense_cents,
            h.returned_cents
        )
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
