-- Each box of each form in its last version, beside what its evidence adds up to.
with forms as (
    select distinct on (tax_year, loan_id) *
    from (
        -- named one by one: the address of the property is for compliance alone
        select
            tax_year,
            loan_id,
            version,
            disposition,
            box_1_cents,
            box_2_cents,
            box_4_cents,
            box_5_cents,
            box_6_cents
        from {{ source('compliance', 'forms_1098') }}
        where tax_year = {{ var('tax_year') }}
    ) as versions
    order by tax_year asc, loan_id asc, version desc
),

boxes as (
    select
        forms.tax_year,
        forms.loan_id,
        forms.version,
        forms.disposition,
        laid_out.box,
        laid_out.cents
    from forms
    cross join lateral (
        values
        (1, forms.box_1_cents), (2, forms.box_2_cents), (4, forms.box_4_cents), (5, forms.box_5_cents),
        (6, forms.box_6_cents)
    ) as laid_out (box, cents)
),

evidence as (
    select
        tax_year,
        loan_id,
        box,
        sum(amount_cents) as cents,
        count(account) as entries
    from {{ ref('form_1098_evidence') }}
    where tax_year = {{ var('tax_year') }}
    group by tax_year, loan_id, box
)

select
    boxes.tax_year,
    boxes.loan_id,
    boxes.box::smallint as box,
    boxes.version,
    boxes.disposition,
    boxes.cents,
    coalesce(evidence.cents, 0)::bigint as evidence_cents,
    coalesce(evidence.entries, 0)::integer as ledger_entries
from boxes
left join evidence
    on boxes.tax_year = evidence.tax_year and boxes.loan_id = evidence.loan_id and boxes.box = evidence.box
where boxes.cents <> 0 or evidence.cents <> 0
