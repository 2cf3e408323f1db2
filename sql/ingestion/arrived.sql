-- The accepted rows of batch :batch_id, each with the key of its payment, its loan, and the row it repeats, if any.
-- For the statements that follow in the same transaction.
set local datestyle to iso;
drop table if exists pg_temp.arrived;

create temporary table arrived on commit drop as
with keyed as materialized (
    -- the key of rules/envelope.py; channel and loan number were normalised at the border, and only the reference is
    -- kept as received. Collation C folds ASCII alone, on every server. Materialized, or each hash is worked out again
    -- wherever it is read.
    select
        s.line,
        s.event,
        s.channel,
        s.reference,
        s.loan_number,
        s.amount_cents,
        s.occurred_at,
        s.value_date,
        s.return_code,
        sha256(convert_to(s.raw, 'UTF8')) as raw_payload_hash,
        sha256(convert_to(
            s.channel || '|' || lower(btrim(s.reference, E' \t\n\r\f\x0b') collate "C") || '|'
            || s.value_date::text || '|' || s.amount_cents || '|' || s.loan_number, 'UTF8'
        )) as idempotency_key,
        case
            when
                length(s.loan_number) = 12
                and translate(s.loan_number, '0123456789', '') = 'LN'
                and left(s.loan_number, 2) = 'LN'
                then substr(s.loan_number, 3)::bigint
        end as quoted_loan_id
    from ingestion.staged as s
    where s.booked_on = %(booked_on)s and s.batch_id = %(batch_id)s and s.is_accepted
),

unidentified as (
    -- payments that came before their loan was boarded stay with loan 0: one payment is never on two loans
    select distinct i.effective_on, i.idempotency_key
    from ingestion.payment_ingestions as i
    where i.effective_on = any(%(days)s) and i.loan_id = 0
),

located as (
    select k.*, case when u.idempotency_key is null then coalesce(l.loan_id, 0) else 0 end as loan_id
    from keyed as k
    left join servicing.loans as l on k.quoted_loan_id = l.loan_id
    left join unidentified as u on k.value_date = u.effective_on and k.idempotency_key = u.idempotency_key
),

ranked as (
    -- the first row of the batch that says this of the payment
    select l.*, min(l.line) over (partition by l.idempotency_key, l.event) as first_line
    from located as l
)

select
    r.*,
    coalesce(known.batch_id, %(batch_id)s) as original_batch_id,
    coalesce(known.line, r.first_line) as original_line
from ranked as r
left join ingestion.payment_ingestions as known
    on
        known.effective_on = any(%(days)s) and r.value_date = known.effective_on and r.loan_id = known.loan_id
        and r.idempotency_key = known.idempotency_key and r.event = known.signal
