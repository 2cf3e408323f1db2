-- The journal of :day as text for plain-text accounting tools, a transaction a row: its first line, what else is known
-- of it, its entries, and an empty line. Every transaction by itself, or, for the detail 'day', all transactions of one
-- kind and booking date as one. The names of the accounts are given, as each tool wants them.
with chart as (
    select * from unnest(%(accounts)s::integer[], %(names)s::text[]) as c (account, name)
),

entries as (
    select e.effective_on, e.booked_on, e.loan_id, e.subject_id, e.kind, e.seq, e.account, e.amount_cents
    from ledger.entries as e
    where e.effective_on = %(day)s and %(detail)s = 'transaction'
    union all
    select e.effective_on, e.booked_on, null, null, e.kind, null, e.account, sum(e.amount_cents)::bigint
    from ledger.entries as e
    where e.effective_on = %(day)s and %(detail)s = 'day'
    group by e.effective_on, e.booked_on, e.kind, e.account
    having sum(e.amount_cents) <> 0
),

transactions as (
    -- cents become dollars in decimal arithmetic, which is exact
    select
        e.effective_on, e.booked_on, e.loan_id, e.subject_id, e.kind, e.seq,
        to_char(e.effective_on::timestamp, 'YYYY-MM-DD') as day,
        to_char(e.booked_on::timestamp, 'YYYY-MM-DD') as booked,
        string_agg(
            '  ' || coalesce(c.name, %(unlisted)s || e.account) || '  ' || (e.amount_cents * 0.01) || ' USD',
            e'\n' order by e.account
        ) as lines
    from entries as e
    left join chart as c on e.account = c.account
    group by e.effective_on, e.booked_on, e.loan_id, e.subject_id, e.kind, e.seq
)

select
    case %(format)s
        when 'hledger'
            then
                t.day || ' * ' || coalesce('(' || t.subject_id || ') ', '') || t.kind
                || '  ; booked:' || t.booked || coalesce(', loan:' || t.loan_id || ', seq:' || t.seq, '')
        when 'beancount'
            then
                t.day || ' * "' || t.kind || e'"\n  booked: ' || t.booked
                || coalesce(e'\n  subject: "' || t.subject_id || e'"\n  loan: ' || t.loan_id, '')
                || coalesce(e'\n  seq: ' || t.seq, '')
    end || e'\n' || t.lines || e'\n'
from transactions as t
order by t.loan_id, t.subject_id, t.booked_on, t.kind, t.seq
