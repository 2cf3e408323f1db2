-- Lines without a payment: what they may be, and what is to be done about them.
insert into news (
    bank_day, channel, account, side, item_id, loan_id, payment_id, cause, status, kind, effective_on, variance_cents,
    description, next_step
)
with fees_apart as (
    -- of payouts that were paid in full: their processor charges them in a line of its own
    select
        f.bank_day, p.channel, f.group_no, sum(settlement.fee_cents(f.our_cents, r.fee_ppm, r.fee_cents_each)) as cents
    from found as f
    inner join work.left_payments as p on f.payment_id = p.payment_id and f.kind = p.kind
    inner join settlement.rules as r on p.channel = r.channel
    where f.group_no is not null and r.grouped_by = 'payout'
    group by f.bank_day, p.channel, f.group_no
    having sum(f.fee_cents) = 0
),

-- What a person matched or took apart later does not go back to being written off by itself.
written_off as (
    select d.bank_day, l.line_id, min(d.reason) as reason
    from reconciliation.decisions_in_force as d
    cross join unnest(d.line_ids) as l (line_id)
    where
        d.decision = 'write_off' and d.bank_day = any(%(near)s::date[] || %(day)s::date)
        and not exists (
            select from reconciliation.decisions_in_force as later
            where
                later.decision in ('match', 'unmatch') and later.decision_no > d.decision_no
                and later.bank_day = d.bank_day and l.line_id = any(later.line_ids)
        )
    group by d.bank_day, l.line_id
),

judged as (
    select
        l.*, s.loan_id, s.payment_id, s.effective_on, w.reason,
        case
            when w.line_id is not null then 'write_off'
            when l.kind = 'fee' then 'fee'
            when l.kind not in ('credit', 'return') then 'unknown'
            when d.line_id is not null then 'duplicate_at_bank'
            when s.line_id is not null then 'return'
            else 'missing_here'
        end as cause,
        l.kind = 'fee'
        and (
            abs(l.amount_cents) <= coalesce(
                (
                    select m.cents from reconciliation.limits as m
                    where m.limit_name = 'fee'
                ), 0
            )
            or exists (
                select from fees_apart as a
                where a.bank_day = l.bank_day and a.channel = l.channel and a.cents = -l.amount_cents
            )
        ) as is_small_fee
    from work.open_lines as l
    left join work.repeated as d on l.bank_day = d.bank_day and l.line_id = d.line_id
    -- a payment that went back, though nobody told us yet
    left join work.named as s on l.bank_day = s.bank_day and l.line_id = s.line_id and s.kind = 'return'
    left join written_off as w on l.bank_day = w.bank_day and l.line_id = w.line_id
)

select
    j.bank_day, j.channel, j.account, 'bank', j.line_id, j.loan_id, j.payment_id, j.cause,
    case when j.cause = 'write_off' then 'settled_by_person' when j.is_small_fee then 'explained' else 'open' end,
    j.kind, j.effective_on, j.amount_cents,
    format(
        case j.cause
            when
                'write_off'
                then 'The bank shows %%s of %%s by %%s, %%s; written off: ' || replace(j.reason, '%%', '%%%%')
            when 'fee' then 'The bank shows %%s of %%s by %%s, %%s.'
            when 'unknown' then 'The bank shows %%s of %%s by %%s, %%s; no payment is of this kind.'
            when 'duplicate_at_bank' then 'The bank shows %%s of %%s by %%s, %%s, more often than we do.'
            when
                'return'
                then 'The bank shows %%s of %%s by %%s, %%s, of a payment of ours of which no return was told.'
            else 'The bank shows %%s of %%s by %%s, %%s; no payment of ours accounts for it.'
        end,
        case j.kind
            when 'credit' then 'a credit' when 'return' then 'a return' when 'fee' then 'a fee' else 'a movement'
        end,
        operations.dollars(j.amount_cents),
        j.channel,
        coalesce('reference ' || j.told_reference, 'without a reference')
    ),
    case
        when j.cause = 'write_off' or j.is_small_fee then null
        when j.cause = 'fee' then 'A fee of this size is not usual: hold it against the contract, then write it off.'
        when j.cause = 'unknown' then 'Find out what the bank moved, book it or write it off.'
        when j.cause = 'duplicate_at_bank' then 'Ask the bank to take the second line back.'
        when j.cause = 'return' then 'Have the return told by its source, or book it: the loan still shows the payment.'
        else
            'Ask the source of the rail for what it has not told, or look at payments reconcile suggestions; '
            || 'money that is nobody''s goes back.'
    end
from judged as j;
