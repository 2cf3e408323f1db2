-- What the general ledger received is what the forms and the rules explain.
select
    tax_year,
    sum(cents) filter (where side = 'ledger') as ledger_cents,
    sum(cents) filter (where side = 'forms') as form_cents
from {{ ref('form_1098_to_ledger') }}
where tax_year = {{ var('tax_year') }}
group by tax_year
having sum(cents) filter (where side = 'ledger') <> sum(cents) filter (where side = 'forms')
