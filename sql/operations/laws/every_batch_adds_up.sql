-- Law 4. A batch holds the rows that its file had, and its process log says what became of them: received = news +
-- repeats + rejects + rows that say nothing of a receipt. Of one that still waits to be taken up it says nothing yet.
with staged as (
    select
        s.batch_id, count(*) as received, count(*) filter (where not s.is_accepted and not s.is_noted) as rejected,
        count(*) filter (where s.is_noted) as noted
    from ingestion.staged as s
    where s.booked_on between %(first)s and %(last)s
    group by s.batch_id
),

repeated as (
    select d.batch_id, count(*) as repeats
    from ingestion.duplicates as d
    where d.booked_on between %(first)s and %(last)s
    group by d.batch_id
),

counted as (
    select
        s.batch_id, s.received, s.rejected, s.noted, coalesce(d.repeats, 0) as repeats,
        s.received - s.rejected - s.noted - coalesce(d.repeats, 0) as news
    from staged as s
    left join repeated as d on s.batch_id = d.batch_id
),

batches as (
    select b.batch_id, b.booked_on, b.source, b.rows_received
    from ingestion.batches as b
    where b.booked_on between %(first)s and %(last)s
),

broken as materialized (
    select
        b.booked_on as business_date,
        format('batch %%s from %%s', coalesce(b.batch_id, c.batch_id), coalesce(b.source, 'nobody')) as keys,
        format(
            '%%s rows received; logged %%s as %%s news, %%s repeats, %%s rejects, %%s noted',
            coalesce(b.rows_received, 0),
            coalesce(l.status, 'nothing'),
            l.processed_records, l.duplicate_records, l.error_records, l.noted_records
        ) as found,
        format(
            '%%s rows staged: %%s news, %%s repeats, %%s rejects, %%s noted',
            coalesce(c.received, 0), coalesce(c.news, 0), coalesce(c.repeats, 0), coalesce(c.rejected, 0),
            coalesce(c.noted, 0)
        ) as expected
    from batches as b
    full join counted as c on b.batch_id = c.batch_id
    left join ingestion.staging_process_log as l on b.batch_id = l.batch_id
    where
        b.batch_id is null
        or b.rows_received <> coalesce(c.received, 0)
        or l.batch_id is null
        or l.status = 'failed'
        or l.total_records <> b.rows_received
        or l.status = 'completed' and (
            l.processed_records <> coalesce(c.news, 0)
            or l.duplicate_records <> coalesce(c.repeats, 0)
            or l.error_records <> coalesce(c.rejected, 0)
            or l.noted_records <> coalesce(c.noted, 0)
        )
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
