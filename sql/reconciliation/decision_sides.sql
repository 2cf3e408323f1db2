-- What a decision of :day is about: of the lines :line_ids and payments :payment_ids, those that a reconciliation of
-- the day or of the days around it, :near, knows, with their cents and whether they are open. Money that went out, and
-- of which the statement does not say why, may be a return.
select
    'line' as side, b.line_id as id, b.bank_day as day, b.channel,
    case when b.kind = 'other' and b.amount_cents < 0 then 'return' else b.kind end as kind, b.amount_cents as cents,
    exists(
        select from reconciliation.items as i
        where i.bank_day = b.bank_day and i.side = 'bank' and i.item_id = b.line_id and i.status = 'open'
    ) as is_open,
    -- on an account of ours that is not its rail's
    b.account in (select k.account from settlement.rules as k)
    and b.account <> (
        select r.account from settlement.rules as r
        where r.channel = b.channel
    ) as is_misplaced
from settlement.lines_in_force as b
where b.bank_day = %(day)s and b.line_id = any(%(line_ids)s)
union all
select
    'payment', known.payment_id::text, known.our_day, known.channel, known.kind,
    sum(known.cents)::bigint, bool_and(known.is_open), false
from (
    select
        i.payment_id, i.bank_day as our_day, i.channel, i.kind, -i.variance_cents as cents,
        i.status = 'open' as is_open
    from reconciliation.items as i
    where
        i.bank_day = any(%(near)s::date[] || %(day)s::date) and i.side = 'ours' and i.status <> 'explained'
        and i.payment_id = any(%(payment_ids)s::uuid[])
    union all
    select m.payment_id, m.our_day, b.channel, m.kind, m.our_cents, false
    from reconciliation.matches as m
    inner join settlement.bank_lines as b on m.bank_day = b.bank_day and m.line_id = b.line_id
    where
        m.bank_day = any(%(near)s::date[] || %(day)s::date) and b.bank_day = any(%(near)s::date[] || %(day)s::date)
        and m.payment_id = any(%(payment_ids)s::uuid[])
) as known
group by known.payment_id, known.our_day, known.channel, known.kind
order by side, id
