-- The accepted rows of these batches, each with the key of its payment, its loan, and the row that said the same before
-- it, or itself. For the statements that follow in the same transaction.
set local datestyle to iso;
drop table if exists pg_temp.arrived;

create temporary table arrived on commit drop as
with keyed as materialized (
    -- the key of rules/envelope.py; channel and loan number were normalised at the border, and only the reference is
    -- kept as received. Collation C folds ASCII alone, on every server. Materialized, or each hash is worked out again
    -- wherever it is read.
    select
        s.batch_id, s.line, b.booked_on, b.received_at, s.event, s.channel, s.reference, s.occurred_at, s.value_date,
        s.return_code, sha256(convert_to(s.raw, 'UTF8')) as raw_payload_hash,
        sha256(convert_to(
            s.channel
            || '|'
            || lower(btrim(s.reference, E' \t\n\r\f\x0b') collate "C")
            || '|'
            || s.value_date::text
            || '|'
            || s.amount_cents || '|' || s.loan_number, 'UTF8'
        )) as idempotency_key,
        case
            when
                length(s.loan_number) = 12 and left(s.loan_number, 2) = 'LN'
                and translate(s.loan_number, '0123456789', '') = 'LN'
                then substr(s.loan_number, 3)::bigint
        end as quoted_loan_id
    from ingestion.batches as b
    inner join ingestion.staged as s on b.booked_on = s.booked_on and b.batch_id = s.batch_id
    where b.batch_id = any(%(batches)s::uuid[]) and s.booked_on = any(%(booked_on)s::date[]) and s.is_accepted
),

unidentified as (
    -- payments that came before their loan was boarded stay with loan 0: one payment is never on two loans
    select distinct i.effective_on, i.idempotency_key
    from ingestion.payment_ingestions as i
    where i.effective_on = any(%(days)s::date[]) and i.loan_id = 0
),

located as (
    select k.*, case when u.idempotency_key is null then coalesce(l.loan_id, 0) else 0 end as loan_id
    from keyed as k
    left join servicing.loans as l on k.quoted_loan_id = l.loan_id
    left join unidentified as u on k.value_date = u.effective_on and k.idempotency_key = u.idempotency_key
),

ranked as (
    -- of rows that say the same, the first is the one that came first
    select l.*, first_value(l.batch_id) over said as first_batch_id, first_value(l.line) over said as first_line
    from located as l
    window said as (partition by l.idempotency_key, l.event order by l.received_at, l.batch_id, l.line)
)

select
    r.batch_id, r.line, r.booked_on, r.received_at, r.event, r.channel, r.reference, r.occurred_at, r.value_date,
    r.return_code, r.raw_payload_hash, r.idempotency_key, r.loan_id,
    encode(substr(r.idempotency_key, 1, 16), 'hex')::uuid as payment_id,
    (r.occurred_at at time zone 'America/New_York')::date as happened_on,
    coalesce(known.batch_id, r.first_batch_id) as original_batch_id, coalesce(known.line, r.first_line) as original_line
from ranked as r
left join ingestion.payment_ingestions as known
    on
        known.effective_on = any(%(days)s::date[]) and r.value_date = known.effective_on and r.loan_id = known.loan_id
        and r.idempotency_key = known.idempotency_key and r.event = known.signal
