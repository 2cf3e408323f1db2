-- Lines that show other cents than ours: what the processor kept, and what is left to explain.
insert into news (
    bank_day, channel, account, side, item_id, loan_id, payment_id, cause, status, kind, effective_on, variance_cents,
    description, next_step
)
with lines as (
    select
        f.bank_day, f.line_id, f.kind, f.method, p.channel, p.account, count(*) as payments,
        min(f.loan_id) as loan_id, min(f.payment_id::text)::uuid as payment_id, min(f.effective_on) as effective_on,
        sum(f.bank_cents)::bigint as bank_cents, sum(f.our_cents)::bigint as our_cents,
        sum(f.fee_cents)::bigint as fee_cents
    from found as f
    inner join work.left_payments as p on f.payment_id = p.payment_id and f.kind = p.kind
    group by f.bank_day, f.line_id, f.kind, f.method, p.channel, p.account
)

select
    l.bank_day, l.channel, l.account, 'both', l.line_id || ' fee', null::bigint, null::uuid, 'fee', 'explained', l.kind,
    null::date, -l.fee_cents,
    format(
        'The processor of %%s kept %%s of %%s payments, as its rule says.', l.channel, operations.dollars(l.fee_cents),
        l.payments
    ),
    null
from lines as l
where l.fee_cents <> 0
union all
select
    l.bank_day, l.channel, l.account, 'both', l.line_id, case l.payments when 1 then l.loan_id end,
    case l.payments when 1 then l.payment_id end,
    case l.method when 'decision' then 'write_off' when 'batch_with_return' then 'return' else 'amount_differs' end,
    case l.method when 'decision' then 'settled_by_person' else 'open' end, l.kind,
    case l.payments when 1 then l.effective_on end,
    l.bank_cents - l.our_cents + l.fee_cents,
    case l.method
        when 'batch_with_return'
            then format(
                'The payout of %%s by %%s is less by %%s, the amount of a payment of the days before: the processor '
                || 'took it back.',
                operations.dollars(l.bank_cents), l.channel,
                operations.dollars(-(l.bank_cents - l.our_cents + l.fee_cents))
            )
        else
            format(
                'For %%s by %%s the bank shows %%s and we %%s.',
                case l.payments when 1 then 'a payment' else l.payments || ' payments' end,
                l.channel, operations.dollars(l.bank_cents), operations.dollars(l.our_cents - l.fee_cents)
            )
    end,
    case l.method
        when 'decision' then null
        when 'batch_with_return' then 'Ask the processor which payment it took back, and book its return.'
        else 'Ask the bank or the processor which amount is right, and have the wrong one corrected.'
    end
from lines as l
where l.bank_cents - l.our_cents + l.fee_cents <> 0;
