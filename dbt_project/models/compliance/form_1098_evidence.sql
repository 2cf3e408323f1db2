-- What is behind each box of each form: every ledger entry, and every step that a rule takes from there. A view, since
-- it is as long as the ledger of the year; a question about one loan reads that loan alone.
{{ config(materialized='view') }}

select
    evidence.tax_year,
    evidence.loan_id,
    loans.loan_number,
    evidence.box,
    evidence.what,
    evidence.effective_on,
    evidence.booked_on,
    evidence.kind as entry_kind,
    evidence.subject_id,
    evidence.account,
    accounts.name as account_name,
    evidence.amount_cents
from {{ source('compliance', 'form_1098_evidence') }} as evidence
inner join {{ source('servicing', 'loans') }} as loans on evidence.loan_id = loans.loan_id
left join {{ source('ledger', 'accounts') }} as accounts on evidence.account = accounts.account
