-- Cases about bank and books on :days: opened where they disagree on what nothing explains, kept up while they do,
-- resolved when they agree again. A case is of a rail, whichever of our accounts it is on. Tells how many were opened
-- (or reopened) and resolved.
with
-- From which size on a variance is how severe.
sizes (from_cents, severity) as (
    values (0::bigint, 'low'), (100000::bigint, 'medium'), (1000000::bigint, 'high'), (100000000::bigint, 'critical')
),

items as (
    select items.bank_day, items.channel, sum(items.variance_cents)::bigint as cents
    from reconciliation.items
    where items.bank_day = any(%(days)s) and items.status = 'open'
    group by items.bank_day, items.channel
),

days as (
    select
        days.bank_day,
        days.channel,
        sum(days.bank_cents)::bigint as bank_cents,
        sum(days.our_cents)::bigint as our_cents,
        sum(days.open_count)::int as open_count, coalesce(min(items.cents), 0) as variance_cents,
        case when bool_or(days.status = 'variance') then 'variance' else 'balanced' end as status
    from reconciliation.days
    left join items on days.bank_day = items.bank_day and days.channel = items.channel
    where days.bank_day = any(%(days)s)
    group by days.bank_day, days.channel
),

last_run as (
    select coalesce(max(seals.run_no), 0) as run_no from ledger.seals
),

-- What the day's rails give cause for: a variance, or open items that happen to cancel out.
troubled as (
    select
        days.*,
        case days.status when 'variance' then 'reconcile_variance' else 'reconcile_offsetting' end as category
    from days
    where days.status = 'variance' or days.open_count > 0
),

wanted as (
    select
        operations.content_id(troubled.category || '|' || troubled.bank_day || '|' || troubled.channel) as case_id,
        troubled.bank_day, troubled.channel, troubled.category,
        case troubled.category
            when 'reconcile_offsetting' then 'low'
            else (
                select sizes.severity
                from sizes
                where sizes.from_cents <= abs(troubled.variance_cents)
                order by sizes.from_cents desc
                limit 1
            )
        end as severity,
        case troubled.category
            when 'reconcile_variance'
                then format(
                    'On %%s the bank shows %%s by %%s and our books %%s, a variance of %%s in %%s.',
                    troubled.bank_day, operations.dollars(troubled.bank_cents), troubled.channel,
                    operations.dollars(troubled.our_cents), operations.dollars(troubled.variance_cents),
                    troubled.open_count || case troubled.open_count when 1 then ' item' else ' items' end
                )
            else format(
                'On %%s bank and books agree on %%s by %%s, but only because %%s open items cancel out.',
                troubled.bank_day, operations.dollars(troubled.bank_cents), troubled.channel, troubled.open_count
            )
        end as summary,
        case troubled.category
            when 'reconcile_variance'
                then
                    'Look at the items of this day and rail in reconciliation.items, bring in what is missing, and run '
                    || 'the day again: the case closes when bank and books agree.'
            else
                'Look at the items of this day and rail in reconciliation.items: each of them is an error, though '
                || 'their sum is none.'
        end as next_step,
        jsonb_build_object(
            'bank_cents', troubled.bank_cents, 'our_cents', troubled.our_cents,
            'variance_cents', troubled.variance_cents, 'items', troubled.open_count
        ) as details
    from troubled
),

known as (
    select exception_cases.*
    from operations.exception_cases
    where
        exception_cases.business_date = any(%(days)s)
        and exception_cases.category in ('reconcile_variance', 'reconcile_offsetting')
),

-- A case that healed is reopened when it breaks again; one that a person closed, only when the figures are others.
news as (
    select wanted.*, known.case_id is null or known.state in ('resolved', 'cancelled') as is_opened
    from wanted
    left join known on known.case_id = wanted.case_id
    where
        known.case_id is null or known.details - 'healed' is distinct from wanted.details
        or (known.state = 'resolved' and known.details ? 'healed')
),

written as (
    insert into operations.exception_cases as kept (
        case_id, category, subcategory, severity, state, business_date, summary, next_step, details
    )
    select
        news.case_id, news.category, news.channel, news.severity, 'open', news.bank_day, news.summary, news.next_step,
        news.details
    from news
    on conflict (case_id) do update set
        severity = excluded.severity,
        state = case when kept.state in ('resolved', 'cancelled') then 'open' else kept.state end,
        summary = excluded.summary,
        details = excluded.details,
        resolution = null,
        resolved_at = null
),

healed as (
    update operations.exception_cases as kept set
        state = 'resolved',
        resolved_at = now(),
        details = kept.details || '{"healed": true}',
        resolution = format(
            'After run %%s of the ledger the day was reconciled again: %%s. Since the case was last seen, the bank '
            || 'moved by %%s and our books by %%s.',
            last_run.run_no,
            case
                when days.status = 'variance' then 'the open items no longer cancel out, see the case on the variance'
                when days.open_count > 0 then 'the open items that are left cancel out'
                when coalesce(days.bank_cents <> days.our_cents, false)
                    then 'every cent between bank and books has a cause that needs nobody'
                else format('bank and books both show %%s without an open item', our_dollars.text)
            end,
            operations.dollars(coalesce(days.bank_cents, 0) - (known.details ->> 'bank_cents')::bigint),
            operations.dollars(coalesce(days.our_cents, 0) - (known.details ->> 'our_cents')::bigint)
        )
    from known
    cross join last_run
    left join days on days.channel = known.subcategory and days.bank_day = known.business_date
    cross join lateral (values (operations.dollars(coalesce(days.our_cents, 0)))) as our_dollars (text)
    where
        kept.case_id = known.case_id
        and known.state in ('open', 'pending')
        and not exists (
            select from wanted
            where wanted.case_id = known.case_id
        )
    returning kept.case_id
)

select
    (
        select count(*) from news
        where news.is_opened
    )::int as opened,
    (select count(*) from healed)::int as resolved;
