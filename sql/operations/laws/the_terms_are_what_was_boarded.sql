-- Law 5. The terms of all loans are, to the last one, those that the sealed event of their boarding tells. The loan
-- that stands for unknown ones was never boarded: it is what it was made as, and owes nothing.
with boarded as (
    select distinct l.boarded_on
    from servicing.loans as l
    where l.loan_id <> 0
),

told as (
    -- told anew whenever loans were added: the last one counts
    select distinct on (e.effective_on) e.effective_on, e.data::text as data
    from ledger.events as e
    where e.type = 'book.terms'
    order by e.effective_on asc, e.event_no desc
),

compared as (
    select
        coalesce(b.boarded_on, t.effective_on) as business_date, t.data as told,
        ledger.terms_event(coalesce(b.boarded_on, t.effective_on)) as recomputed
    from boarded as b
    full join told as t on b.boarded_on = t.effective_on
),

broken as materialized (
    select
        c.business_date, 'terms' as keys,
        coalesce(c.told, 'no event: no start of the platform has boarded them') as found,
        coalesce(c.recomputed, 'no event: there are no such loans') as expected
    from compared as c
    where c.told is distinct from c.recomputed

    union all

    select date '1970-01-01', 'loan 0', 'other terms, or no such loan', 'no debt, since it stands for unknown loans'
    where
        not exists (
            select from servicing.loans as l
            where
                l.loan_id = 0 and l.loan_number = 'LN0000000000' and l.cif = 'CIF000000000'
                and l.product = 'unidentified'
                and (l.originated_on, l.boarded_on, l.first_due_on)
                = (date '1970-01-01', date '1970-01-01', date '1970-01-01')
                and (
                    l.borrower_id, l.property_id, l.original_principal_cents, l.principal_cents, l.rate_ppm,
                    l.payment_cents, l.escrow_cents, l.escrow_shortage_cents, l.term_instalments, l.last_instalment,
                    l.grace_days
                ) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        )
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
