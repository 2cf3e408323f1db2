-- What is behind a box adds up to it, for every form of the year.
select
    tax_year,
    loan_id,
    box,
    cents,
    evidence_cents
from {{ ref('form_1098_boxes') }}
where tax_year = {{ var('tax_year') }} and cents <> evidence_cents
