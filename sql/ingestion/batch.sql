-- How far batch :batch_id has come, and the value dates of its accepted rows.
select
    b.booked_on, l.status,
    array(
        select distinct s.value_date from ingestion.staged as s
        where s.booked_on = b.booked_on and s.batch_id = b.batch_id and s.is_accepted
        order by s.value_date
    ) as days
from ingestion.batches as b
left join ingestion.staging_process_log as l on b.batch_id = l.batch_id
where b.batch_id = %(batch_id)s
