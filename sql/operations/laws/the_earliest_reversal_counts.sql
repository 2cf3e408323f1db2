-- Law 5. Each reversal is what the word tells that it names; and of all that was told of one payment, the earliest is
-- in force. What still waits for a day to be run may be earlier: it is pending.
with told as (
    select w.* from ingestion.words as w
    where w.effective_on between %(first)s and %(last)s and w.signal in ('returned', 'recalled')
),

held as (
    select r.* from payments.reversals as r
    where r.effective_on between %(first)s and %(last)s
),

in_force as (
    select distinct on (h.loan_id, h.payment_id) h.*
    from held as h
    order by h.loan_id asc, h.payment_id asc, h.seq desc
),

earliest as (
    -- of two at one instant the one that tells a code
    select distinct on (t.loan_id, t.payment_id) t.*
    from told as t
    where
        t.effective_on in (select d.business_date from operations.posted_days as d)
        and t.happened_on in (select d.business_date from operations.posted_days as d)
    order by t.loan_id, t.payment_id, t.occurred_at, t.signal, ingestion.rank_of_code(t.return_code)
),

broken as materialized (
    select
        h.effective_on as business_date,
        format('loan %%s, payment %%s, reversal %%s', h.loan_id, h.payment_id, h.seq) as keys,
        format(
            '%%s at %%s, on %%s, code %%s, booked on %%s, by batch %%s, row %%s',
            h.signal, h.occurred_at, h.happened_on, coalesce(h.code, 'none'), h.booked_on, h.batch_id, h.line
        ) as found,
        case
            when t.line is null then 'a reversal that this row tells'
            else format(
                '%%s at %%s, on %%s, code %%s, booked on %%s, by the transfer of the row',
                t.signal, t.occurred_at, t.happened_on, coalesce(t.return_code, 'none'), t.booked_on
            )
        end as expected
    from held as h
    left join told as t
        on
            h.effective_on = t.effective_on and h.loan_id = t.loan_id and h.payment_id = t.payment_id
            and h.batch_id = t.batch_id and h.line = t.line
    where
        t.line is null
        or (h.signal, h.occurred_at, h.happened_on, h.booked_on)
        <> (t.signal, t.occurred_at, t.happened_on, t.booked_on)
        or (h.code, h.transfer_id) is distinct from (t.return_code, t.transfer_id)

    union all

    select
        e.effective_on,
        format('loan %%s, payment %%s', e.loan_id, e.payment_id),
        case
            when f.seq is null then 'no reversal'
            else format('in force: %%s at %%s, code %%s', f.signal, f.occurred_at, coalesce(f.code, 'none'))
        end,
        format('%%s at %%s, code %%s: the earliest told', e.signal, e.occurred_at, coalesce(e.return_code, 'none'))
    from earliest as e
    left join in_force as f on e.loan_id = f.loan_id and e.payment_id = f.payment_id
    where
        f.seq is null
        or (e.occurred_at, e.signal, ingestion.rank_of_code(e.return_code))
        < (f.occurred_at, f.signal, ingestion.rank_of_code(f.code))
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
