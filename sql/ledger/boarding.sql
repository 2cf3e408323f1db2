-- The balances with which the loans of :day were boarded, for the book as a whole: principal, interest already due,
-- escrow held. The difference to what is booked already, so that loans added later to a day add only their own.
create temporary table booked as
with wanted as (
    select
        p.part,
        sum(case p.part
            when 'principal' then l.principal_cents
            when 'interest'
                then
                    servicing.interest_through(
                        l.principal_cents,
                        l.payment_cents,
                        servicing.instalments_due(l.first_due_month, l.due_day, l.last_instalment, l.boarded_on),
                        s.growth, s.annuity
                    )
            when 'escrow' then -coalesce(e.opening_balance_cents, 0)
        end)::bigint as cents
    from servicing.loans as l
    left join servicing.escrow as e on l.loan_id = e.loan_id
    inner join servicing.amortisation_factors as s
        on
            l.rate_ppm = s.rate_ppm
            and s.n = servicing.instalments_due(l.first_due_month, l.due_day, l.last_instalment, l.boarded_on)
    cross join (values ('principal'), ('interest'), ('escrow')) as p (part)
    where l.boarded_on = %(day)s
    group by p.part
),

posted as (
    select a.part, sum(e.amount_cents)::bigint as cents, max(e.seq) as seq
    from ledger.entries as e
    inner join ledger.accounts as a on e.account = a.account
    where e.effective_on = %(day)s and e.loan_id = 0 and e.kind = 'boarding'
    group by a.part
),

missing as (
    select w.part, w.cents - coalesce(p.cents, 0) as cents
    from wanted as w
    left join posted as p on w.part = p.part
),

sides as (
    select m.part, m.cents from missing as m
    union all
    select 'boarded', -sum(m.cents)::bigint from missing as m
)

select
    %(day)s::date as effective_on, 0::bigint as loan_id,
    operations.content_id('boarding|' || %(day)s::date) as subject_id, 'boarding' as kind,
    (coalesce((select max(p.seq) from posted as p), 0) + 1)::smallint as seq, a.account, s.cents as amount_cents,
    %(day)s::date as booked_on, %(run_no)s as run_no
from sides as s
inner join ledger.accounts as a on s.part = a.part
where s.cents <> 0
