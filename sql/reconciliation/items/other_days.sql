-- Money of one day on the line of another: it is missing on the one and too much on the other, and nobody need do
-- anything.
insert into news (
    bank_day, channel, account, side, item_id, loan_id, payment_id, cause, status, kind, effective_on, variance_cents,
    description
)
select
    f.bank_day, p.channel, p.account, 'bank', f.line_id, null::bigint, null::uuid, 'timing', 'explained', f.kind,
    null::date, sum(f.our_cents),
    format(
        'The bank shows %%s by %%s, %%s, that we expected on %%s.',
        operations.dollars(sum(f.our_cents)::bigint),
        p.channel,
        coalesce('reference ' || btrim(b.reference), 'without a reference'),
        string_agg(distinct f.our_day::text, ', ')
    )
from found as f
inner join work.left_payments as p on f.payment_id = p.payment_id and f.kind = p.kind
inner join settlement.bank_lines as b on f.bank_day = b.bank_day and f.line_id = b.line_id
where f.bank_day <> f.our_day and b.bank_day = any(%(near)s::date[] || %(day)s::date)
group by f.bank_day, f.line_id, f.kind, p.channel, p.account, b.reference
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
