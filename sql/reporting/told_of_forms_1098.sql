-- The forms of a tax year by what becomes of them, in their last versions.
with forms as (
    select distinct on (f.loan_id) f.loan_id, f.disposition, f.box_1_cents, f.box_2_cents, f.version
    from compliance.forms_1098 as f
    where f.tax_year = %(tax_year)s
    order by f.loan_id asc, f.version desc
)

select
    f.disposition as what, count(*) as rows, sum(f.box_1_cents)::bigint as box_1_cents,
    sum(f.box_2_cents)::bigint as box_2_cents, count(*) filter (where f.version > 1) as changed_since_first
from forms as f
group by f.disposition
order by f.disposition;
