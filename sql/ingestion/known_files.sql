-- Every file that is a batch, by where it was read and what it was.
select b.uri, b.sha256
from ingestion.batches as b
