-- Double entry for what the former system posted for the loans boarded on :day: each of its postings, and, for the book
-- as a whole, the balances with which they begin, the interest that fell due, the fees that were charged, and the
-- handing over: on :day all that it held is closed, so that boarding opens the very same balances.
insert into work.entries
with postings as (
    select p.*, p.late_charges_cents + p.service_fees_cents as fees_cents
    from ledger.conversions as p
    inner join servicing.loans as l on p.loan_id = l.loan_id
    where l.boarded_on = %(day)s
),

parts as (
    -- a posting's entries: what came in is debited, what it was applied to is credited
    select p.loan_id, p.effective_on, p.subject_id, v.part, v.cents
    from postings as p
    cross join
        lateral (
            values
            ('former_cash', p.cash_cents), ('fees', -p.fees_cents), ('interest', -p.interest_cents),
            ('principal', -p.principal_cents), ('escrow', -p.escrow_cents), ('suspense', -p.suspense_cents),
            ('returned', -p.returned_cents)
        ) as v (part, cents)
    where v.cents <> 0
),

opened as (
    -- balances with which the postings of a loan begin
    select c.books_from as effective_on, v.part, sum(v.cents) as cents
    from servicing.converted_loans as c
    inner join servicing.loans as l on c.loan_id = l.loan_id
    cross join
        lateral (
            values
            ('principal', c.principal_cents), ('escrow', -c.escrow_cents), ('suspense', -c.suspense_cents),
            ('boarded', c.escrow_cents + c.suspense_cents - c.principal_cents)
        ) as v (part, cents)
    where l.boarded_on = %(day)s
    group by c.books_from, v.part
),

charged as (
    -- interest on the days on which it fell due, fees when they were paid
    select v.effective_on, v.part, sum(v.cents) as cents
    from postings as p
    cross join
        lateral (
            values
            (p.due_on, 'interest', p.interest_cents), (p.due_on, 'interest_income', -p.interest_cents),
            (p.effective_on, 'fees', p.fees_cents),
            (p.effective_on, 'late_fee_income', -p.late_charges_cents),
            (p.effective_on, 'nsf_fee_income', -p.service_fees_cents)
        ) as v (effective_on, part, cents)
    where v.cents <> 0
    group by v.effective_on, v.part
),

held as (
    -- what all of it adds up to, but for the income, which stays earned
    select q.part, sum(q.cents) as cents
    from (
        select r.part, r.cents from parts as r
        union all
        select o.part, o.cents from opened as o
        where o.part <> 'boarded'
        union all
        select g.part, g.cents from charged as g
        where g.part not in ('interest_income', 'late_fee_income', 'nsf_fee_income')
    ) as q
    group by q.part
),

book as (
    select b.effective_on, b.part, sum(b.cents)::bigint as cents
    from (
        select o.effective_on, o.part, o.cents from opened as o
        union all
        select g.effective_on, g.part, g.cents from charged as g
        union all
        select %(day)s::date, h.part, -h.cents from held as h
        union all
        select %(day)s::date, 'boarded', sum(h.cents) from held as h
    ) as b
    group by b.effective_on, b.part
)

select
    r.effective_on, r.loan_id, r.subject_id, 'conversion' as kind, 1::smallint as seq, a.account,
    r.cents as amount_cents, %(day)s::date as booked_on, %(run_no)s as run_no
from parts as r
inner join ledger.accounts as a on r.part = a.part
union all
select
    b.effective_on, 0, operations.content_id('conversion_book|' || %(day)s::date || '|' || b.effective_on),
    'conversion_book', 1::smallint, a.account, b.cents, %(day)s::date, %(run_no)s
from book as b
inner join ledger.accounts as a on b.part = a.part
where b.cents <> 0;

-- One event tells of all of it: its sums, and a hash over every posting.
insert into work.events
with told as materialized (
    select
        %(day)s::date as effective_on, operations.content_id('conversion|' || %(day)s::date) as subject_id,
        ledger.conversion_event(%(day)s::date) as data
)

select
    t.effective_on, 0::bigint as loan_id, t.subject_id, 1::smallint as event_no, 'book.conversion' as type,
    t.effective_on as booked_on, %(run_no)s as run_no, 'system' as actor, t.data::json as data,
    null::bytea as prev_hash,
    ledger.event_hash(
        null::bytea, t.subject_id, 1, 'book.conversion', 'system', t.effective_on, t.effective_on, t.data
    ) as hash
from told as t
where t.data is not null
