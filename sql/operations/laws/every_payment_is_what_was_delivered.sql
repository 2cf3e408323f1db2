-- Law 4. Each payment and each word says what the row says that brought it, and carries the hash of that row.
with words as (
    -- the news, beside the rows that brought it; a row is staged on the day it was received
    select
        i.effective_on, i.loan_id, i.payment_id, i.batch_id, i.line, i.raw_payload_hash,
        not coalesce(
            i.amount_cents = s.amount_cents and i.channel = s.channel and i.source_reference = s.reference
            and i.loan_number = s.loan_number and coalesce(i.provider, '') = coalesce(s.provider, '')
            and coalesce(i.transfer_id, '') = coalesce(s.transfer_id, '') and i.signal = s.event
            and i.occurred_at = s.occurred_at and coalesce(i.return_code, '') = coalesce(s.return_code, '')
            and i.happened_on = (s.occurred_at at time zone 'America/New_York')::date
            and i.effective_on = s.value_date and i.received_at = b.received_at, false
        ) as is_another_word,
        s.raw, s.amount_cents, s.provider, s.loan_number, s.transfer_id, s.value_date, s.channel, s.reference,
        s.occurred_at
    from ingestion.payment_ingestions as i
    left join ingestion.staged as s
        on
            i.booked_on = s.booked_on and i.batch_id = s.batch_id and i.line = s.line
            and s.booked_on between (
                select min(q.booked_on)
                from ingestion.payment_ingestions as q
                where q.effective_on between %(first)s and %(last)s
            )
            and (
                select max(q.booked_on)
                from ingestion.payment_ingestions as q
                where q.effective_on between %(first)s and %(last)s
            )
    left join ingestion.batches as b on i.batch_id = b.batch_id
    where i.effective_on between %(first)s and %(last)s
),

payments as (
    select p.* from payments.payments as p
    where p.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        w.effective_on as business_date,
        format('loan %%s, payment %%s, batch %%s, row %%s', w.loan_id, w.payment_id, w.batch_id, w.line) as keys,
        case
            when w.raw is null then 'no such row'
            when w.is_another_word then 'a word with other particulars'
            when
                w.raw_payload_hash <> sha256(convert_to(w.raw, 'UTF8'))
                then 'raw hash ' || encode(w.raw_payload_hash, 'hex')
            else format(
                '%%s cents by %%s for value %%s%%s', p.amount_cents, p.channel, p.effective_on,
                -- what people write is not shown: there may be names in it
                coalesce(', with another ' || nullif(concat_ws(
                    ', ', case when p.reference is distinct from w.reference then 'reference' end,
                    case when p.loan_number is distinct from w.loan_number then 'loan' end,
                    case when p.provider is distinct from w.provider then 'provider' end,
                    case when p.transfer_id is distinct from w.transfer_id then 'transfer' end,
                    case when p.occurred_at is distinct from w.occurred_at then 'instant' end
                ), ''), '')
            )
        end as found,
        case
            when w.raw is null then 'the row as received'
            when w.is_another_word then 'the particulars of the row'
            when w.raw_payload_hash <> sha256(convert_to(w.raw, 'UTF8'))
                then 'raw hash ' || encode(sha256(convert_to(w.raw, 'UTF8')), 'hex') || ', of the row as stored'
            else
                format(
                    '%%s cents by %%s for value %%s, with the particulars of the row',
                    w.amount_cents, w.channel, w.value_date
                )
        end as expected
    from words as w
    left join payments as p
        on
            w.effective_on = p.effective_on and w.loan_id = p.loan_id and w.payment_id = p.payment_id
            and w.batch_id = p.batch_id and w.line = p.line
    where
        w.raw is null
        or w.is_another_word
        or w.raw_payload_hash <> sha256(convert_to(w.raw, 'UTF8'))
        or p.payment_id is not null and (
            (p.amount_cents, p.channel, p.effective_on, p.reference, p.loan_number)
            is distinct from (w.amount_cents, w.channel, w.value_date, w.reference, w.loan_number)
            or (p.provider, p.transfer_id, p.occurred_at) is distinct from (w.provider, w.transfer_id, w.occurred_at)
        )
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
