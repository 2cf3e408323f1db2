-- Bank against books on :day for every account and rail that has a line or a movement, from the temporary table
-- `totals` and the items; and what this day's matches changed on the days around it.

delete from reconciliation.days as d
where d.bank_day = %(day)s;

insert into reconciliation.days (
    bank_day, account, channel, bank_cents, our_cents, matched_count, open_count, status, movement_count, line_count,
    opening_cents, closing_cents, proof
)
with sums as (
    select
        t.account, t.channel, sum(t.bank_cents)::bigint as bank_cents, sum(t.our_cents)::bigint as our_cents,
        sum(t.lines)::int as lines, sum(t.movements)::int as movements
    from totals as t
    group by t.account, t.channel
),

-- Each account of the bank's statement, by the name that we have for it. All its lines count, whatever their rail.
written as (
    select t.account, t.as_written, sum(t.bank_cents)::bigint as bank_cents
    from totals as t
    where t.as_written is not null
    group by t.account, t.as_written
),

-- One that stands for several of ours cannot be split among them.
proofs as (
    select
        w.account, sum(b.opening_cents)::bigint as opening_cents, sum(b.closing_cents)::bigint as closing_cents,
        case
            when
                bool_or(b.opening_cents is null or b.closing_cents is null or b.from_on <> b.bank_day)
                then 'not_stated'
            when bool_and(
                b.opening_cents
                + (
                    select sum(o.bank_cents) from written as o
                    where o.as_written = w.as_written
                )
                = b.closing_cents
            ) then 'proven'
            else 'broken'
        end as proof
    from written as w
    left join settlement.balances as b on w.as_written = b.account and b.bank_day = %(day)s
    group by w.account
)

select
    %(day)s, s.account, s.channel, s.bank_cents, s.our_cents, 0, 0, 'balanced', s.movements, s.lines,
    p.opening_cents, p.closing_cents, coalesce(p.proof, 'not_stated')
from sums as s
left join proofs as p on s.account = p.account;

update reconciliation.days as d set
    matched_count = d.movement_count - c.without_line,
    auto_matched_count = d.movement_count - c.without_line - c.by_hand,
    open_count = c.open_items,
    status = case c.open_cents when 0 then 'balanced' else 'variance' end
from (
    select
        o.bank_day, o.account, o.channel,
        count(i.item_id) filter (
            where i.side = 'ours' and i.cause in ('missing_at_bank', 'write_off')
        )::int as without_line,
        count(i.item_id) filter (where i.status = 'open')::int as open_items,
        coalesce(sum(i.variance_cents) filter (where i.status = 'open'), 0)::bigint as open_cents,
        (
            select count(distinct row(m.payment_id, m.kind)::text)::int
            from reconciliation.decisions_in_force as f
            cross join unnest(f.payment_ids) as p (payment_id)
            inner join reconciliation.matches as m on p.payment_id = m.payment_id
            inner join payments.payments as q
                on m.loan_id = q.loan_id and m.payment_id = q.payment_id and o.channel = q.channel
            where
                f.decision = 'match' and f.bank_day = m.bank_day
                -- as far as a touched day's own window goes; the dates that are given keep other partitions out
                and m.bank_day between %(day)s::date - 30 and %(day)s::date + 30
                and m.our_day = o.bank_day
                and m.method = 'decision'
                -- all movements of a rail are on one account, whatever others its lines are on
                and o.movement_count > 0
        ) as by_hand
    from reconciliation.days as o
    left join reconciliation.items as i
        on o.bank_day = i.bank_day and o.account = i.account and o.channel = i.channel
    where o.bank_day = %(day)s or o.bank_day in (select t.day from touched as t)
    group by o.bank_day, o.account, o.channel
) as c
where d.bank_day = c.bank_day and d.account = c.account and d.channel = c.channel;
