-- :source could not be read, once more. Tells since when, and how often in a row.
insert into ingestion.cursors as kept (source, polled_at, failures, failing_since, last_error)
values (%(source)s, %(received_at)s, 1, %(received_at)s, %(error)s)
on conflict (source) do update
    set
        failures = kept.failures + 1, failing_since = coalesce(kept.failing_since, excluded.failing_since),
        last_error = excluded.last_error
returning kept.failures, kept.failing_since
