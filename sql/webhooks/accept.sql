-- One group of signed requests: counted against the limits of their senders and channels, compared with what is known,
-- and stored. Whoever runs this commits it, and only then answers. One row for each request, by its place `n`.
with requests as (
    -- a request with no body was not in order, and is here to be counted
    select r.*
    from unnest(
        %(request_ids)s::uuid[], %(endpoints)s::text[], %(channels)s::text[], %(clients)s::text[], %(bodies)s::bytea[],
        %(payment_ids)s::uuid[], %(word_ids)s::uuid[], %(references)s::text[], %(keys)s::bytea[], %(signals)s::text[],
        %(value_dates)s::date[], %(loan_ids)s::bigint[]
    ) with ordinality as r (
        request_id, endpoint, channel, client, body, payment_id, word_id, reference, idempotency_key, signal,
        value_date, loan_id, n
    )
),

clock as (
    -- the window that we are in, by the clock that all workers share, and how much of it is still to come
    select
        w.began_at, w.ends_in / extract(epoch from %(window_length)s::interval) as remaining,
        ceil(w.ends_in)::integer as retry_after
    from (
        select
            b.began_at,
            extract(epoch from b.began_at + %(window_length)s::interval - statement_timestamp()) as ends_in
        from (
            select date_bin(%(window_length)s::interval, statement_timestamp(), '2000-01-01T00:00:00Z') as began_at
        ) as b
    ) as w
),

asked as (
    -- how many of the group fall under each limit; the bank is under none
    select 'client' as scope, r.client as subject, %(client_limit)s::bigint as most, count(*) as requests
    from requests as r
    where r.endpoint = 'payments'
    group by r.client
    union all
    select 'channel', r.channel, %(channel_limit)s::bigint, count(*)
    from requests as r
    where r.endpoint = 'payments' and r.channel is not null
    group by r.channel
),

counted as (
    -- in one order for all, so that workers wait for each other and never in a circle
    insert into ingestion.webhook_limits as l (scope, subject, window_started_at, requests)
    select a.scope, a.subject, c.began_at, a.requests
    from asked as a
    cross join clock as c
    order by a.scope, a.subject
    on conflict (scope, subject, window_started_at) do update set requests = l.requests + excluded.requests
    returning l.scope, l.subject, l.requests
),

room as (
    -- how many of the group each limit lets through: what the window, sliding over the one before it, has left
    select
        a.scope, a.subject,
        a.most - (c.requests - a.requests) - ceil(least(coalesce(b.requests, 0), a.most) * k.remaining) as requests
    from asked as a
    inner join counted as c on a.scope = c.scope and a.subject = c.subject
    cross join clock as k
    left join ingestion.webhook_limits as b
        on
            a.scope = b.scope and a.subject = b.subject
            and b.window_started_at = k.began_at - %(window_length)s::interval
),

judged as (
    -- those beyond a limit, and those that say what another of the group says
    select
        r.*,
        coalesce(row_number() over (partition by r.endpoint, r.client order by r.n) > p.requests, false)
            as is_beyond_client,
        coalesce(row_number() over (partition by r.endpoint, r.channel order by r.n) > q.requests, false)
            as is_beyond_channel,
        row_number() over (partition by coalesce(r.word_id, r.request_id) order by r.n) as nth
    from requests as r
    left join room as p on r.endpoint = 'payments' and p.scope = 'client' and r.client = p.subject
    left join room as q on r.endpoint = 'payments' and q.scope = 'channel' and r.channel = q.subject
),

known as (
    -- this very word about this payment was taken up before, from wherever it came
    select j.n
    from judged as j
    inner join ingestion.payment_ingestions as i
        on
            j.value_date = i.effective_on and j.idempotency_key = i.idempotency_key and j.signal = i.signal
            and i.loan_id in (j.loan_id, 0)
    where i.effective_on = any(%(value_dates)s::date[])
    union all
    -- or waits to be; left to the insert alone, it would wait for a run that is just taking the original from the queue
    select j.n
    from judged as j
    inner join ingestion.webhook_queue as q on j.request_id = q.request_id
    union all
    select j.n
    from judged as j
    inner join ingestion.webhook_queue as q on j.word_id = q.word_id
),

stored as (
    -- what another worker has just stored stays as it is
    insert into ingestion.webhook_queue (
        request_id, endpoint, channel, client, received_at, body, payment_id, word_id, reference
    )
    select
        j.request_id, j.endpoint, j.channel, j.client, %(received_at)s, j.body, j.payment_id, j.word_id, j.reference
    from judged as j
    where
        j.body is not null and not j.is_beyond_client and not j.is_beyond_channel and j.nth = 1
        and not exists (
            select from known as k
            where k.n = j.n
        )
    order by j.request_id
    on conflict do nothing
    returning request_id
)

select
    j.n,
    case
        when j.is_beyond_client then 'client_limited'
        when j.is_beyond_channel then 'channel_limited'
        when j.body is null then 'counted'
        when s.request_id is not null and j.nth = 1 then 'created'
        else 'duplicate'
    end as verdict,
    k.retry_after
from judged as j
cross join clock as k
left join stored as s on j.request_id = s.request_id
order by j.n
