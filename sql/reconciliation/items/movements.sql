-- Payments and returns without a line.
insert into news (
    bank_day, channel, account, side, item_id, loan_id, payment_id, cause, status, kind, effective_on, variance_cents,
    description, next_step
)
with written_off as (
    select d.bank_day, p.payment_id, k.kind, min(d.reason) as reason
    from reconciliation.decisions_in_force as d
    cross join unnest(d.payment_ids) as p (payment_id)
    cross join (values ('credit'), ('return')) as k (kind)
    where
        d.decision = 'write_off' and d.bank_day = any(%(near)s::date[] || %(day)s::date)
        -- the payment and its return are matched each by itself
        and not exists (
            select from reconciliation.decisions_in_force as later
            inner join settlement.bank_lines as b
                on later.bank_day = b.bank_day and b.line_id = any(later.line_ids)
            where
                later.decision in ('match', 'unmatch') and later.decision_no > d.decision_no
                and p.payment_id = any(later.payment_ids) and (b.kind = 'credit') = (k.kind = 'credit')
                and b.bank_day = any(%(near)s::date[] || %(day)s::date)
        )
    group by d.bank_day, p.payment_id, k.kind
)

select
    m.our_day, m.channel, m.account, 'ours', m.payment_id || ' ' || m.kind, m.loan_id, m.payment_id,
    case when w.payment_id is null then 'missing_at_bank' else 'write_off' end,
    case when w.payment_id is null then 'open' else 'settled_by_person' end, m.kind, m.effective_on, -m.amount_cents,
    format(
        'The bank does not show %%s of %%s by %%s, reference %%s, that it should have shown on this day%%s.',
        case m.kind when 'credit' then 'a payment' else 'a return' end,
        operations.dollars(m.amount_cents), m.channel, coalesce(m.told_reference, ''),
        coalesce('; written off: ' || w.reason, '')
    ),
    case
        when w.payment_id is null
            then 'Wait for the next statements; if they do not show it, ask the bank and, failing that, the source.'
    end
from work.candidate_movements as m
left join written_off as w on m.our_day = w.bank_day and m.payment_id = w.payment_id and m.kind = w.kind
where m.is_own or m.is_released;
