-- Law 7. The items of a rail and day sum to its variance, and each line of the bank is either matched or one of them.
with items as (
    select i.bank_day, i.channel, sum(i.variance_cents) as cents, count(*) as items
    from reconciliation.items as i
    where i.bank_day between %(first)s and %(last)s
    group by i.bank_day, i.channel
),

unexplained as (
    select
        coalesce(d.bank_day, i.bank_day) as business_date,
        coalesce(d.channel, i.channel) as keys,
        format('%%s items that sum to %%s cents', coalesce(i.items, 0), coalesce(i.cents, 0)) as found,
        case
            when d.bank_day is null then 'no items: the rail is not reconciled'
            else format('%%s items for a variance of %%s cents', d.open_count, d.variance_cents)
        end as expected
    from (
        select * from reconciliation.days
        where bank_day between %(first)s and %(last)s
    ) as d
    full join items as i on d.bank_day = i.bank_day and d.channel = i.channel
    where d.variance_cents is distinct from coalesce(i.cents, 0) or d.open_count is distinct from coalesce(i.items, 0)
),

fates as (
    -- a line whose amount differs is matched and an item: the item is then of both sides
    select
        b.bank_day, b.line_id, b.channel, b.amount_cents, m.bank_cents, m.our_cents,
        m.line_id is not null as is_matched,
        alone.variance_cents as alone_cents, differing.variance_cents as differing_cents
    from settlement.lines_in_force as b
    left join reconciliation.matches as m
        on b.bank_day = m.bank_day and b.line_id = m.line_id and m.bank_day between %(first)s and %(last)s
    left join reconciliation.items as alone
        on b.bank_day = alone.bank_day and b.line_id = alone.item_id and alone.side = 'bank'
    left join reconciliation.items as differing
        on b.bank_day = differing.bank_day and b.line_id = differing.item_id and differing.side = 'both'
    where
        b.bank_day between %(first)s and %(last)s
        and exists (
            select from reconciliation.days as d
            where d.bank_day = b.bank_day
        )
),

wrong as materialized (
    select * from unexplained

    union all

    select
        f.bank_day,
        format('%%s, line %%s', f.channel, f.line_id),
        format(
            '%%s; an item of %%s cents', case when f.is_matched then 'matched' else 'not matched' end,
            coalesce(f.alone_cents, f.differing_cents, 0)
        ),
        case
            when f.is_matched then format('%%s cents explained by an item', f.amount_cents - f.our_cents)
            else format('matched, or an item of %%s cents', f.amount_cents)
        end
    from fates as f
    where
        case
            when f.is_matched
                then
                    f.bank_cents <> f.amount_cents or f.alone_cents is not null
                    or coalesce(f.differing_cents, 0) <> f.amount_cents - f.our_cents
            else f.alone_cents is distinct from f.amount_cents
        end
)

select w.*, count(*) over () as violations
from wrong as w
order by w.business_date, w.keys
limit %(most)s
