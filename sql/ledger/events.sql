-- One event for each thing this run did, linked to the chain of its subject; one outbox row for each event; and the
-- figures of the seal over the heads of the chains it extended. A chain grows by at most three links in a run:
-- the payment is ingested, it is posted or corrected, it is reversed.
with said as (
    -- payments that are new to us
    select
        p.effective_on, p.loan_id, p.payment_id as subject_id, 1 as place, 'payment.ingested' as type, p.booked_on,
        '{"channel":"'
        || p.channel
        || '","reference":'
        || to_json(p.reference)::text
        || ',"amount_cents":'
        || p.amount_cents
        || ',"value_date":"'
        || to_char(p.effective_on::timestamp, 'YYYY-MM-DD')
        || '","loan":'
        || to_json(p.loan_number)::text
        || ',"key":"' || encode(i.idempotency_key, 'hex') || '","raw_sha256":"' || encode(i.raw_payload_hash, 'hex')
        || '","batch":"' || p.batch_id || '","line":' || p.line || '}' as data
    from payments.payments as p
    inner join ingestion.payment_ingestions as i
        on
            i.effective_on = %(day)s and p.loan_id = i.loan_id and p.payment_id = i.payment_id
            and p.batch_id = i.batch_id and p.line = i.line
    where
        p.effective_on = %(day)s
        and not exists (
            select from ledger.events as e
            where e.effective_on = %(day)s and e.loan_id = p.loan_id and e.subject_id = p.payment_id and e.event_no = 1
        )

    union all

    select
        n.chain_on, n.loan_id, n.subject_id, case n.kind when 'return' then 3 else 2 end,
        case
            when n.kind = 'return' then 'payment.reversed'
            when n.kind = 'release' and n.seq = 1 then 'suspense.released'
            when n.kind = 'release' then 'suspense.release_corrected'
            when n.seq = 1 then 'payment.posted'
            else 'payment.reallocated'
        end,
        n.booked_on,
        '{"kind":"'
        || n.kind
        || '","seq":'
        || n.seq
        || ',"effective_on":"'
        || to_char(n.effective_on::timestamp, 'YYYY-MM-DD')
        || '","policy":"' || n.policy || '","cash":' || n.cash || ',"fees":' || n.fees || ',"interest":' || n.interest
        || ',"principal":' || n.principal || ',"escrow":' || n.escrow || ',"suspense":' || n.suspense
        || ',"returned":' || n.returned || coalesce(',"code":"' || n.return_code || '"', '') || '}'
    from new_allocations as n

    union all

    select
        f.effective_on,
        f.loan_id,
        f.fee_id,
        2,
        case f.seq when 1 then 'fee.assessed' else 'fee.corrected' end,
        f.booked_on,
        '{"kind":"' || f.kind || '","seq":' || f.seq || ',"amount":' || f.amount || ',"policy":"' || f.policy || '"}'
    from new_fees as f

    union all

    -- transactions of the whole book: accruals and boarding, each entry named
    select
        e.effective_on, e.loan_id, e.subject_id, 2, 'book.' || e.kind, e.booked_on,
        '{"kind":"' || e.kind || '","seq":' || e.seq || ',"entries":{'
        || string_agg('"' || e.account || '":' || e.amount_cents, ',' order by e.account) || '}}'
    from ledger.entries as e
    where e.effective_on = %(day)s and e.loan_id = 0 and e.kind in ('accrual', 'boarding') and e.run_no = %(run_no)s
    group by e.effective_on, e.loan_id, e.subject_id, e.kind, e.seq, e.booked_on
),

laid_out as (
    -- a subject a row, its links side by side
    select
        s.effective_on, s.loan_id, s.subject_id,
        max(s.type) filter (where s.place = 1) as type_1, max(s.booked_on) filter (where s.place = 1) as booked_1,
        max(s.data) filter (where s.place = 1) as data_1,
        max(s.type) filter (where s.place = 2) as type_2, max(s.booked_on) filter (where s.place = 2) as booked_2,
        max(s.data) filter (where s.place = 2) as data_2,
        max(s.type) filter (where s.place = 3) as type_3, max(s.booked_on) filter (where s.place = 3) as booked_3,
        max(s.data) filter (where s.place = 3) as data_3
    from said as s
    group by s.effective_on, s.loan_id, s.subject_id
),

