-- Law 5. Transactions of the whole book, accruals and boardings, have their events, each one, which name each entry;
-- and no event tells of one that is not.
with told as (
    select
        e.effective_on, e.subject_id, e.event_no, e.type, e.booked_on, e.run_no, e.data ->> 'kind' as kind,
        (e.data ->> 'seq')::smallint as seq, e.data ->> 'entries' as entries,
        count(*) over (partition by e.effective_on, e.subject_id, e.data ->> 'kind', e.data ->> 'seq') as times
    from ledger.events as e
    where e.type in ('book.accrual', 'book.boarding') and e.effective_on between %(first)s and %(last)s
),

held as (
    select
        e.effective_on, e.subject_id, 'book.' || e.kind as type, e.booked_on, e.run_no, e.kind, e.seq,
        '{' || string_agg('"' || e.account || '":' || e.amount_cents, ',' order by e.account) || '}' as entries
    from ledger.entries as e
    where e.kind in ('accrual', 'boarding') and e.effective_on between %(first)s and %(last)s
    group by e.effective_on, e.subject_id, e.booked_on, e.run_no, e.kind, e.seq
),

broken as materialized (
    select
        coalesce(t.effective_on, h.effective_on) as business_date,
        format(
            '%%s %%s, seq %%s', coalesce(t.kind, h.kind), coalesce(t.subject_id, h.subject_id), coalesce(t.seq, h.seq)
        ) as keys,
        case
            when t.event_no is null then 'no event' else
                format(
                    '%%s of run %%s booked on %%s, told %%s times: %%s',
                    t.type, t.run_no, t.booked_on, t.times, t.entries
                )
        end as found,
        case
            when h.seq is null then 'no event: there is no such transaction'
            else format('%%s of run %%s booked on %%s, told once: %%s', h.type, h.run_no, h.booked_on, h.entries)
        end as expected
    from told as t
    full join
        held as h
        on t.effective_on = h.effective_on and t.subject_id = h.subject_id and t.kind = h.kind and t.seq = h.seq
    where
        t.times <> 1
        or (t.type, t.entries, t.booked_on, t.run_no) is distinct from (h.type, h.entries, h.booked_on, h.run_no)
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
