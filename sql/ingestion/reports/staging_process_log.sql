-- What became of the rows of a day, batch by batch added up by source.
select
    batches.source,
    count(*) as rows,
    sum(log.total_records)::bigint as received,
    sum(log.processed_records)::bigint as accepted,
    sum(log.duplicate_records)::bigint as duplicates,
    sum(log.error_records)::bigint as rejected,
    sum(log.noted_records)::bigint as noted
from ingestion.batches
inner join ingestion.staging_process_log as log using (batch_id)
where batches.booked_on = %(day)s
group by batches.source
order by batches.source;
