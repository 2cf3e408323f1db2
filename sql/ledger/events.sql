-- One event for each thing this run did, linked to the chain of its subject. A chain grows by at most three links in a
-- run: the payment is ingested, it is posted or corrected, it is reversed. The key of a payment and its value date are
-- not told: the one is the hash of what is told, and its first half the subject; the other is the day of the chain.

-- The last event of each chain that this run may extend: all but the payments that are new may have one. Chains that
-- begin before :day are looked up by themselves: with all others, every day since the earliest would be read.
create temporary table begun as
with extended as (
    select n.chain_on as effective_on, n.loan_id, n.subject_id from pg_temp.new_allocations as n
    where n.kind <> 'return' or n.seq > 1
    union all
    select f.effective_on, f.loan_id, f.fee_id from pg_temp.new_fees as f
    union all
    select t.effective_on, t.loan_id, t.subject_id from pg_temp.told as t
    union all
    select distinct b.effective_on, b.loan_id, b.subject_id from pg_temp.booked as b
),

events as (
    select e.effective_on, e.loan_id, e.subject_id, e.event_no, e.hash
    from extended as x
    inner join
        ledger.events as e
        on x.effective_on = e.effective_on and x.loan_id = e.loan_id and x.subject_id = e.subject_id
    where x.effective_on >= %(day)s and e.effective_on between %(day)s and %(horizon)s

    union all

    select e.effective_on, e.loan_id, e.subject_id, e.event_no, e.hash
    from extended as x
    inner join
        ledger.events as e
        on x.effective_on = e.effective_on and x.loan_id = e.loan_id and x.subject_id = e.subject_id
    where x.effective_on < %(day)s and e.effective_on between %(since)s and %(day)s::date - 1
)

select distinct on (e.effective_on, e.loan_id, e.subject_id)
    e.effective_on, e.loan_id, e.subject_id, e.event_no, e.hash
from events as e
order by e.effective_on asc, e.loan_id asc, e.subject_id asc, e.event_no desc;

analyze pg_temp.begun;

insert into work.events
with booked as not materialized (
    -- transactions of the whole book: accruals and boarding, each entry named
    select
        e.effective_on, e.loan_id, e.subject_id, e.kind, e.booked_on,
        '{"kind":"' || e.kind || '","seq":' || e.seq || ',"entries":{'
        || string_agg('"' || e.account || '":' || e.amount_cents, ',' order by e.account) || '}}' as data
    from pg_temp.booked as e
    group by e.effective_on, e.loan_id, e.subject_id, e.kind, e.seq, e.booked_on
),

