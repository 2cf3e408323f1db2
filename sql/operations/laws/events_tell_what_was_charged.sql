-- Law 5. Every fee and each of its corrections has its event, with its amount, and only one; and no event tells of one
-- that is not.
with told as (
    select
        e.effective_on, e.loan_id, e.subject_id, e.event_no, e.type, e.booked_on, e.run_no, d.kind, d.seq, d.amount,
        d.policy, d.reason, count(*) over (partition by e.effective_on, e.loan_id, e.subject_id, d.kind, d.seq) as times
    from ledger.events as e
    cross join json_to_record(e.data) as d (kind text, seq smallint, amount bigint, policy text, reason text)
    where e.type in ('fee.assessed', 'fee.corrected') and e.effective_on between %(first)s and %(last)s
),

held as (
    select f.*, case f.seq when 1 then 'fee.assessed' else 'fee.corrected' end as type
    from ledger.fees as f
    where f.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(t.effective_on, h.effective_on) as business_date,
        format(
            'loan %%s, %%s fee %%s, seq %%s',
            coalesce(t.loan_id, h.loan_id),
            coalesce(t.kind, h.kind),
            coalesce(t.subject_id, h.fee_id),
            coalesce(t.seq, h.seq)
        ) as keys,
        case
            when t.event_no is null then 'no event'
            else format(
                'event %%s, one of %%s, %%s of run %%s booked on %%s by policy %%s: %%s cents; %%s',
                t.event_no, t.times, t.type, t.run_no, t.booked_on, t.policy, t.amount,
                coalesce(t.reason, 'as assessed')
            )
        end as found,
        case
            when h.seq is null then 'no event: there is no such fee'
            else format(
                'one, %%s of run %%s booked on %%s by policy %%s: %%s cents; %%s',
                h.type, h.run_no, h.booked_on, h.policy, h.amount_cents, coalesce(h.reason, 'as assessed')
            )
        end as expected
    from told as t
    full join held as h
        on
            t.effective_on = h.effective_on and t.loan_id = h.loan_id and t.subject_id = h.fee_id
            and t.kind = h.kind and t.seq = h.seq
    where
        t.times <> 1
        or (t.type, t.amount, t.policy, t.booked_on, t.run_no, t.reason) is distinct from (
            h.type, h.amount_cents, h.policy, h.booked_on, h.run_no, h.reason
        )
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
