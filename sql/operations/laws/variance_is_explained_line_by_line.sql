-- Law 7. The items of an account, rail and day sum to its variance, and each line of the bank is either matched, cent
-- by cent, or one of them.
with items as (
    select
        i.bank_day, i.account, i.channel, sum(i.variance_cents) as cents,
        count(*) filter (where i.status = 'open') as open_items
    from reconciliation.items as i
    where i.bank_day between %(first)s and %(last)s
    group by i.bank_day, i.account, i.channel
),

unexplained as (
    select
        coalesce(d.bank_day, i.bank_day) as business_date,
        coalesce(d.channel, i.channel) as keys,
        format('%%s open items; all sum to %%s cents', coalesce(i.open_items, 0), coalesce(i.cents, 0)) as found,
        case
            when d.bank_day is null then 'no items: the rail is not reconciled'
            else format('%%s open items, and a variance of %%s cents', d.open_count, d.variance_cents)
        end as expected
    from (
        select * from reconciliation.days
        where bank_day between %(first)s and %(last)s
    ) as d
    full join items as i on d.bank_day = i.bank_day and d.account = i.account and d.channel = i.channel
    where
        d.variance_cents is distinct from coalesce(i.cents, 0)
        or d.open_count is distinct from coalesce(i.open_items, 0)
),

pairs as (
    -- what most lines are
    select m.bank_day, m.line_id, m.bank_cents, m.our_cents, 0::bigint as elsewhere_cents
    from reconciliation.matches as m
    where m.bank_day between %(first)s and %(last)s and m.group_no is null and m.our_day = m.bank_day
),

groups as (
    select
        m.bank_day, m.line_id, sum(m.bank_cents)::bigint as bank_cents, sum(m.our_cents)::bigint as our_cents,
        coalesce(sum(m.our_cents) filter (where m.our_day <> m.bank_day), 0)::bigint as elsewhere_cents
    from reconciliation.matches as m
    where m.bank_day between %(first)s and %(last)s and (m.group_no is not null or m.our_day <> m.bank_day)
    group by m.bank_day, m.line_id
),

matched as (
    select * from pairs
    union all
    select * from groups
),

explained as (
    -- money of other days, or a line without a payment; and by how much a line differs from what it was matched with
    select
        i.bank_day, case when i.side = 'both' then split_part(i.item_id, ' fee', 1) else i.item_id end as line_id,
        coalesce(sum(i.variance_cents) filter (where i.side = 'bank'), 0)::bigint as alone_cents,
        coalesce(sum(i.variance_cents) filter (where i.side = 'both'), 0)::bigint as differing_cents
    from reconciliation.items as i
    where i.bank_day between %(first)s and %(last)s and i.side <> 'ours'
    group by i.bank_day, case when i.side = 'both' then split_part(i.item_id, ' fee', 1) else i.item_id end
),

fates as (
    select
        b.bank_day, b.line_id, b.channel, b.amount_cents, m.bank_cents, m.our_cents, m.elsewhere_cents,
        m.line_id is not null as is_matched,
        coalesce(e.alone_cents, 0) as alone_cents, coalesce(e.differing_cents, 0) as differing_cents
    from settlement.lines_in_force as b
    left join matched as m on b.bank_day = m.bank_day and b.line_id = m.line_id
    left join explained as e on b.bank_day = e.bank_day and b.line_id = e.line_id
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
            '%%s; items of %%s and %%s cents', case when f.is_matched then 'matched' else 'not matched' end,
            f.alone_cents, f.differing_cents
        ),
        case
            when f.is_matched
                then format(
                    'items of %%s cents of other days and %%s that differ',
                    f.elsewhere_cents,
                    f.amount_cents - f.our_cents
                )
            else format('matched, or an item of %%s cents', f.amount_cents)
        end
    from fates as f
    where
        case
            when f.is_matched
                then
                    f.bank_cents <> f.amount_cents or f.alone_cents <> f.elsewhere_cents
                    or f.differing_cents <> f.amount_cents - f.our_cents
            else f.alone_cents <> f.amount_cents or f.differing_cents <> 0
        end
)

select w.*, count(*) over () as violations
from wrong as w
order by w.business_date, w.keys
limit %(most)s
