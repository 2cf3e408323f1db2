-- Movements of ours that the bank should show on :day: a table of the schema work, which several cores can read at
-- once. A movement is known by the id of its transfer; where it has none, by its reference, trimmed and folded as in
-- the payment's key. The hash makes that quick to compare.

-- Joining day by day lets each day choose its own way: most of them have next to nothing that settles on :day.
select set_config('enable_partitionwise_join', 'on', true);

drop table if exists work.movements;

create unlogged table work.movements as
with
-- Money of today that settles today. Only what its rail has called completed is money that the bank has; what came back
-- later was there all the same.
credited_today as (
    select
        p.channel, 'credit' as kind, p.effective_on, p.loan_id, p.payment_id, p.transfer_id, p.reference, p.amount_cents
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
credited_before as (
    select
        p.channel, 'credit' as kind, p.effective_on, p.loan_id, p.payment_id, p.transfer_id, p.reference, p.amount_cents
    from payments.payments as p
    inner join payments.transitions as t
        on p.effective_on = t.effective_on and p.loan_id = t.loan_id and p.payment_id = t.payment_id
    where
        p.effective_on between %(day)s - settlement.most_days_to_settle() and %(day)s - 1
        and p.settles_on = %(day)s
        and p.settles_on <> p.effective_on
        and t.effective_on between %(day)s - settlement.most_days_to_settle() and %(day)s - 1
        and t.status = 'completed'
),

-- Payments of any age that went back when the bank shows it today: :value_dates are those of all that did. One that
-- never arrived cannot leave again. The bank shows the transfer by which the money went back, which on some rails is
-- another than it came by.
returned as (
    select
        p.channel, 'return' as kind, p.effective_on, p.loan_id, p.payment_id,
        coalesce(t.transfer_id, p.transfer_id) as transfer_id, p.reference, -p.amount_cents as amount_cents
    from payments.reversals_in_force as t
    inner join payments.payments as p
        on t.effective_on = p.effective_on and t.loan_id = p.loan_id and t.payment_id = p.payment_id
    inner join payments.transitions as arrived
        on
            t.effective_on = arrived.effective_on
            and t.loan_id = arrived.loan_id
            and t.payment_id = arrived.payment_id
            and arrived.status = 'completed'
    where
        t.happened_on between %(returns_from)s and %(day)s
        and t.effective_on = any(%(value_dates)s)
        and p.effective_on = any(%(value_dates)s)
        and arrived.effective_on = any(%(value_dates)s)
),

known as (
    select
        m.*,
        coalesce(m.transfer_id, reconciliation.folded(m.reference)) as key
    from (
        select * from credited_today
        union all
        select * from credited_before
        union all
        select * from returned
    ) as m
    offset bigint '0'
)

select
    k.channel, k.kind, k.effective_on, k.loan_id, k.payment_id, k.amount_cents, k.key,
    k.transfer_id is not null as is_by_id,
    hashtextextended(k.key, k.amount_cents) as hash
from known as k;
