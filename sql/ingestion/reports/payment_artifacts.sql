-- The documents that the batches of a day named.
select
    artifacts.type,
    count(*) as rows
from ingestion.batches
inner join ingestion.payment_artifacts as artifacts using (batch_id)
where batches.booked_on = %(day)s
group by artifacts.type
order by artifacts.type;
