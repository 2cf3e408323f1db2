-- Artifacts and the hashes that they must have: all of them, or those of the batches received on :booked_on.
select a.artifact_id, a.uri, a.sha256
from ingestion.payment_artifacts as a
inner join ingestion.batches as b on a.batch_id = b.batch_id
where %(booked_on)s::date is null or b.booked_on = %(booked_on)s
