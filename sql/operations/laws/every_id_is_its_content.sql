-- Law 6. Ids are made of what the thing is, so that a replay gives the same ones: a payment's of its rail, reference,
-- value date, cents and loan; a release's of its loan and day; a fee's of what caused it.
with payments as (
    select
        p.effective_on, p.loan_id, p.payment_id,
        encode(substr(sha256(convert_to(
            p.channel || '|' || lower(btrim(p.reference, E' \t\n\r\f\x0b') collate "C") || '|'
            || to_char(p.effective_on::timestamp, 'YYYY-MM-DD') || '|' || p.amount_cents || '|'
            || upper(btrim(p.loan_number, E' \t\n\r\f\x0b') collate "C"), 'UTF8'
        )), 1, 16), 'hex')::uuid as recomputed,
        case when p.loan_number ~ '^LN[0-9]{10}$' then substr(p.loan_number, 3)::bigint else 0 end as loan_quoted
    from payments.payments as p
    where p.effective_on between %(first)s and %(last)s
),

fees as (
    select
        f.effective_on, f.loan_id, f.kind, f.fee_id,
        operations.content_id(
            case
                when f.kind = 'nsf' and f.instalment is null then 'nsf|' || f.payment_id
                when f.kind = 'late' and f.payment_id is null then 'late|' || f.loan_id || '|' || f.instalment
            end
        ) as recomputed
    from ledger.fees as f
    where f.effective_on between %(first)s and %(last)s
),

wrong as materialized (
    select
        p.effective_on as business_date,
        format('loan %%s, payment %%s', p.loan_id, p.payment_id) as keys,
        'payment ' || p.payment_id || ' of loan ' || p.loan_id as found,
        'payment ' || p.recomputed || ' of loan ' || p.loan_quoted as expected
    from payments as p
    where p.payment_id <> p.recomputed or p.loan_id not in (p.loan_quoted, 0)

    union all

    select
        i.effective_on,
        format('loan %%s, payment %%s, word %%s', i.loan_id, i.payment_id, i.signal),
        'payment ' || i.payment_id,
        'payment ' || encode(substr(i.idempotency_key, 1, 16), 'hex')::uuid || ', the first half of its key'
    from ingestion.payment_ingestions as i
    where
        i.effective_on between %(first)s and %(last)s
        and uuid_send(i.payment_id) <> substr(i.idempotency_key, 1, 16)

    union all

    select
        a.effective_on,
        format('loan %%s, release %%s', a.loan_id, a.subject_id),
        'release ' || a.subject_id,
        'release ' || operations.content_id(
            'release|' || a.loan_id || '|' || to_char(a.effective_on::timestamp, 'YYYY-MM-DD')
        )
    from ledger.allocations as a
    where
        a.kind = 'release' and a.effective_on between %(first)s and %(last)s
        and a.subject_id <> operations.content_id(
            'release|' || a.loan_id || '|' || to_char(a.effective_on::timestamp, 'YYYY-MM-DD')
        )

    union all

    select
        f.effective_on,
        format('loan %%s, %%s fee %%s', f.loan_id, f.kind, f.fee_id),
        f.kind || ' fee ' || f.fee_id,
        f.kind || ' fee ' || coalesce(f.recomputed::text, 'of an instalment or of a payment, not of both')
    from fees as f
    where f.fee_id is distinct from f.recomputed
)

select w.*, count(*) over () as violations
from wrong as w
order by w.business_date, w.keys
limit %(most)s
