-- Left-over lines and movements with all that a pass may go by, from work.left_lines and work.left_payments. Text is
-- compared folded; `squeezed` is its letters and digits alone. Deposits and payouts of payments that we learned of
-- on :booked_days are named by the rows that brought them. A statement does not say why a transfer of our own went out:
-- it is a return where a return that we know, within the window of the rail, names it.
--
-- A line and a movement may belong together if no more than `reach` bank days lie between them, the window of the rail.
-- Who is judged may be matched: all that can be its rival is here. What is further from :day is only a rival.
drop table if exists work.candidate_lines, work.candidate_movements, pg_temp.forbidden;

create unlogged table work.candidate_lines as
with told as (
    select
        l.*, b.channel, b.kind, b.amount_cents, b.transaction_id as transfer_id, b.account as as_written,
        nullif(reconciliation.folded(b.reference), '') as reference, nullif(btrim(b.reference), '') as told_reference
    from work.left_lines as l
    inner join settlement.lines_in_force as b on l.bank_day = b.bank_day and l.line_id = b.line_id
    where b.bank_day = any(%(near)s::date[] || %(day)s::date)
),

went_back as (
    select distinct t.bank_day, t.line_id
    from told as t
    inner join work.left_payments as p on t.channel = p.channel and t.transfer_id = p.transfer_id
    where t.kind = 'other' and p.kind = 'return' and abs(t.day_no - p.day_no) <= p.reach
),

known as (
    select
        t.bank_day, t.line_id, t.is_own, t.is_released, t.day_no, t.channel, t.amount_cents, t.transfer_id,
        t.as_written, t.reference, t.told_reference, case when w.line_id is null then t.kind else 'return' end as kind
    from told as t
    left join went_back as w on t.bank_day = w.bank_day and t.line_id = w.line_id
)

select
    k.bank_day, k.line_id, k.is_own, k.is_released, k.day_no, k.channel,
    k.kind, k.amount_cents, k.transfer_id, k.reference,
    k.told_reference,
    nullif(regexp_replace(k.reference, '[^a-z0-9]', '', 'g'), '') as squeezed,
    case
        when exists (
            select from settlement.rules as s
            where s.account = k.as_written
        ) then k.as_written
        else coalesce(r.account, k.as_written)
    end as account,
    coalesce(r.grouped_by, 'transfer') as grouped_by, coalesce(r.window_bank_days, 0) as reach,
    k.is_own or k.is_released or coalesce(abs(k.day_no) <= 2 * r.window_bank_days, false) as is_judged
from known as k
left join settlement.rules as r on k.channel = r.channel;

create unlogged table work.candidate_movements as
with told as (
    -- a row of the same batch of ours names the deposit or payout that the payment is in
    select s.batch_id, s.line, coalesce(s.metadata ->> 'deposit', s.metadata ->> 'payout') as number
    from ingestion.staged as s
    where s.booked_on = any(%(booked_days)s) and s.metadata ?| array['deposit', 'payout']
),

known as (
    select
        p.*, nullif(reconciliation.folded(p.as_written), '') as reference,
        case
            when p.grouped_by <> 'transfer' and p.kind = 'credit'
                then nullif(reconciliation.folded(t.number), '')
        end as number
    from work.left_payments as p
    left join told as t
        on p.batch_id = t.batch_id and p.line = t.line and p.grouped_by <> 'transfer' and p.kind = 'credit'
)

select
    k.our_day, k.effective_on, k.loan_id, k.payment_id, k.kind, k.is_own, k.is_released, k.day_no, k.channel,
    k.account, k.grouped_by, k.reach, k.is_own or k.is_released or abs(k.day_no) <= 2 * k.reach as is_judged,
    k.amount_cents, k.fee_cents, k.transfer_id, k.reference,
    nullif(btrim(k.as_written), '') as told_reference,
    nullif(regexp_replace(k.reference, '[^a-z0-9]', '', 'g'), '') as squeezed, k.number
from known as k;

-- Pairs that people took apart, unless they brought them together again.
create temporary table forbidden on commit drop as
select distinct l.line_id, p.payment_id
from reconciliation.decisions_in_force as d
cross join unnest(d.line_ids) as l (line_id)
cross join unnest(d.payment_ids) as p (payment_id)
where
    d.decision = 'unmatch' and d.bank_day = any(%(near)s::date[] || %(day)s::date)
    and not exists (
        select from reconciliation.decisions_in_force as later
        where
            later.decision = 'match' and later.decision_no > d.decision_no
            and l.line_id = any(later.line_ids) and p.payment_id = any(later.payment_ids)
    );

analyze work.candidate_lines, work.candidate_movements;
