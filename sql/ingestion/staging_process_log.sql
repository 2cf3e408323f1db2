-- What became of the rows of batch :batch_id: each was taken up, repeats another, or was rejected.
with taken_up as (
    select
        count(*) filter (where a.original_batch_id = %(batch_id)s and a.original_line = a.line) as processed,
        count(*) filter (where (a.original_batch_id, a.original_line) <> (%(batch_id)s, a.line)) as duplicates
    from arrived as a
),

faults as (
    -- what is wrong, and how often
    select
        r.column_name, r.reason,
        jsonb_build_object('column', r.column_name, 'reason', r.reason, 'rows', count(*)) as fault
    from ingestion.rejects as r
    where r.batch_id = %(batch_id)s
    group by r.column_name, r.reason
)

update ingestion.staging_process_log as l
set
    status = 'completed',
    processed_records = t.processed,
    duplicate_records = t.duplicates,
    error_records = (
        select count(*) from ingestion.staged as s
        where s.booked_on = %(booked_on)s and s.batch_id = %(batch_id)s and not s.is_accepted
    ),
    error_details = (select jsonb_agg(f.fault order by f.column_name, f.reason) from faults as f),
    completed_at = clock_timestamp()
from taken_up as t
where l.batch_id = %(batch_id)s
