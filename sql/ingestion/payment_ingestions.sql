-- What the accepted rows of these batches say, each with the key of its payment and its loan; repeats are taken out,
-- and what is left becomes the day. With statistics: the best plans for ten rows and for a million differ.
set local datestyle to iso;
create table work.payment_ingestions as
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
        a.*,
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
    -- so that a key is hashed once, not wherever it is used
    offset bigint '0'
)

select
    k.value_date as effective_on, coalesce(k.quoted_loan_id, 0) as loan_id, k.idempotency_key, k.event as signal,
    encode(substr(k.idempotency_key, 1, 16), 'hex')::uuid as payment_id,
    k.channel,
    k.provider,
    k.reference as source_reference,
    k.loan_number,
    k.amount_cents,
    k.transfer_id,
    sha256(convert_to(k.raw, 'UTF8')) as raw_payload_hash,
    k.occurred_at,
    (k.occurred_at at time zone 'America/New_York')::date as happened_on,
    k.return_code, k.booked_on, k.batch_id, k.line, k.received_at
from keyed as k;

analyze work.payment_ingestions;

-- What is quoted and is no loan of ours belongs to loan 0. Looked for in the order of the loans' key, once for each: a
-- join of all rows puts the whole book into a hash.
create unlogged table work.unknown_loans as
select a.loan_id
from (select distinct i.loan_id from work.payment_ingestions as i) as a
where not exists (
    select from servicing.loans as l
    where l.loan_id = a.loan_id
);

update work.payment_ingestions as a
set loan_id = 0
from work.unknown_loans as u
where a.loan_id = u.loan_id;

drop table work.unknown_loans;

-- Payments that came before their loan was boarded stay with loan 0: one payment is never on two loans.
update work.payment_ingestions as a
set loan_id = 0
from ingestion.payment_ingestions as i
where
    i.effective_on = any(%(days)s::date[]) and i.loan_id = 0
    and a.effective_on = i.effective_on and a.idempotency_key = i.idempotency_key and a.loan_id <> 0