begun as (
    -- only what was posted before can have a chain already
    select distinct on (e.effective_on, e.loan_id, e.subject_id)
        e.effective_on, e.loan_id, e.subject_id, e.event_no, e.hash
    from laid_out as l
    inner join
        ledger.events as e
        on l.effective_on = e.effective_on and l.loan_id = e.loan_id and l.subject_id = e.subject_id
    where l.type_1 is null and e.effective_on between %(since)s and %(horizon)s
    order by e.effective_on asc, e.loan_id asc, e.subject_id asc, e.event_no desc
),

-- "offset 0" keeps the planner from working out a hash again wherever it is used
first_link as (
    select
        l.*, b.hash as hash_0,
        coalesce(b.event_no, 0) + (l.type_1 is not null)::int as no_1,
        coalesce(b.event_no, 0) + (l.type_1 is not null)::int + (l.type_2 is not null)::int as no_2,
        coalesce(b.event_no, 0) + (l.type_1 is not null)::int + (l.type_2 is not null)::int + 1 as no_3,
        case
            when l.type_1 is null then b.hash
            else ledger.event_hash(b.hash, l.subject_id, 1, l.type_1, l.effective_on, l.booked_1, l.data_1)
        end as hash_1
    from laid_out as l
    left join begun as b on l.effective_on = b.effective_on and l.loan_id = b.loan_id and l.subject_id = b.subject_id
    offset 0
),

second_link as (
    select
        f.*,
        case
            when f.type_2 is null then f.hash_1
            else ledger.event_hash(f.hash_1, f.subject_id, f.no_2, f.type_2, f.effective_on, f.booked_2, f.data_2)
        end as hash_2
    from first_link as f
    offset 0
),

chained as materialized (
    select
        s.*,
        case
            when s.type_3 is null then s.hash_2
            else ledger.event_hash(s.hash_2, s.subject_id, s.no_3, s.type_3, s.effective_on, s.booked_3, s.data_3)
        end as hash_3
    from second_link as s
),

written as (
    insert into ledger.events (
        effective_on, loan_id, subject_id, event_no, type, booked_on, run_no, actor, data, prev_hash, hash
    )
    select
        c.effective_on,
        c.loan_id,
        c.subject_id,
        1,
        c.type_1,
        c.booked_1,
        %(run_no)s,
        'system',
        c.data_1::json,
        null,
        c.hash_1
    from chained as c
    where c.type_1 is not null
    union all
    select
        c.effective_on,
        c.loan_id,
        c.subject_id,
        c.no_2,
        c.type_2,
        c.booked_2,
        %(run_no)s,
        'system',
        c.data_2::json,
        c.hash_1,
        c.hash_2
    from chained as c
    where c.type_2 is not null
    union all
    select
        c.effective_on,
        c.loan_id,
        c.subject_id,
        c.no_3,
        c.type_3,
        c.booked_3,
        %(run_no)s,
        'system',
        c.data_3::json,
        c.hash_2,
        c.hash_3
    from chained as c
    where c.type_3 is not null
),

boxed as (
    insert into ledger.outbox (effective_on, loan_id, subject_id, event_no)
    select c.effective_on, c.loan_id, c.subject_id, 1 from chained as c
    where c.type_1 is not null
    union all
    select c.effective_on, c.loan_id, c.subject_id, c.no_2 from chained as c
    where c.type_2 is not null
    union all
    select c.effective_on, c.loan_id, c.subject_id, c.no_3 from chained as c
    where c.type_3 is not null
)

insert into ledger.seals (run_no, business_date, chains, events, root, prev_hash, hash)
select
    %(run_no)s, %(day)s::date, t.chains, t.events, t.root, p.hash,
    ledger.seal_hash(p.hash, %(run_no)s, %(day)s::date, t.chains, t.events, t.root)
from (
    select
        count(*) as chains,
        (count(c.type_1) + count(c.type_2) + count(c.type_3)) as events,
        sha256(string_agg(c.hash_3, ''::bytea order by c.effective_on, c.loan_id, c.subject_id)) as root
    from chained as c
) as t
left join ledger.seals as p on p.run_no = %(run_no)s - 1
where t.chains > 0
