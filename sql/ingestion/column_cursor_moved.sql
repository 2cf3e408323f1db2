-- :source was read up to :newest_id. In the transaction that stores what was read. A reader that finds the cursor
-- elsewhere than it left it is not alone, and changes nothing.
insert into ingestion.cursors as kept (source, newest_id, newest_at, polled_at)
values (%(source)s, %(newest_id)s, %(newest_at)s, %(received_at)s)
on conflict (source) do update
    set
        newest_id = excluded.newest_id, newest_at = coalesce(excluded.newest_at, kept.newest_at),
        polled_at = excluded.polled_at
    where kept.newest_id is not distinct from %(was_id)s
