-- Room for the events that are to be staged. They come in one call at a time from here to the end of the transaction,
-- so that of two that bring the same event the second finds the first.
select pg_advisory_xact_lock(hashtext('ingestion.batches'));

drop table if exists pg_temp.arriving, pg_temp.new_events, pg_temp.words;

create temporary table arriving (
    place integer not null,
    event_id text not null,
    type text not null,
    object_id text,
    created_at timestamptz,
    created_on date not null,
    raw text not null
) on commit drop
