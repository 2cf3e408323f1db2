-- Every form of a version, reportable or not, for review: nothing in it tells who the borrower is.
with forms as (
    select distinct on (f.loan_id) f.*
    from compliance.forms_1098 as f
    where f.tax_year = %(tax_year)s and f.report_version <= %(report_version)s
    order by f.loan_id asc, f.version desc
)

select
    l.loan_number, f.version, f.disposition, coalesce(i.payer_kind, 'unknown') as payer_kind,
    coalesce(i.tin_type, 'unknown') as tin_type, f.ledger_interest_cents, f.ledger_fees_cents, f.service_fees_cents,
    f.paid_by_others_cents, f.reported_last_year_cents, f.prepaid_now_cents, f.refunded_cents, f.box_1_cents,
    f.box_2_cents, f.box_2_on, f.box_2_is_as_boarded, f.box_3_on, f.box_4_cents, f.box_5_cents, f.box_6_cents,
    f.box_7_is_mailing_address, f.box_9_properties, f.box_11_on,
    coalesce(i.country <> 'US', false) as is_abroad
from forms as f
inner join servicing.loans as l on f.loan_id = l.loan_id
left join servicing.tax_identities as i on f.borrower_id = i.borrower_id and f.identity_version = i.version
order by f.loan_id