laid_out as (
    -- a subject a row, its links side by side: a payment that is new, posted or corrected, and returned
    select
        coalesce(i.effective_on, n.chain_on) as effective_on, coalesce(i.loan_id, n.loan_id) as loan_id,
        coalesce(i.payment_id, n.subject_id) as subject_id,
        case when i.payment_id is not null then 'payment.ingested' end as type_1, i.booked_on as booked_1,
        '{"channel":"' || i.channel || '","reference":' || to_json(i.reference)::text
        || ',"amount_cents":' || i.amount_cents || ',"loan":' || to_json(i.loan_number)::text
        || ',"raw_sha256":"' || encode(i.raw_payload_hash, 'hex') || '","batch":"' || i.batch_id
        || '","line":' || i.line || '}' as data_1,
        case
            when n.kind = 'release' and n.seq = 1 then 'suspense.released'
            when n.kind = 'release' then 'suspense.release_corrected'
            when n.kind = 'return' then 'payment.reversal_corrected'
            when n.seq = 1 then 'payment.posted'
            when n.seq > 1 then 'payment.reallocated'
        end as type_2, n.booked_on as booked_2, ledger.allocation_event(
            n.kind, n.seq, n.effective_on, n.policy, n.cash, n.fees, n.interest, n.principal, n.escrow, n.suspense,
            n.returned, n.return_code, n.reason
        ) as data_2,
        case when r.kind is not null then 'payment.reversed' end as type_3, r.booked_on as booked_3,
        ledger.allocation_event(
            r.kind, r.seq, r.effective_on, r.policy, r.cash, r.fees, r.interest, r.principal, r.escrow, r.suspense,
            r.returned, r.return_code, r.reason
        ) as data_3
    from pg_temp.new_payments as i
    full join (
        -- a return that is taken back, because it happened earlier, is corrected before it is told anew
        select q.* from pg_temp.new_allocations as q
        where q.kind <> 'return' or q.seq > 1
    ) as n
        on i.loan_id = n.loan_id and i.payment_id = n.subject_id
    left join (
        select q.* from pg_temp.new_allocations as q
        where q.kind = 'return' and q.seq = 1
    ) as r
        on n.loan_id = r.loan_id and n.subject_id = r.subject_id

    union all

    select
        f.effective_on, f.loan_id, f.fee_id, null, null, null,
        case f.seq when 1 then 'fee.assessed' else 'fee.corrected' end, f.booked_on,
        '{"kind":"' || f.kind || '","seq":' || f.seq || ',"amount":' || f.amount || ',"policy":"' || f.policy || '"'
        || coalesce(',"reason":"' || f.reason || '"', '') || '}',
        null, null, null
    from pg_temp.new_fees as f

    union all

    select
        b.effective_on, b.loan_id, b.subject_id, null, null, null, 'book.' || b.kind, b.booked_on, b.data,
        null, null, null
    from booked as b

    union all

    select t.effective_on, t.loan_id, t.subject_id, null, null, null, t.type, t.booked_on, t.data, null, null, null
    from pg_temp.told as t
),

-- the offset keeps the planner from working out a hash again wherever it is used; as a literal of its type, since
-- anything that must be computed, be it the type, would keep the work from being shared among the cores
first_link as (
    select
        l.*,
        coalesce(b.event_no, 0) + (l.type_1 is not null)::int + (l.type_2 is not null)::int as no_2,
        coalesce(b.event_no, 0) + (l.type_1 is not null)::int + (l.type_2 is not null)::int + 1 as no_3,
        case
            when l.type_1 is null then b.hash
            else ledger.event_hash(b.hash, l.subject_id, 1, l.type_1, 'system', l.effective_on, l.booked_1, l.data_1)
        end as hash_1
    from laid_out as l
    left join pg_temp.begun as b
        on l.effective_on = b.effective_on and l.loan_id = b.loan_id and l.subject_id = b.subject_id
    offset bigint '0'
),

second_link as (
    select
        f.*,
        case
            when f.type_2 is null then f.hash_1
            else ledger.event_hash(
                f.hash_1, f.subject_id, f.no_2, f.type_2, 'system', f.effective_on, f.booked_2, f.data_2
            )
        end as hash_2
    from first_link as f
    offset bigint '0'
),

chained as (
    select
        s.*,
        case
            when s.type_3 is null then s.hash_2
            else ledger.event_hash(
                s.hash_2, s.subject_id, s.no_3, s.type_3, 'system', s.effective_on, s.booked_3, s.data_3
            )
        end as hash_3
    from second_link as s
    offset bigint '0'
)

select
    c.effective_on, c.loan_id, c.subject_id,
    (case link.place when 1 then 1 when 2 then c.no_2 else c.no_3 end)::smallint as event_no,
    case link.place when 1 then c.type_1 when 2 then c.type_2 else c.type_3 end as type,
    case link.place when 1 then c.booked_1 when 2 then c.booked_2 else c.booked_3 end as booked_on,
    %(run_no)s as run_no, 'system' as actor,
    case link.place when 1 then c.data_1 when 2 then c.data_2 else c.data_3 end::json as data,
    case link.place when 2 then c.hash_1 when 3 then c.hash_2 end as prev_hash,
    case link.place when 1 then c.hash_1 when 2 then c.hash_2 else c.hash_3 end as hash
from chained as c
cross join (values (1), (2), (3)) as link (place)
where case link.place when 1 then c.type_1 when 2 then c.type_2 else c.type_3 end is not null
