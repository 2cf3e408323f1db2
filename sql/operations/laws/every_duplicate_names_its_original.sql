-- Law 4. Each repeat names the row that said the same before, and that row is news of the very same payment. One that
-- tells an earlier instant than its original is kept as such: what counts is what happened, not what arrived first.
with repeats as materialized (
    -- a repeat carries the value date of its original: that is part of the key
    select d.*, s.value_date, s.channel, s.occurred_at, s.return_code, s.transfer_id
    from ingestion.duplicates as d
    left join ingestion.staged as s
        on
            d.booked_on = s.booked_on and d.batch_id = s.batch_id and d.line = s.line
            and s.booked_on between %(first)s and %(last)s
    where d.booked_on between %(first)s and %(last)s
),

compared as (
    select
        r.*,
        i.line is null as is_without_original,
        -- of two at one instant, one that tells a code counts as earlier than one that tells none
        (r.occurred_at, ingestion.rank_of_code(r.return_code))
        < (i.occurred_at, ingestion.rank_of_code(i.return_code)) as is_earlier,
        e.line is not null as is_kept
    from repeats as r
    left join ingestion.payment_ingestions as i
        on
            r.value_date = i.effective_on and r.loan_id = i.loan_id and r.payment_id = i.payment_id
            and r.signal = i.signal and r.original_batch_id = i.batch_id and r.original_line = i.line
            and i.effective_on between (select min(q.value_date) from repeats as q) and (
                select max(q.value_date) from repeats as q
            )
    left join ingestion.earlier_words as e
        on
            r.value_date = e.effective_on and r.loan_id = e.loan_id and r.payment_id = e.payment_id
            and r.signal = e.signal and r.batch_id = e.batch_id and r.line = e.line
            and r.channel = e.channel and r.booked_on = e.booked_on and r.occurred_at = e.occurred_at
            and e.happened_on = (r.occurred_at at time zone 'America/New_York')::date
            and r.return_code is not distinct from e.return_code and r.transfer_id is not distinct from e.transfer_id
),

broken as materialized (
    select
        r.booked_on as business_date,
        format('batch %%s, row %%s', r.batch_id, r.line) as keys,
        format(
            'a repeat of batch %%s, row %%s: %%s of payment %%s, loan %%s',
            r.original_batch_id, r.original_line, r.signal, r.payment_id, r.loan_id
        ) as found,
        'news in that row of that payment' as expected
    from compared as r
    where r.is_without_original

    union all

    select
        r.booked_on,
        format('batch %%s, row %%s', r.batch_id, r.line),
        format(
            '%%s of payment %%s, loan %%s, %%s as an earlier word',
            r.signal, r.payment_id, r.loan_id, case when r.is_kept then 'kept' else 'not kept' end
        ),
        case when r.is_earlier then 'kept: it is earlier than its original' else 'not kept: it is no earlier' end
    from compared as r
    where r.is_earlier <> r.is_kept

    union all

    select
        e.booked_on,
        format('batch %%s, row %%s', e.batch_id, e.line),
        format('%%s of payment %%s, loan %%s, kept as an earlier word', e.signal, e.payment_id, e.loan_id),
        'not kept: it repeats nothing'
    from ingestion.earlier_words as e
    where
        e.booked_on between %(first)s and %(last)s
        and not exists (
            select from ingestion.duplicates as d
            where
                d.batch_id = e.batch_id and d.line = e.line and d.booked_on = e.booked_on
                and d.loan_id = e.loan_id and d.payment_id = e.payment_id and d.signal = e.signal
        )
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
