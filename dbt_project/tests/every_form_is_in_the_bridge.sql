-- Every form of the year is counted once on the way from the ledger to the forms.
{{ config(meta={'dagster': {'ref': {'name': 'form_1098_to_ledger'}}}) }}

with counted as (
    select coalesce(sum(forms), 0) as forms
    from {{ ref('form_1098_to_ledger') }}
    where tax_year = {{ var('tax_year') }}
),

made as (
    select count(distinct loan_id) as forms
    from {{ source('compliance', 'forms_1098') }}
    where tax_year = {{ var('tax_year') }}
)

select
    counted.forms as counted,
    made.forms as made
from counted
cross join made
where counted.forms <> made.forms
