-- Room for the events that are to be staged, as they were read. They come in one call at a time from here to the end of
-- the transaction, so that of two that bring the same event the second finds the first.
select pg_advisory_xact_lock(hashtext('ingestion.batches'));

drop table if exists pg_temp.arriving, pg_temp.words;

-- `listed_as` and `condition` name the rule by which an event was read: no name means a type that we do not know, no
-- condition that none of its rules holds. Where the sender decides between two rules, `sender_id` names it.
create temporary table arriving (
    line integer primary key,
    event_id text not null,
    type text not null,
    object_id text,
    created_at timestamptz,
    created_on date not null,
    listed_as text,
    condition text,
    sender_id text,
    value_text text,
    valued_at timestamptz,
    instant_text text,
    happened_at timestamptz,
    amount_text text,
    amount_cents bigint,
    currency text,
    original_id text,
    account_number_id text,
    loans_named text,
    return_code text,
    return_transfer_id text,
    raw text not null
) on commit drop
