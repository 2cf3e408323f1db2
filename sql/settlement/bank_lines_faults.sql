-- The first line of the file of :day that must not be stored, and why; no row where all is well.
with
-- The bank's words for what happened; a line with any other would be summed up and never looked at.
strangers as (
    select a.line_id, format('is of kind %%L, which is none of credit, return, fee, other', a.kind) as fault
    from arriving_lines as a
    where a.kind not in ('credit', 'return', 'fee', 'other')
),

misplaced as (
    select a.line_id, format('is of bank day %%s, which is not that of its file', a.bank_day) as fault
    from arriving_lines as a
    where a.bank_day <> %(day)s
),

-- An id that the file has several times is one line only if they all say the same.
repeated as (
    select a.line_id
    from arriving_lines as a
    group by a.line_id
    having count(*) > 1
),

contradicting as (
    select versions.line_id
    from (
        select distinct a.*
        from arriving_lines as a
        inner join repeated as r on a.line_id = r.line_id
    ) as versions
    group by versions.line_id
    having count(*) > 1
),

changed as (
    select a.line_id, s.source
    from arriving_lines as a
    inner join settlement.bank_lines as s on a.line_id = s.line_id
    where
        s.bank_day = %(day)s
        and (a.account, a.channel, a.kind, a.amount_cents, a.reference, a.transaction_id, a.description)
        is distinct from (s.account, s.channel, s.kind, s.amount_cents, s.reference, s.transaction_id, s.description)
),

faults as (
    select * from strangers
    union all
    select * from misplaced
    union all
    select c.line_id, 'is in the file twice, with different content' from contradicting as c
    union all
    select c.line_id, format('is stored already, from %%s, with different content', c.source) from changed as c
)

select f.line_id, f.fault
from faults as f
order by f.line_id, f.fault
limit 1;
