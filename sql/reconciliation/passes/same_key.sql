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
        l.line_id as id
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
        'ours', m.channel, m.account, m.kind, m.amount_cents, m.key, m.day_no, m.reach, m.our_day, m.payment_id::text
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
)

select
    l.bank_day, l.line_id, m.our_day, m.effective_on, m.loan_id, m.payment_id, m.kind,
    l.amount_cents as bank_cents, m.amount_cents as our_cents,
    case %(method)s when 'transfer_id' then 'transfer_id' else 'reference_amount' end
from numbered as n
inner join numbered as o using (channel, account, kind, amount_cents, key, bout, nth)
inner join lines as l on n.day = l.bank_day and n.id = l.line_id
inner join movements as m on o.id = m.payment_id::text and o.kind = m.kind
where
    n.side = 'bank' and o.side = 'ours' and abs(n.day_no - o.day_no) <= n.reach
    and case %(method)s when 'reference_amount' then n.lines = n.movements else n.lines >= n.movements end
    and (%(method)s = 'transfer_id' or reconciliation.ids_are_silent(l.transfer_id, m.transfer_id))
    and l.is_judged and m.is_judged
    and not exists (
        select from forbidden as f
        where f.line_id = l.line_id and f.payment_id = m.payment_id
    );
