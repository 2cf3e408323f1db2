-- A case for each monitor and month in which too many of our debits came back. The latest day of the month that was
-- worked out decides whether it stands. Tells how many were opened (or have new figures) and resolved.
with
month_ends as (
    select d.business_date
    from operations.return_counts as d
    where
        d.business_date >= date_trunc('month', %(day)s::date)
        and d.business_date < date_trunc('month', %(day)s::date) + interval '1 month'
    order by d.business_date desc
    limit 1
),

rates as (
    select
        operations.content_id('return_rate|' || r.monitor || '|' || to_char(r.business_date::timestamp, 'YYYY-MM'))
            as case_id,
        r.*, l.description, l.window_days
    from month_ends as m
    inner join operations.return_rates as r on m.business_date = r.business_date
    inner join payments.return_rate_limits as l on r.monitor = l.monitor
),

wanted as (
    select
        rates.*,
        format(
            '%%s%%%% of the debits of the %%s days to %%s came back (%%s of %%s), %%s: the limit is %%s%%%%.',
            to_char(rates.rate_ppm / 10000.0, 'FM990.00'), rates.window_days, rates.business_date, rates.returns,
            rates.debits, rates.monitor, to_char(rates.limit_ppm / 10000.0, 'FM990.0')
        ) as summary,
        jsonb_build_object(
            'debits', rates.debits, 'returns', rates.returns, 'rate_ppm', rates.rate_ppm, 'limit_ppm', rates.limit_ppm,
            'as_of', rates.business_date
        ) as details
    from rates
    where rates.status = 'over'
),

opened as (
    insert into operations.exception_cases as kept (
        case_id, category, subcategory, severity, state, business_date, summary, next_step, details
    )
    select
        w.case_id, 'return_rate', w.monitor, 'critical', 'open', w.business_date, w.summary,
        'Find the returns that count in operations.return_counts, stop what causes them, and tell our bank: above this '
        || 'limit the network may ask for a plan.',
        w.details
    from wanted as w
    on conflict (case_id) do update
        set
            state = case when kept.state in ('resolved', 'cancelled') then 'open' else kept.state end,
            summary = excluded.summary,
            details = excluded.details,
            resolution = null,
            resolved_at = null
        -- one that a person closed stays closed
        where kept.details ? 'healed' or (kept.state in ('open', 'pending') and kept.details <> excluded.details)
    returning kept.case_id
),

resolved as (
    update operations.exception_cases as kept set
        state = 'resolved',
        resolved_at = now(),
        details = kept.details || '{"healed": true}',
        resolution = 'The rate is within its limit again.'
    from rates
    where kept.case_id = rates.case_id and rates.status <> 'over' and kept.state in ('open', 'pending')
    returning kept.case_id
)

select (select count(*) from opened)::int as opened, (select count(*) from resolved)::int as resolved
