-- Pairs of which the id of the transfer, or the reference, and rail, kind and amount are the same: :method says which.
-- By the reference, those of one day come first: another payment may have it on another day. Ids of the same form that
-- differ speak against it, whatever the reference says.
--
-- Those that look alike are paired in the order of their days, the first with the first. Where there are fewer lines
-- than movements nobody can tell which movement the bank does not show: none is paired; across days by a reference
-- alone, neither where there are more. A line from which people took all that it could be paired with is no rival.
insert into found (
    bank_day, line_id, our_day, effective_on, loan_id, payment_id, kind, bank_cents, our_cents, method
)
with lines as (
    select
        c.*,
        case %(method)s
            when 'transfer_id' then c.transfer_id
            when 'reference_of_the_day' then c.bank_day || ' ' || c.reference
            else c.reference
        end as key
    from work.candidate_lines as c
),

movements as (
    select
        c.*,
        case %(method)s
            when 'transfer_id' then c.transfer_id
            when 'reference_of_the_day' then c.our_day || ' ' || c.reference
            else c.reference
        end as key
    from work.candidate_movements as c
),

met as (
    select
        'bank' as side, l.channel, l.account, l.kind, l.amount_cents, l.key, l.day_no, l.reach, l.bank_day as day,
        l.line_id as id, l.transfer_id, l.is_judged, null::date as effective_on, null::bigint as loan_id
    from lines as l
    where
        exists (
            select from movements as m
            where
                m.key = l.key and m.amount_cents = l.amount_cents and m.channel = l.channel and m.account = l.account
                and m.kind = l.kind
        )
        -- few were taken apart: only those are looked at one by one
        and (
            l.line_id not in (select f.line_id from forbidden as f)
            or exists (
                select from movements as m
                where
                    m.key = l.key and m.amount_cents = l.amount_cents and m.channel = l.channel
                    and m.account = l.account and m.kind = l.kind
                    and not exists (
                        select from forbidden as f
                        where f.line_id = l.line_id and f.payment_id = m.payment_id
                    )
            )
        )
    union all
    select
        'ours', m.channel, m.account, m.kind, m.amount_cents, m.key, m.day_no, m.reach, m.our_day, m.payment_id::text,
        m.transfer_id, m.is_judged, m.effective_on, m.loan_id
    from movements as m
    where exists (
        select from lines as l
        where
            l.key = m.key and l.amount_cents = m.amount_cents and l.channel = m.channel and l.account = m.account
            and l.kind = m.kind
    )
),

-- Where more days than the window lie between one and the next, another bout begins: nobody before is a rival of
-- anybody after.
spaced as (
    select
        t.*, t.day_no - lag(t.day_no) over alike > t.reach as is_first
    from met as t
    window alike as (partition by t.channel, t.account, t.kind, t.amount_cents, t.key order by t.day_no)
),

bouts as (
    select
        s.*,
        count(*) filter (where s.is_first) over (
            partition by s.channel, s.account, s.kind, s.amount_cents, s.key order by s.day_no
        ) as bout
    from spaced as s
),

numbered as (
    select
        b.*,
        row_number() over (
            partition by b.channel, b.account, b.kind, b.amount_cents, b.key, b.bout, b.side order by b.day, b.id
        ) as nth,
        count(*) filter (where b.side = 'bank') over bout as lines,
        count(*) filter (where b.side = 'ours') over bout as movements
    from bouts as b
    window bout as (partition by b.channel, b.account, b.kind, b.amount_cents, b.key, b.bout)
),

-- The two sides of a pair are brought into one row by grouping: nobody can tell the planner how few would have to be
-- compared in a join.
pairs as (
    select
        n.kind, n.amount_cents,
        max(n.day) filter (where n.side = 'bank') as bank_day,
        max(n.id) filter (where n.side = 'bank') as line_id,
        max(n.transfer_id) filter (where n.side = 'bank') as line_transfer_id,
        max(n.day) filter (where n.side = 'ours') as our_day,
        (max(n.id) filter (where n.side = 'ours'))::uuid as payment_id,
        max(n.transfer_id) filter (where n.side = 'ours') as transfer_id,
        max(n.effective_on) as effective_on, max(n.loan_id) as loan_id
    from numbered as n
    where case %(method)s when 'reference_amount' then n.lines = n.movements else n.lines >= n.movements end
    group by n.channel, n.account, n.kind, n.amount_cents, n.key, n.bout, n.nth
    having count(*) = 2 and bool_and(n.is_judged) and max(n.day_no) - min(n.day_no) <= min(n.reach)
)

select
    p.bank_day, p.line_id, p.our_day, p.effective_on, p.loan_id, p.payment_id, p.kind,
    p.amount_cents as bank_cents, p.amount_cents as our_cents,
    case %(method)s when 'transfer_id' then 'transfer_id' else 'reference_amount' end
from pairs as p
where
    (%(method)s = 'transfer_id' or reconciliation.ids_are_silent(p.line_transfer_id, p.transfer_id))
    and not exists (
        select from forbidden as f
        where f.line_id = p.line_id and f.payment_id = p.payment_id
    );
