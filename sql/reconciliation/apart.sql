-- Takes apart pairs that must not stand as they are: those about which people decided something, and those whose line
-- is on another account than its rail settles on. Both sides are left over then.
with decided as (
    select unnest(d.line_ids) as line_id, null::uuid as payment_id
    from reconciliation.decisions_in_force as d
    where d.bank_day = any(%(days)s)
    union
    select null, unnest(d.payment_ids)
    from reconciliation.decisions_in_force as d
    where d.bank_day = any(%(days)s)
),

misplaced as (
    select t.channel, t.as_written
    from totals as t
    inner join settlement.rules as r on t.channel = r.channel
    where t.as_written is not null and t.account <> r.account
),

taken as (
    delete from work.pairs as p
    where
        p.line_id is not null and p.payment_id is not null
        and (
            p.line_id in (
                select d.line_id from decided as d
                where d.line_id is not null
            )
            or p.payment_id in (
                select d.payment_id from decided as d
                where d.payment_id is not null
            )
            or (p.channel, p.account) in (select m.channel, m.as_written from misplaced as m)
        )
    returning p.*
)

insert into work.pairs (
    hash, channel, kind, account, line_id, effective_on, loan_id, payment_id, bank_cents, our_cents, is_by_id
)
select t.hash, t.channel, t.kind, t.account, t.line_id, null::date, null::bigint, null::uuid, t.bank_cents, null, null
from taken as t
union all
select t.hash, t.channel, t.kind, null, null, t.effective_on, t.loan_id, t.payment_id, null, t.our_cents, t.is_by_id
from taken as t;
