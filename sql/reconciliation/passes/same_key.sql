-- Pairs of which the id of the transfer, or the reference, and rail, kind and amount are the same: :method says which.
-- By the reference, those of one day come first: another payment may have it on another day. Ids of the same form that
-- differ speak against it, whatever the reference says.
--
-- Those that look alike are paired in the order of their days, the first with the first. Where there are fewer lines
-- than movements nobody can tell which movement the bank does not show: none is paired; across days by a reference
-- alone, neither where there are more.
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

met_lines as (
    select
        l.*,
        row_number() over (
            partition by l.channel, l.account, l.kind, l.amount_cents, l.key order by l.bank_day, l.line_id
        ) as nth,
        count(*) over (partition by l.channel, l.account, l.kind, l.amount_cents, l.key) as lines
    from lines as l
    where exists (
        select from movements as m
        where
            m.key = l.key and m.amount_cents = l.amount_cents and m.channel = l.channel and m.account = l.account
            and m.kind = l.kind
    )
),

met_movements as (
    select
        m.*,
        row_number() over (
            partition by m.channel, m.account, m.kind, m.amount_cents, m.key order by m.our_day, m.payment_id
        ) as nth,
        count(*) over (partition by m.channel, m.account, m.kind, m.amount_cents, m.key) as movements
    from movements as m
    where exists (
        select from lines as l
        where
            l.key = m.key and l.amount_cents = m.amount_cents and l.channel = m.channel and l.account = m.account
            and l.kind = m.kind
    )
)

select
    l.bank_day, l.line_id, m.our_day, m.effective_on, m.loan_id, m.payment_id, m.kind,
    l.amount_cents as bank_cents, m.amount_cents as our_cents,
    case %(method)s when 'transfer_id' then 'transfer_id' else 'reference_amount' end
from met_lines as l
inner join met_movements as m using (key, amount_cents, channel, account, kind, nth)
where
    case %(method)s when 'reference_amount' then l.lines = m.movements else l.lines >= m.movements end
    and (%(method)s = 'transfer_id' or reconciliation.ids_are_silent(l.transfer_id, m.transfer_id))
    and (l.is_own or m.is_own)
    and not exists (
        select from forbidden as f
        where f.line_id = l.line_id and f.payment_id = m.payment_id
    );
