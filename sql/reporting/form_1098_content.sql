-- A hash over all forms of a version of the report: over buckets of loans, so that no step holds all of them.
with forms as (
    select distinct on (f.loan_id)
        f.loan_id,
        -- a form that does not say what was hashed has no hash
        case
            when f.hash = sha256(convert_to(row(
                f.disposition, f.borrower_id, f.identity_version, f.ledger_interest_cents, f.ledger_fees_cents,
                f.service_fees_cents, f.paid_by_others_cents, f.reported_last_year_cents, f.prepaid_now_cents,
                f.refunded_cents, f.box_1_cents, f.box_2_cents, f.box_2_on, f.box_3_on, f.box_4_cents, f.box_5_cents,
                f.box_6_cents, f.box_7_is_mailing_address, f.box_8_property, f.box_9_properties, f.box_10_other,
                f.box_11_on
            )::text, 'UTF8')) then f.hash
            else ''::bytea
        end as hash
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
