-- What explains the variance of :day: lines and movements without a partner, and pairs whose amounts differ. Read from
-- the temporary table `pairs`.

delete from reconciliation.items
where bank_day = %(day)s;

insert into reconciliation.items (
    bank_day, channel, side, item_id, loan_id, payment_id, cause, variance_cents, description
)
with
lines_left as (
    select pairs.* from pairs
    where pairs.payment_id is null
),

-- A line that says what a matched line says already is more likely told twice than a payment that we lack.
repeated as (
    select distinct lines_left.line_id
    from lines_left
    inner join pairs using (hash, folded, channel, kind, bank_cents)
    where pairs.payment_id is not null and pairs.method = 'exact'
)

select
    %(day)s, lines_left.channel, 'bank', lines_left.line_id, null::bigint, null::uuid,
    case when repeated.line_id is null then 'missing_here' else 'duplicate_at_bank' end,
    lines_left.bank_cents,
    format(
        case
            when
                repeated.line_id is null
                then 'The bank shows %%s of %%s by %%s, %%s; no payment of ours accounts for it.'
            else 'The bank shows %%s of %%s by %%s, %%s, more often than we do.'
        end,
        case lines_left.kind
            when 'credit' then 'a credit' when 'return' then 'a return' when 'fee' then 'a fee' else 'a movement'
        end,
        operations.dollars(lines_left.bank_cents), lines_left.channel,
        coalesce('reference ' || btrim(lines_left.reference), 'without a reference')
    )
from lines_left
left join repeated on repeated.line_id = lines_left.line_id
union all
select
    %(day)s, pairs.channel, 'ours', pairs.payment_id || ' ' || pairs.kind,
    pairs.loan_id, pairs.payment_id, 'missing_at_bank', -pairs.our_cents,
    format(
        'The bank does not show %%s of %%s by %%s, reference %%s, that it should have shown on this day.',
        case pairs.kind when 'credit' then 'a payment' else 'a return' end,
        operations.dollars(pairs.our_cents), pairs.channel, btrim(pairs.reference)
    )
from pairs
where pairs.line_id is null
union all
select
    %(day)s, pairs.channel, 'both', pairs.line_id, pairs.loan_id, pairs.payment_id, 'amount_differs',
    pairs.bank_cents - pairs.our_cents,
    format(
        'For reference %%s by %%s the bank shows %%s and we %%s.', btrim(pairs.reference), pairs.channel,
        operations.dollars(pairs.bank_cents), operations.dollars(pairs.our_cents)
    )
from pairs
where pairs.line_id is not null and pairs.payment_id is not null and pairs.method = 'reference';
