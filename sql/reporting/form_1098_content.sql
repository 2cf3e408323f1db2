-- A hash over all forms of a version of the report: over buckets of loans, so that no step holds all of them.
with forms as (
    select distinct on (f.loan_id) f.loan_id, f.hash
    from compliance.forms_1098 as f
    where f.tax_year = %(tax_year)s and f.report_version <= %(report_version)s
    order by f.loan_id asc, f.version desc
),

buckets as (
    select f.loan_id / 4096 as bucket, sha256(string_agg(f.hash, ''::bytea order by f.loan_id)) as hash
    from forms as f
    group by f.loan_id / 4096
)

select coalesce(sha256(string_agg(b.hash, ''::bytea order by b.bucket)), sha256(''::bytea)) as content_hash
from buckets as b
