-- What explains the variance of :day, and what its matches with the days around it, :near, explain of theirs. Read from
-- what the passes found and what they left over. Tells how many items of the day there are.
drop table if exists pg_temp.news, pg_temp.touched, work.open_lines, work.named, work.repeated;

-- The passes have taken most of it away since it was counted.
analyze found, work.candidate_lines, work.candidate_movements;

create temporary table news (like reconciliation.items including defaults) on commit drop;

-- Money of one day on the line of another: it is missing on the one and too much on the other, and nobody need do
-- anything.
insert into news (
    bank_day, channel, account, side, item_id, loan_id, payment_id, cause, status, kind, effective_on, variance_cents,
    description
)
select
    f.bank_day, b.channel, coalesce(t.account, r.account, b.account), 'bank', f.line_id, null::bigint, null::uuid,
    'timing', 'explained', f.kind, null::date, sum(f.our_cents),
    format(
        'The bank shows %%s by %%s, %%s, that we expected on %%s.',
        operations.dollars(sum(f.our_cents)::bigint),
        b.channel,
        coalesce('reference ' || btrim(b.reference), 'without a reference'),
        string_agg(distinct f.our_day::text, ', ')
    )
from found as f
inner join settlement.bank_lines as b on f.bank_day = b.bank_day and f.line_id = b.line_id
left join settlement.rules as r on b.channel = r.channel
left join lateral (
    select k.account from settlement.rules as k
    where k.account = b.account
    limit 1
) as t on true
where f.bank_day <> f.our_day and b.bank_day = any(%(near)s::date[] || %(day)s::date)
group by f.bank_day, f.line_id, f.kind, b.channel, b.account, b.reference, t.account, r.account
union all
select
    f.our_day, p.channel, p.account, 'ours', f.payment_id || ' ' || f.kind, f.loan_id, f.payment_id, 'timing',
    'explained', f.kind, f.effective_on, -sum(f.our_cents),
    format(
        'The bank shows %%s by %%s on %%s instead of this day.',
        operations.dollars(sum(f.our_cents)::bigint),
        p.channel,
        string_agg(distinct f.bank_day::text, ', ')
    )
from found as f
inner join work.left_payments as p on f.payment_id = p.payment_id and f.kind = p.kind
where f.bank_day <> f.our_day
group by f.our_day, p.channel, p.account, f.payment_id, f.kind, f.loan_id, f.effective_on;

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

-- Lines of the days around it that name a payment which a line of this day has now: what was said of them is said anew.
update work.candidate_lines as l
set is_released = true
from payments.payments as p, reconciliation.matches as m
where
    not (l.is_own or l.is_released) and l.kind = 'credit'
    and l.transfer_id = p.transfer_id and l.channel = p.channel and l.amount_cents = p.amount_cents
    and p.effective_on between %(day)s::date - settlement.most_days_to_settle()
    and %(day)s::date + settlement.most_days_to_settle()
    and p.loan_id = m.loan_id and p.payment_id = m.payment_id and m.kind = 'credit'
    and m.bank_day = any(%(near)s::date[] || %(day)s::date);

-- Lines without a payment: counted apart, since they are few and all of a large day is looked through for them.
create unlogged table work.open_lines as
select l.*, hashtextextended(coalesce(l.transfer_id, l.reference), l.amount_cents) as hash
from work.candidate_lines as l
where l.is_own or l.is_released;

analyze work.open_lines;

-- The payment of ours that a line names by the id of its transfer; a return names it by its reference, too. A table of
-- its own, as is what follows: all of a large day is read for it, which several cores may share for a table that is
-- made, and not for an insert.
create unlogged table work.named as
select distinct on (l.bank_day, l.line_id)
    l.bank_day, l.line_id, l.kind, p.loan_id, p.payment_id, p.effective_on,
    coalesce(l.transfer_id = p.transfer_id, false) as is_by_id
from work.open_lines as l
inner join payments.payments as p on abs(l.amount_cents) = p.amount_cents and l.channel = p.channel
where
    p.effective_on between %(day)s::date - settlement.most_days_to_settle()
    and %(day)s::date + settlement.most_days_to_settle()
    -- a return that was itself turned back brings money
    and (l.kind <> 'return' or l.amount_cents < 0)
    and (
        l.transfer_id = p.transfer_id
        or (l.kind = 'return' and l.reference = reconciliation.folded(p.reference))
    )
order by l.bank_day asc, l.line_id asc, p.effective_on desc, p.payment_id asc;

-- A line that says what a matched line of its day says already, or that names a payment which the bank shows on a day
-- around it, is more likely told twice than a payment that we lack.
create unlogged table work.repeated as
with found_lines as (
    select distinct
        b.channel, f.kind, b.amount_cents, b.bank_day,
        coalesce(b.transaction_id, reconciliation.folded(b.reference)) as key
    from found as f
    inner join settlement.bank_lines as b on f.bank_day = b.bank_day and f.line_id = b.line_id
    where b.bank_day = any(%(near)s::date[] || %(day)s::date)
)

select l.bank_day, l.line_id
from work.open_lines as l
inner join work.pairs as p using (hash, channel, kind)
where l.is_own and p.line_id is not null and p.payment_id is not null and l.amount_cents = p.bank_cents
union
select l.bank_day, l.line_id
from work.open_lines as l
inner join found_lines as f using (bank_day, channel, kind, amount_cents)
where f.key = coalesce(l.transfer_id, l.reference)
union
select n.bank_day, n.line_id
from work.named as n
inner join reconciliation.matches as m on n.loan_id = m.loan_id and n.payment_id = m.payment_id and n.kind = m.kind
where n.is_by_id and m.bank_day = any(%(near)s::date[] || %(day)s::date);

insert into news (
    bank_day, channel, account, side, item_id, loan_id, payment_id, cause, status, kind, effective_on, variance_cents,
    description, next_step
)
with sent_back as (
    -- it went back, though nobody told us yet
    select n.* from work.named as n
    where n.kind = 'return'
),

-- Fees of payouts that were paid in full, which their processor charges in a line of its own.
fees_apart as (
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
    left join sent_back as s on l.bank_day = s.bank_day and l.line_id = s.line_id
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

update news set opened_on = news.bank_day;

-- The neighbours that change: what they shared with this day, and what they share with it now.
create temporary table touched on commit drop as
select r.bank_day as day from released as r
union
select r.our_day from released as r
union
select f.bank_day from found as f
union
select f.our_day from found as f
union
select l.bank_day from work.candidate_lines as l
where l.is_released;

delete from touched as t
where t.day = %(day)s;

delete from reconciliation.items as i
where i.bank_day = %(day)s;

delete from reconciliation.items as i
using (
    select r.bank_day, r.our_day, r.line_id, r.payment_id, r.kind from released as r
    union
    select f.bank_day, f.our_day, f.line_id, f.payment_id, f.kind from found as f
    union
    select l.bank_day, null, l.line_id, null, null from work.candidate_lines as l
    where l.is_released
) as c
where
    i.bank_day = any(%(near)s)
    and (
        (i.bank_day = c.bank_day and i.side in ('bank', 'both') and i.item_id in (c.line_id, c.line_id || ' fee'))
        or (i.bank_day = c.our_day and i.side = 'ours' and i.item_id = c.payment_id || ' ' || c.kind)
    );

insert into reconciliation.items
select n.* from news as n
where n.bank_day = %(day)s or n.bank_day in (select t.day from touched as t);

select count(*)::int as items from news as n
where n.bank_day = %(day)s
