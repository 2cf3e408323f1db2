-- The day :like_day once more as :day, for the benchmark: its matches, totals and bridge, and its items, of which a
-- hundred are still open.
insert into reconciliation.matches (
    bank_day, line_id, loan_id, payment_id, kind, bank_cents, our_cents, method, our_day, group_no
)
select
    %(day)s, m.line_id, m.loan_id, m.payment_id, m.kind, m.bank_cents, m.our_cents, m.method, %(day)s, m.group_no
from reconciliation.matches as m
where m.bank_day = %(like_day)s;

insert into reconciliation.days (
    bank_day, account, channel, bank_cents, our_cents, matched_count, auto_matched_count, open_count, status,
    movement_count, line_count, opening_cents, closing_cents, proof
)
select
    %(day)s, d.account, d.channel, d.bank_cents, d.our_cents, d.matched_count, d.auto_matched_count, d.open_count,
    d.status, d.movement_count, d.line_count, d.opening_cents, d.closing_cents, d.proof
from reconciliation.days as d
where d.bank_day = %(like_day)s;

insert into reconciliation.bridge (bank_day, account, channel, cause, items, cents)
select %(day)s, b.account, b.channel, b.cause, b.items, b.cents
from reconciliation.bridge as b
where b.bank_day = %(like_day)s;

insert into reconciliation.items (
    bank_day, channel, account, side, item_id, loan_id, payment_id, cause, status, kind, effective_on, variance_cents,
    description, next_step, opened_on
)
select
    %(day)s, i.channel, i.account, i.side, i.item_id, i.loan_id, i.payment_id, i.cause,
    case when row_number() over (order by i.item_id) <= 100 then i.status else 'explained' end,
    i.kind, i.effective_on, i.variance_cents, i.description, i.next_step, %(day)s
from reconciliation.items as i
where i.bank_day = %(like_day)s
