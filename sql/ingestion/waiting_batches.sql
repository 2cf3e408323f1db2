-- Those of the batches that still wait to be taken up, the days on which they were received, and the value dates of
-- their rows. One run at a time takes up batches, from here to the end of its transaction, so that each sees all that
-- those before it brought.
select pg_advisory_xact_lock(hashtext('ingestion.payment_ingestions'));

with waiting as (
    select b.batch_id, b.booked_on
    from ingestion.batches as b
    inner join ingestion.staging_process_log as l on b.batch_id = l.batch_id
    where b.batch_id = any(%(batches)s::uuid[]) and l.status <> 'completed'
)

select
    array(select w.batch_id from waiting as w) as batches,
    array(select distinct w.booked_on from waiting as w) as booked_on,
    array(
        select distinct v.value_date
        from waiting as w
        -- each is looked up in the day on which it was received: a join would read all days
        cross join
            lateral (
                select distinct s.value_date
                from ingestion.staged as s
                where s.booked_on = w.booked_on and s.batch_id = w.batch_id and s.is_accepted
            ) as v
    ) as days
