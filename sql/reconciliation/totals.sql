-- What the bank and we have on :day, account by account and rail by rail, from the table `work.pairs`. Tells how
-- many lines stand on another account of ours than the one on which their rail settles.
--
-- An account that we know by another name than the bank does is the one on which the rail of the line settles.
drop table if exists pg_temp.totals;

create temporary table totals on commit drop as
with sums as (
    select
        p.channel, p.account as as_written, count(p.line_id) as lines, count(p.payment_id) as movements,
        coalesce(operations.total(p.bank_cents), 0) as bank_cents,
        coalesce(operations.total(p.our_cents), 0) as our_cents
    from work.pairs as p
    group by p.channel, p.account
),

sides as (
    -- the lines, on the account that they are on; the movements, on that of their rail
    select
        s.channel, s.as_written, s.lines, 0::bigint as movements, s.bank_cents, 0::bigint as our_cents,
        coalesce(k.account, coalesce(r.account, s.as_written)) as account
    from sums as s
    left join settlement.rules as r on s.channel = r.channel
    left join (select distinct rules.account from settlement.rules) as k on s.as_written = k.account
    where s.lines > 0
    union all
    select s.channel, null, 0, s.movements, 0, s.our_cents, coalesce(r.account, s.as_written, '')
    from sums as s
    left join settlement.rules as r on s.channel = r.channel
    where s.movements > 0
)

select
    s.channel, s.account, s.as_written, sum(s.lines)::bigint as lines, sum(s.movements)::bigint as movements,
    sum(s.bank_cents)::bigint as bank_cents, sum(s.our_cents)::bigint as our_cents
from sides as s
group by s.channel, s.account, s.as_written;

select coalesce(sum(t.lines), 0)::bigint as misplaced
from totals as t
inner join settlement.rules as r on t.channel = r.channel
where t.account <> r.account;
