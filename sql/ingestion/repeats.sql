-- Rows of `work.payment_ingestions` that repeat what was taken up before, or what a row before them says.
--
-- Of two that tell one instant, the one with the lesser code counts as earlier: what says less replaces nothing.

-- Next to all hashes differ: to sort numbers takes half of what it takes to keep a million groups of one.
set local enable_hashagg to off;

create unlogged table work.repeats as
with said_twice as materialized (
    -- few, so that only they need looking at; a number that stands for two words does no harm
    select uuid_hash_extended(a.payment_id, hashtext(a.signal)) as hash
    from work.payment_ingestions as a
    group by hash
    having count(*) > 1
),

ranked as (
    -- of rows that say the same, the one that came first is the original
    select
        a.booked_on, a.batch_id, a.line, a.loan_id, a.payment_id, a.signal,
        first_value(a.batch_id) over said as original_batch_id, first_value(a.line) over said as original_line,
        (a.occurred_at, ingestion.rank_of_code(a.return_code))
        < (first_value(a.occurred_at) over said, ingestion.rank_of_code(first_value(a.return_code) over said))
            as is_earlier
    from work.payment_ingestions as a
    inner join said_twice as t on uuid_hash_extended(a.payment_id, hashtext(a.signal)) = t.hash
    window said as (partition by a.idempotency_key, a.signal order by a.received_at, a.batch_id, a.line)
),

known as (
    -- said in a batch before these; the days' partitions alone are looked through
    select
        a.booked_on, a.batch_id, a.line, a.loan_id, a.payment_id, a.signal,
        i.batch_id as original_batch_id, i.line as original_line,
        (a.occurred_at, ingestion.rank_of_code(a.return_code))
        < (i.occurred_at, ingestion.rank_of_code(i.return_code)) as is_earlier
    from work.payment_ingestions as a
    inner join ingestion.payment_ingestions as i
        on
            a.effective_on = i.effective_on and a.loan_id = i.loan_id and a.idempotency_key = i.idempotency_key
            and a.signal = i.signal
    where i.effective_on = any(%(days)s::date[])
)

select k.* from known as k
union all
select r.*
from ranked as r
where
    (r.original_batch_id, r.original_line) <> (r.batch_id, r.line)
    and not exists (
        select from known as k
        where k.batch_id = r.batch_id and k.line = r.line
    );

set local enable_hashagg to default;

analyze work.repeats
