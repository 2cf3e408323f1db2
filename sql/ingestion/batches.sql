-- A batch that has been staged whole, and waits to be taken up.
insert into ingestion.batches (batch_id, source, uri, sha256, size_bytes, received_at, booked_on, rows_received)
values (
    %(batch_id)s, %(source)s, %(uri)s, %(sha256)s, %(size_bytes)s, %(received_at)s, %(booked_on)s, %(rows_received)s
);

insert into ingestion.staging_process_log (batch_id, status, total_records)
values (%(batch_id)s, 'waiting', %(rows_received)s)
