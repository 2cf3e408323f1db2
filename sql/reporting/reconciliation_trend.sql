-- The thirty days that end with :day, one by one, as finance's mart tells them: by how much bank and books differed
-- either way, how much of that is open, and how much was matched without a person. A day without a row in it has no
-- figures.
with causes as (
    select
        d.business_date, d.variance_cents, d.movement_count, d.matched_count, d.auto_matched_count, d.open_count,
        d.status, d.open_more_cents, d.open_less_cents,
        array[
            d.timing_cents, d.fee_cents, d.return_cents, d.missing_here_cents, d.missing_at_bank_cents,
            d.amount_differs_cents, d.duplicate_at_bank_cents, d.write_off_cents, d.unknown_cents
        ] as cents
    from reporting.daily_reconciliation as d
    where d.business_date between %(day)s - 29 and %(day)s
),

-- Either way by itself: what one cause adds does not make up for what another takes away.
told as (
    select
        c.business_date, sum(c.variance_cents)::bigint as variance_cents, sum(w.more)::bigint as more_cents,
        sum(w.less)::bigint as less_cents, sum(c.open_more_cents)::bigint as open_more_cents,
        sum(c.open_less_cents)::bigint as open_less_cents, sum(c.movement_count)::bigint as movements,
        sum(c.matched_count)::bigint as matched, sum(c.auto_matched_count)::bigint as auto_matched,
        sum(c.open_count)::bigint as open_items, bool_and(c.status = 'balanced') as is_balanced
    from causes as c
    cross join
        lateral (
            select sum(greatest(u.cents, 0)) as more, sum(least(u.cents, 0)) as less
            from unnest(c.cents) as u (cents)
        ) as w
    group by c.business_date
)

select
    g.bank_day::date as bank_day, t.variance_cents, coalesce(t.more_cents, 0) as more_cents,
    coalesce(t.less_cents, 0) as less_cents, coalesce(t.open_more_cents, 0) as open_more_cents,
    coalesce(t.open_less_cents, 0) as open_less_cents, t.movements, t.matched, t.auto_matched, t.open_items,
    t.is_balanced
from generate_series(%(day)s::date - 29, %(day)s::date, interval '1 day') as g (bank_day)
left join told as t on g.bank_day = t.business_date
order by g.bank_day;
