-- Law 4. Each row of each batch became exactly one thing: news of a payment, a repeat of such news, a reject with its
-- reasons, or noted as saying nothing of a receipt. News that still waits to be taken up is pending.
with staged as (
    select
        s.booked_on, s.batch_id, s.line, s.is_accepted, s.is_noted, s.value_date,
        s.is_accepted and coalesce(l.status in ('waiting', 'processing'), false) as is_pending
    from ingestion.staged as s
    left join ingestion.staging_process_log as l on s.batch_id = l.batch_id
    where s.booked_on between %(first)s and %(last)s
),

outcomes as (
    -- the news of a batch lies in the days of its value dates, so only those are read
    select i.batch_id, i.line, 'news' as outcome
    from ingestion.payment_ingestions as i
    where
        i.booked_on between %(first)s and %(last)s
        and i.effective_on between (
            select min(s.value_date) from staged as s
            where s.is_accepted
        )
        and (
            select max(s.value_date) from staged as s
            where s.is_accepted
        )
    union all
    select d.batch_id, d.line, 'repeat'
    from ingestion.duplicates as d
    where d.booked_on between %(first)s and %(last)s
    union all
    select distinct r.batch_id, r.line, 'reject'
    from ingestion.rejects as r
    where r.booked_on between %(first)s and %(last)s
),

fates as (
    -- what became of each row
    select
        o.batch_id, o.line,
        count(*) filter (where o.outcome = 'news') as news,
        count(*) filter (where o.outcome = 'repeat') as repeats,
        count(*) filter (where o.outcome = 'reject') as rejects
    from outcomes as o
    group by o.batch_id, o.line
),

broken as materialized (
    select
        s.booked_on as business_date,
        format('batch %%s, row %%s', coalesce(s.batch_id, f.batch_id), coalesce(s.line, f.line)) as keys,
        format(
            '%%s times news, %%s times a repeat, %%s times a reject',
            coalesce(f.news, 0), coalesce(f.repeats, 0), coalesce(f.rejects, 0)
        ) as found,
        case
            when s.line is null then 'nothing: there is no such row'
            when s.is_accepted then 'news or a repeat, once'
            when s.is_noted then 'nothing: it is noted'
            else 'a reject'
        end as expected
    from staged as s
    full join fates as f on s.batch_id = f.batch_id and s.line = f.line
    where
        s.line is null
        or f.line is null and not s.is_noted and not s.is_pending
        or f.line is not null and s.is_noted
        or not s.is_noted and (
            f.news + f.repeats <> s.is_accepted::integer or f.rejects <> (not s.is_accepted)::integer
        )
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
