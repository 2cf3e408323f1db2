-- The claims row by row. Lines and payments lie along one measure, the cents of the claim: where a stretch of a line
-- and one of a payment overlap, the payment is in the line. What the one line of an unexplained rest has over goes to
-- the first payment.
insert into found (
    bank_day, line_id, our_day, effective_on, loan_id, payment_id, kind, bank_cents, our_cents, fee_cents, method,
    group_no
)
with lines as (
    select
        l.group_id, l.bank_day, l.line_id,
        sum(l.amount_cents) over along - l.amount_cents as from_cents,
        sum(l.amount_cents) over along as to_cents,
        sum(l.amount_cents) over (partition by l.group_id) as total,
        count(*) over (partition by l.group_id) as lines,
        hashtextextended(min(l.line_id) over (partition by l.group_id), 0) as group_no
    from claim_lines as l
    inner join batch_claims as c on l.group_id = c.group_id
    window along as (partition by l.group_id order by l.bank_day, l.line_id)
),

shares as (
    select
        m.group_id, c.method, o.our_day, o.effective_on, o.loan_id, o.payment_id, o.kind, o.amount_cents,
        case when c.is_net then o.fee_cents else 0 end as fee_cents
    from claim_members as m
    inner join batch_claims as c on m.group_id = c.group_id
    inner join work.candidate_movements as o on m.payment_id = o.payment_id and o.kind = 'credit'
),

members as (
    select
        s.*,
        sum(s.amount_cents - s.fee_cents) over along - (s.amount_cents - s.fee_cents) as from_cents,
        sum(s.amount_cents - s.fee_cents) over along as to_cents,
        sum(s.amount_cents - s.fee_cents) over (partition by s.group_id) as total,
        row_number() over along as nth
    from shares as s
    window along as (partition by s.group_id order by s.payment_id)
)

select
    l.bank_day, l.line_id, m.our_day, m.effective_on, m.loan_id, m.payment_id, m.kind,
    case
        when l.lines = 1 then m.amount_cents - m.fee_cents + case m.nth when 1 then l.total - m.total else 0 end
        else least(l.to_cents, m.to_cents) - greatest(l.from_cents, m.from_cents)
    end,
    case
        when l.lines = 1 then m.amount_cents
        else
            least(l.to_cents, m.to_cents) - greatest(l.from_cents, m.from_cents)
            + case when m.to_cents <= l.to_cents then m.fee_cents else 0 end
    end,
    case when l.lines = 1 or m.to_cents <= l.to_cents then m.fee_cents else 0 end,
    m.method, l.group_no
from lines as l
inner join members as m
    on l.group_id = m.group_id and (l.lines = 1 or (l.from_cents < m.to_cents and m.from_cents < l.to_cents));
