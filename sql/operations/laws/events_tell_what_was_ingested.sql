-- Law 5. The first event of each payment tells its particulars, as the payment and the word that brought it hold
-- them; and the key of that word is the hash of what the event tells.
with said as (
    -- what the events say
    select
        e.effective_on, e.loan_id, e.subject_id, e.event_no, e.booked_on,
        d.channel, d.reference, d.amount_cents, d.loan, d.raw_sha256, d.batch, d.line
    from ledger.events as e
    cross join
        json_to_record(e.data)
            as d (
                channel text, reference text, amount_cents bigint, loan text, raw_sha256 text, batch uuid, line integer
            )
    where e.type = 'payment.ingested' and e.effective_on between %(first)s and %(last)s
),

told as (
    select
        s.*,
        encode(sha256(convert_to(
            s.channel || '|' || lower(btrim(s.reference, E' \t\n\r\f\x0b') collate "C") || '|'
            || to_char(s.effective_on::timestamp, 'YYYY-MM-DD') || '|' || s.amount_cents || '|'
            || upper(btrim(s.loan, E' \t\n\r\f\x0b') collate "C"), 'UTF8'
        )), 'hex') as key
    from said as s
),

held as (
    -- what the books hold
    select
        p.effective_on, p.loan_id, p.payment_id, p.booked_on, p.channel, p.reference, p.amount_cents, p.loan_number,
        p.batch_id,
        p.line, encode(i.idempotency_key, 'hex') as key, encode(i.raw_payload_hash, 'hex') as raw_sha256
    from payments.payments as p
    left join ingestion.payment_ingestions as i
        on
            p.effective_on = i.effective_on and p.loan_id = i.loan_id and p.payment_id = i.payment_id
            and p.batch_id = i.batch_id and p.line = i.line and i.effective_on between %(first)s and %(last)s
    where p.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(t.effective_on, h.effective_on) as business_date,
        format('loan %%s, payment %%s', coalesce(t.loan_id, h.loan_id), coalesce(t.subject_id, h.payment_id)) as keys,
        case
            when t.event_no is null then 'no event that it was ingested'
            else format(
                'event %%s: %%s cents by %%s, batch %%s, row %%s, key %%s, raw %%s%%s',
                t.event_no, t.amount_cents, t.channel, t.batch, t.line, t.key, t.raw_sha256,
                -- references are not shown: people write names in them
                coalesce('; another ' || nullif(concat_ws(
                    ', ', case when t.reference is distinct from h.reference then 'reference' end,
                    case when t.loan is distinct from h.loan_number then 'loan' end,
                    case when t.booked_on is distinct from h.booked_on then 'booking date' end
                ), ''), '')
            )
        end as found,
        case
            when h.payment_id is null then 'no event: there is no such payment'
            else format(
                'event 1: %%s cents by %%s, batch %%s, row %%s, key %%s, raw %%s',
                h.amount_cents, h.channel, h.batch_id, h.line, h.key, h.raw_sha256
            )
        end as expected
    from told as t
    full join held as h on t.effective_on = h.effective_on and t.loan_id = h.loan_id and t.subject_id = h.payment_id
    where
        t.event_no is distinct from 1
        or (t.channel, t.reference, t.amount_cents, t.loan, t.key, t.raw_sha256, t.batch, t.line, t.booked_on)
        is distinct from
        (h.channel, h.reference, h.amount_cents, h.loan_number, h.key, h.raw_sha256, h.batch_id, h.line, h.booked_on)
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
