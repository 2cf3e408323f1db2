-- What each rail should deliver to the bank on :day, and what it did.

-- Joining day by day lets each day choose its own way: most of them have next to nothing that settles on :day.
select set_config('enable_partitionwise_join', 'on', true);

-- By itself first: a select is shared among the cores, an insert is not.
drop table if exists pg_temp.expected;

create temporary table expected on commit drop as
with
-- Money of today that settles today. Only what its rail has called completed is money that the bank owes us.
of_today as (
    select p.channel, p.amount_cents
    from payments.payments as p
    inner join payments.transitions as t on p.loan_id = t.loan_id and p.payment_id = t.payment_id
    where
        p.effective_on = %(day)s
        and p.settles_on = %(day)s
        and t.effective_on = %(day)s
        and t.status = 'completed'
),

-- Money of the days before whose rail took its time. That the two dates differ is the condition of the index that
-- finds it.
of_before as (
    select p.channel, p.amount_cents
    from payments.payments as p
    inner join payments.transitions as t
        on p.effective_on = t.effective_on and p.loan_id = t.loan_id and p.payment_id = t.payment_id
    where
        p.effective_on between %(day)s - settlement.most_days_to_settle() and %(day)s - 1
        and p.settles_on = %(day)s
        and p.settles_on <> p.effective_on
        and t.effective_on between %(day)s - settlement.most_days_to_settle() and %(day)s - 1
        and t.status = 'completed'
)

select
    s.channel, count(*) as payments, sum(s.amount_cents)::bigint as cents,
    -- rails without a fee need no sum of fees
    case
        when max(r.fee_ppm) + max(r.fee_cents_each) > 0
            then coalesce(sum(settlement.fee_cents(s.amount_cents, r.fee_ppm, r.fee_cents_each)), 0)::bigint
        else 0
    end as fee_cents
from (
    select * from of_today
    union all
    select * from of_before
) as s
left join settlement.rules as r on s.channel = r.channel
group by s.channel;

delete from settlement.batches
where bank_day = %(day)s;

insert into settlement.batches (
    bank_day, account, channel, expected_count, expected_cents, expected_fee_cents, actual_count, actual_cents, status,
    reference
)
with
-- What the bank credited; what is on another account of ours than the rail's has not been delivered.
delivered as (
    select
        b.channel, count(*) as credits, sum(b.amount_cents)::bigint as cents,
        case when count(*) = 1 then min(b.reference) end as reference
    from settlement.lines_in_force as b
    left join settlement.rules as r on b.channel = r.channel
    where
        b.bank_day = %(day)s and b.kind = 'credit'
        and (coalesce(b.account = r.account, true) or b.account not in (select k.account from settlement.rules as k))
    group by b.channel
),

compared as (
    select
        channel, coalesce(e.payments, 0) as payments, coalesce(e.cents, 0) as expected_cents,
        -- who pays out in full keeps nothing
        case when e.cents = d.cents then 0 else coalesce(e.fee_cents, 0) end as fee_cents,
        coalesce(d.credits, 0) as credits, coalesce(d.cents, 0) as actual_cents, d.reference
    from expected as e
    full outer join delivered as d using (channel)
)

select
    %(day)s, coalesce(r.account, ''), c.channel, c.payments, c.expected_cents, c.fee_cents, c.credits, c.actual_cents,
    case
        when c.actual_cents = c.expected_cents - c.fee_cents then 'settled' when c.credits = 0 then 'late' else
            'variance'
    end,
    case when coalesce(r.grouped_by, 'transfer') <> 'transfer' then c.reference end
from compared as c
left join settlement.rules as r on c.channel = r.channel;
