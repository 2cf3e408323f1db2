-- What each rail should deliver to the bank on :day, and what it did.

-- Joining day by day lets each day choose its own way: most of them have next to nothing that settles on :day.
select set_config('enable_partitionwise_join', 'on', true);

delete from settlement.batches where bank_day = %(day)s;

insert into settlement.batches (bank_day, channel, expected_count, expected_cents, actual_count, actual_cents, status)
with
-- Money of today that settles today, and money of the days before whose rail took its time. No rail takes ten days; the
-- second condition on the earlier days is the one of their index.
settling as (
    select payments.effective_on, payments.loan_id, payments.payment_id, payments.channel, payments.amount_cents
    from payments.payments
    where payments.effective_on = %(day)s and payments.settles_on = %(day)s
    union all
    select payments.effective_on, payments.loan_id, payments.payment_id, payments.channel, payments.amount_cents
    from payments.payments
    where payments.effective_on between %(day)s - 10 and %(day)s - 1
        and payments.settles_on = %(day)s and payments.settles_on <> payments.effective_on
),

-- Only what its rail has called completed is money that the bank owes us.
expected as (
    select settling.channel, count(*) as payments, sum(settling.amount_cents)::bigint as cents
    from settling
    inner join payments.transitions
        on transitions.effective_on = settling.effective_on
            and transitions.loan_id = settling.loan_id
            and transitions.payment_id = settling.payment_id
    where transitions.status = 'completed' and transitions.effective_on between %(day)s - 10 and %(day)s
    group by settling.channel
),

-- What the bank credited.
delivered as (
    select bank_lines.channel, count(*) as credits, sum(bank_lines.amount_cents)::bigint as cents
    from settlement.bank_lines
    where bank_lines.bank_day = %(day)s and bank_lines.kind = 'credit'
    group by bank_lines.channel
)

select
    %(day)s,
    channel,
    coalesce(expected.payments, 0),
    coalesce(expected.cents, 0),
    coalesce(delivered.credits, 0),
    coalesce(delivered.cents, 0),
    case
        when expected.cents is not distinct from delivered.cents then 'settled'
        when delivered.credits is null then 'late'
        else 'variance'
    end
from expected
full outer join delivered using (channel);
