-- A file that has been read to its end, and is the file it claims to be.
insert into ingestion.batches (batch_id, source, uri, sha256, size_bytes, received_at, booked_on, rows_received)
values (
    %(batch_id)s, %(source)s, %(uri)s, %(sha256)s, %(size_bytes)s, %(received_at)s, %(booked_on)s, %(rows_received)s
)
