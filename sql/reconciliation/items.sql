-- What explains the variance of :day, and what its matches with the days around it, :near, explain of theirs: `news`,
-- in the place of what was said before. Tells how many items of the day there are.
drop table if exists pg_temp.touched;

-- The neighbours that change: what they shared with this day, and what they share with it now.
create temporary table touched on commit drop as
select r.bank_day as day from released as r
union
select r.our_day from released as r
union
select f.bank_day from found as f
union
select f.our_day from found as f
union
select l.bank_day from work.candidate_lines as l
where l.is_released;

delete from touched as t
where t.day = %(day)s;

delete from reconciliation.items as i
where i.bank_day = %(day)s;

delete from reconciliation.items as i
using (
    select r.bank_day, r.our_day, r.line_id, r.payment_id, r.kind from released as r
    union
    select f.bank_day, f.our_day, f.line_id, f.payment_id, f.kind from found as f
    union
    select l.bank_day, null, l.line_id, null, null from work.candidate_lines as l
    where l.is_released
) as c
where
    i.bank_day = any(%(near)s)
    and (
        (i.bank_day = c.bank_day and i.side in ('bank', 'both') and i.item_id in (c.line_id, c.line_id || ' fee'))
        or (i.bank_day = c.our_day and i.side = 'ours' and i.item_id = c.payment_id || ' ' || c.kind)
    );

insert into reconciliation.items (
    bank_day, channel, account, side, item_id, loan_id, payment_id, cause, status, kind, effective_on, variance_cents,
    description, next_step, opened_on
)
select
    n.bank_day, n.channel, n.account, n.side, n.item_id, n.loan_id, n.payment_id, n.cause, n.status, n.kind,
    n.effective_on, n.variance_cents, n.description, n.next_step, n.bank_day as opened_on
from news as n
where n.bank_day = %(day)s or n.bank_day in (select t.day from touched as t);

select count(*)::int as items from news as n
where n.bank_day = %(day)s
