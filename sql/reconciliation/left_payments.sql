-- The payments of `work.left_movements`, of value dates :value_dates, whatever became of them. Tells on which days we
-- learned of those that come in batches: their rows say in which. A return is known by the transfer by which the money
-- went back.
drop table if exists work.left_payments;

create unlogged table work.left_payments as
select
    m.*, p.channel, p.booked_on, p.batch_id, p.line, p.reference as as_written,
    coalesce(
        -- looked up one by one: of all that can be left over, few are returns
        case m.kind
            when 'return' then (
                select b.transfer_id from payments.reversals_in_force as b
                where b.loan_id = m.loan_id and b.payment_id = m.payment_id
            )
        end,
        p.transfer_id
    ) as transfer_id,
    case m.kind when 'return' then -p.amount_cents else p.amount_cents end as amount_cents,
    coalesce(r.account, '') as account,
    coalesce(r.grouped_by, 'transfer') as grouped_by,
    coalesce(r.window_bank_days, 0) as reach,
    case m.kind
        when 'credit' then settlement.fee_cents(p.amount_cents, r.fee_ppm, r.fee_cents_each) else 0
    end as fee_cents
from work.left_movements as m
inner join payments.payments as p
    on m.effective_on = p.effective_on and m.loan_id = p.loan_id and m.payment_id = p.payment_id
left join settlement.rules as r on p.channel = r.channel
where p.effective_on = any(%(value_dates)s);

analyze work.left_payments;

select distinct p.booked_on from work.left_payments as p
where p.grouped_by <> 'transfer' and p.kind = 'credit'
