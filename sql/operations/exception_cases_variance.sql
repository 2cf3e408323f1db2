-- Cases about bank and books on :day: opened where they disagree, kept up while they do, resolved when they agree
-- again. Tells how many were opened (or reopened) and resolved.
with
-- From which size on a variance is how severe.
sizes (from_cents, severity) as (
    values (0::bigint, 'low'), (100000::bigint, 'medium'), (1000000::bigint, 'high'), (100000000::bigint, 'critical')
),

days as (
    select days.* from reconciliation.days
    where days.bank_day = %(day)s
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
        exception_cases.business_date = %(day)s
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
                when days.open_count > 0
                    then format('bank and books both show %%s, with open items that cancel out', our_dollars.text)
                else format('bank and books both show %%s without an open item', our_dollars.text)
            end,
            operations.dollars(coalesce(days.bank_cents, 0) - (known.details ->> 'bank_cents')::bigint),
            operations.dollars(coalesce(days.our_cents, 0) - (known.details ->> 'our_cents')::bigint)
        )
    from known
    cross join last_run
    left join days on days.channel = known.subcategory
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
