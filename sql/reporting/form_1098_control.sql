-- Where the forms and the general ledger differ, loan by loan; nothing where they agree to the cent.
with booked as (
    select
        e.loan_id,
        -sum(e.amount_cents) filter (where a.part = 'interest') as interest,
        -sum(e.amount_cents) filter (where a.part = 'fees') as fees
    from ledger.entries as e
    inner join ledger.accounts as a on e.account = a.account
    where
        e.effective_on >= %(year_begins)s and e.effective_on < %(next_year_begins)s
        and a.part in ('interest', 'fees') and ledger.is_receipt(e.kind)
    group by e.loan_id
),

forms as (
    select distinct on (f.loan_id) f.loan_id, f.disposition, f.ledger_interest_cents, f.ledger_fees_cents
    from compliance.forms_1098 as f
    where f.tax_year = %(tax_year)s and f.report_version <= %(report_version)s
    order by f.loan_id asc, f.version desc
),

compared as (
    select
        coalesce(b.loan_id, f.loan_id) as loan_id,
        coalesce(f.disposition, 'no form') as disposition,
        coalesce(b.interest, 0)::bigint as booked_interest_cents,
        coalesce(f.ledger_interest_cents, 0) as form_interest_cents,
        coalesce(b.fees, 0)::bigint as booked_fees_cents,
        coalesce(f.ledger_fees_cents, 0) as form_fees_cents
    from booked as b
    full join forms as f on b.loan_id = f.loan_id
)

select c.*, count(*) over () as differences
from compared as c
where c.booked_interest_cents <> c.form_interest_cents or c.booked_fees_cents <> c.form_fees_cents
order by c.loan_id
limit %(most)s
