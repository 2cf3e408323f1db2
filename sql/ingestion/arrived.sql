-- The accepted rows of these batches, each with the key of its payment and its loan. For the statements that follow in
-- the same transaction; with statistics, since the best plans for ten rows and for a million have little in common.
set local datestyle to iso;
create unlogged table work.arrived as
with accepted as (
    -- what the border let through
    select
        s.batch_id, s.line, b.booked_on, b.received_at, s.event, s.channel, s.reference, s.occurred_at, s.value_date,
        s.return_code, s.amount_cents, s.loan_number, s.provider, s.transfer_id, s.raw
    from ingestion.batches as b
    inner join ingestion.staged as s on b.booked_on = s.booked_on and b.batch_id = s.batch_id
    where b.batch_id = any(%(batches)s::uuid[]) and s.booked_on = any(%(booked_on)s::date[]) and s.is_accepted
),

keyed as (
    -- the key of rules/envelope.py; channel and loan number were normalised at the border, and only the reference is
    -- kept as received. Collation C folds ASCII alone, on every server.
    select
        a.*, sha256(convert_to(a.raw, 'UTF8')) as raw_payload_hash,
        sha256(convert_to(
            a.channel || '|' || lower(btrim(a.reference, E' \t\n\r\f\x0b') collate "C") || '|' || a.value_date::text
            || '|' || a.amount_cents || '|' || a.loan_number, 'UTF8'
        )) as idempotency_key,
        case
            when
                length(a.loan_number) = 12 and left(a.loan_number, 2) = 'LN'
                and translate(a.loan_number, '0123456789', '') = 'LN'
                then substr(a.loan_number, 3)::bigint
        end as quoted_loan_id
    from accepted as a
)

select
    k.batch_id, k.line, k.booked_on, k.received_at, k.event, k.channel, k.reference, k.occurred_at, k.value_date,
    k.return_code,
    k.amount_cents,
    k.loan_number,
    k.provider,
    k.transfer_id,
    k.raw_payload_hash,
    k.idempotency_key,
    coalesce(l.loan_id, 0) as loan_id
from keyed as k
left join servicing.loans as l on k.quoted_loan_id = l.loan_id;

-- Payments that came before their loan was boarded stay with loan 0: one payment is never on two loans.
update work.arrived as a
set loan_id = 0
from ingestion.payment_ingestions as i
where
    i.effective_on = any(%(days)s::date[]) and i.loan_id = 0
    and a.value_date = i.effective_on and a.idempotency_key = i.idempotency_key and a.loan_id <> 0;

analyze work.arrived
