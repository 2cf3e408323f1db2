-- Rows of `work.arrived` that repeat what was taken up before, or what a row before them says, each with its original.
create unlogged table work.repeats as
with said_twice as materialized (
    -- few, so that only they need sorting; found once, not by every process that takes part
    select a.idempotency_key, a.event
    from work.arrived as a
    group by a.idempotency_key, a.event
    having count(*) > 1
),

ranked as (
    -- of rows that say the same, the one that came first is the original
    select
        a.batch_id, a.line, first_value(a.batch_id) over said as original_batch_id,
        first_value(a.line) over said as original_line
    from work.arrived as a
    inner join said_twice as t on a.idempotency_key = t.idempotency_key and a.event = t.event
    window said as (partition by a.idempotency_key, a.event order by a.received_at, a.batch_id, a.line)
),

known as (
    -- said in a batch before these; the days' partitions alone are looked through
    select a.batch_id, a.line, i.batch_id as original_batch_id, i.line as original_line
    from work.arrived as a
    inner join ingestion.payment_ingestions as i
        on
            a.value_date = i.effective_on and a.loan_id = i.loan_id and a.idempotency_key = i.idempotency_key
            and a.event = i.signal
    where i.effective_on = any(%(days)s::date[])
)

select k.batch_id, k.line, k.original_batch_id, k.original_line from known as k
union all
select r.batch_id, r.line, r.original_batch_id, r.original_line
from ranked as r
where
    (r.original_batch_id, r.original_line) <> (r.batch_id, r.line)
    and not exists (
        select from known as k
        where k.batch_id = r.batch_id and k.line = r.line
    );

analyze work.repeats
