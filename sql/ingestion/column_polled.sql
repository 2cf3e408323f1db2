-- :source was read without a fault.
insert into ingestion.cursors (source, polled_at)
values (%(source)s, %(received_at)s)
on conflict (source) do update
    set polled_at = excluded.polled_at, failures = 0, failing_since = null, last_error = null
