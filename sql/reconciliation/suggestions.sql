-- What may belong together among what is left over of :day, for people to decide: lines and payments of one rail and
-- amount of which there are several, and batches that do not add up to the line that names them.
insert into reconciliation.suggestions (bank_day, suggestion_id, line_ids, payment_ids, method, score, evidence)
with alike as (
    select
        l.bank_day, l.line_id, m.our_day, m.payment_id, m.amount_cents, m.channel,
        coalesce(l.transfer_id = m.transfer_id, false) as is_same_id,
        coalesce(l.reference = m.reference, false) as is_same_reference,
        coalesce(reconciliation.is_like(l.squeezed, m.squeezed), false) as is_like,
        l.reference is not null and m.reference is not null as has_both,
        count(*) over (partition by l.bank_day, l.line_id) as movements,
        count(*) over (partition by m.payment_id, m.kind) as lines,
        row_number() over (
            partition by l.bank_day, l.line_id order by abs(l.bank_day - m.our_day), m.our_day, m.payment_id
        ) as nth
    from work.candidate_lines as l
    inner join work.candidate_movements as m using (channel, account, kind, amount_cents)
    where (l.is_own or m.is_own) and abs(l.day_no - m.day_no) <= l.reach
),

scored as (
    select
        a.*,
        case
            when a.is_same_id then 75
            when a.is_same_reference then 70
            when a.is_like then 60
            when not a.has_both then 45
            else 20
        end / greatest(a.movements, a.lines) as score
    from alike as a
    where a.nth <= 5
),

of_batches as (
    select
        l.bank_day, l.line_id, l.channel, l.amount_cents, g.members, g.gross, g.net,
        array_agg(m.payment_id order by m.payment_id) as payment_ids
    from batch_lines as l
    inner join batch_groups as g on l.group_id = g.group_id
    inner join batch_members as m on g.group_id = m.group_id
    inner join work.candidate_lines as still on l.bank_day = still.bank_day and l.line_id = still.line_id
    where
        g.members <= 1000 and (still.is_own or m.is_own)
        and not exists (
            select from found as f
            where f.payment_id = m.payment_id and f.kind = 'credit'
        )
    group by l.bank_day, l.line_id, l.channel, l.amount_cents, g.members, g.gross, g.net
)

select
    %(day)s, operations.content_id('suggestion|' || s.line_id || '|' || s.payment_id), array[s.line_id],
    array[s.payment_id],
    case
        when s.is_same_id then 'transfer_id' when s.is_same_reference then 'reference_amount'
        when s.is_like then 'like_reference' else 'amount_window'
    end,
    greatest(s.score, 1),
    format(
        'The line of %%s and the movement of %%s are of %%s by %%s%%s; %%s.', s.bank_day, s.our_day,
        operations.dollars(s.amount_cents), s.channel,
        case
            when s.is_same_id then ', with the same id' when s.is_same_reference then ', with the same reference'
            when s.is_like then ', and their references are alike' when s.has_both then ', but their references differ'
            else ', and the line names nothing'
        end,
        case greatest(s.movements, s.lines)
            when 1 then 'nothing else of this amount is left over'
            else format('%%s movements and %%s lines of this amount are left over', s.movements, s.lines)
        end
    )
from scored as s
union all
select
    %(day)s, operations.content_id('suggestion|' || b.line_id || '|' || b.payment_ids::text), array[b.line_id],
    b.payment_ids, 'batch_in_part',
    greatest(10, 60 - (100 * abs(b.amount_cents - b.net) / greatest(abs(b.net), 1))::int),
    format(
        'The line of %%s by %%s names a batch of %%s payments that add up to %%s, less fees to %%s: %%s apart.',
        operations.dollars(b.amount_cents),
        b.channel,
        b.members,
        operations.dollars(b.gross),
        operations.dollars(b.net),
        operations.dollars(b.amount_cents - b.net)
    )
from of_batches as b
on conflict (bank_day, suggestion_id) do nothing;
