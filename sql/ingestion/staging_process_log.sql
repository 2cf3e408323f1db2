-- What became of the rows of each batch: each was taken up, repeats another, was rejected, or is noted.
with taken_up as (
    select a.batch_id, count(*) as rows
    from work.payment_ingestions as a
    group by a.batch_id
),

repeated as (
    select d.batch_id, count(*) as rows
    from ingestion.duplicates as d
    where d.batch_id = any(%(batches)s::uuid[])
    group by d.batch_id
),

faults as (
    -- what is wrong, and how often
    select
        r.batch_id, r.column_name, r.reason,
        jsonb_build_object('column', r.column_name, 'reason', r.reason, 'rows', count(*)) as fault
    from ingestion.rejects as r
    where r.batch_id = any(%(batches)s::uuid[])
    group by r.batch_id, r.column_name, r.reason
),

fault_lists as (
    select f.batch_id, jsonb_agg(f.fault order by f.column_name, f.reason) as details
    from faults as f
    group by f.batch_id
),

rejected as (
    select r.batch_id, count(distinct r.line) as errors
    from ingestion.rejects as r
    where r.batch_id = any(%(batches)s::uuid[])
    group by r.batch_id
),

noted as (
    select s.batch_id, count(*) as rows
    from ingestion.staged as s
    where s.booked_on = any(%(booked_on)s::date[]) and s.batch_id = any(%(batches)s::uuid[]) and s.is_noted
    group by s.batch_id
)

update ingestion.staging_process_log as l
set
    status = 'completed',
    processed_records = coalesce(t.rows, 0),
    duplicate_records = coalesce(d.rows, 0),
    error_records = coalesce(r.errors, 0),
    noted_records = coalesce(n.rows, 0),
    error_details = f.details,
    completed_at = clock_timestamp()
from ingestion.batches as b
left join taken_up as t on b.batch_id = t.batch_id
left join repeated as d on b.batch_id = d.batch_id
left join rejected as r on b.batch_id = r.batch_id
left join fault_lists as f on b.batch_id = f.batch_id
left join noted as n on b.batch_id = n.batch_id
where b.batch_id = any(%(batches)s::uuid[]) and l.batch_id = b.batch_id
