-- Law 5. Every return of a payment's money has its event in the chain of the payment, with its figures and day, and
-- only one; and no event tells of one that is not.
with held as materialized (
    -- the returns of these days, each with the value date of its payment, where its chain lies; one that was taken back
    -- because the payment had gone back earlier is told of twice
    select
        a.*, t.effective_on as chain_on,
        case a.seq when 1 then 'payment.reversed' else 'payment.reversal_corrected' end as type
    from ledger.allocations as a
    left join (
        select distinct r.loan_id, r.payment_id, r.effective_on, r.happened_on
        from payments.reversals as r
        where r.happened_on between %(first)s and %(last)s
    ) as t
        on a.effective_on = t.happened_on and a.loan_id = t.loan_id and a.subject_id = t.payment_id
    where a.kind = 'return' and a.effective_on between %(first)s and %(last)s
),

untold as (
    select
        h.effective_on as business_date, h.loan_id, h.subject_id, h.seq,
        'no event with these figures' as found,
        format('%%s of run %%s in the chain of %%s: cash %%s', h.type, h.run_no, h.chain_on, h.cash_cents) as expected
    from held as h
    where
        not exists (
            select
            from ledger.events as e
            where
                e.effective_on = h.chain_on and e.loan_id = h.loan_id and e.subject_id = h.subject_id
                and e.type = h.type and e.run_no = h.run_no and e.booked_on = h.booked_on
                and e.data ->> 'effective_on' = to_char(h.effective_on::timestamp, 'YYYY-MM-DD')
                and (e.data ->> 'seq')::smallint = h.seq
                and (e.data ->> 'cash')::bigint = h.cash_cents
                and (e.data ->> 'returned')::bigint = h.returned_cents
            -- looked up one by one, each in its day: a join would read all days
            offset 0
        )
),

told as materialized (
    -- what the chains of these days say; a return that is told of more than once is numbered
    select
        e.*, to_date(e.data ->> 'effective_on', 'YYYY-MM-DD') as returned_on,
        row_number() over (
            partition by e.effective_on, e.loan_id, e.subject_id, e.data ->> 'effective_on', e.data ->> 'seq'
            order by e.event_no
        ) as times
    from ledger.events as e
    where e.type in ('payment.reversed', 'payment.reversal_corrected') and e.effective_on between %(first)s and %(last)s
),

untrue as (
    -- events that tell of a return which the books do not hold, or not so, or of one that was told of before
    select
        e.effective_on as business_date, e.loan_id, e.subject_id, (e.data ->> 'seq')::smallint as seq,
        format(
            'event %%s, %%s of run %%s on %%s: cash %%s',
            e.event_no,
            e.type,
            e.run_no,
            e.data ->> 'effective_on',
            e.data ->> 'cash'
        ) as found,
        case when e.times > 1 then 'no event: it was told of before' else 'no event: there is no such return' end
            as expected
    from told as e
    where
        e.times > 1
        or not exists (
            select
            from ledger.allocations as a
            where
                a.effective_on = e.returned_on and a.loan_id = e.loan_id
                and a.subject_id = e.subject_id and a.kind = 'return' and a.seq = (e.data ->> 'seq')::smallint
                and a.cash_cents = (e.data ->> 'cash')::bigint and a.returned_cents = (e.data ->> 'returned')::bigint
            offset 0
        )
),

broken as materialized (
    select
        w.business_date, format('loan %%s, return %%s, seq %%s', w.loan_id, w.subject_id, w.seq) as keys,
        w.found, w.expected
    from (
        select * from untold
        union all
        select * from untrue
    ) as w
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
