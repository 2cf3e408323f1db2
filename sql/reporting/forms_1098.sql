-- The forms of the tax year that are not as their last version says: each a version of its own. Computing again when
-- nothing has changed adds nothing.
insert into compliance.forms_1098 (
    tax_year, loan_id, version, report_version, disposition, borrower_id, identity_version, ledger_interest_cents,
    ledger_fees_cents, service_fees_cents, paid_by_others_cents, reported_last_year_cents, prepaid_now_cents,
    refunded_cents, box_1_cents, box_2_cents, box_2_on, box_2_is_as_boarded, box_3_on, box_4_cents, box_5_cents,
    box_6_cents, box_7_is_mailing_address, box_8_property, box_9_properties, box_10_other, box_11_on, hash
)
with latest as (
    select distinct on (f.loan_id) f.loan_id, f.version, f.hash
    from compliance.forms_1098 as f
    where f.tax_year = %(tax_year)s
    order by f.loan_id asc, f.version desc
)

select
    w.tax_year, w.loan_id, coalesce(l.version, 0) + 1, %(report_version)s, w.disposition, w.borrower_id,
    w.identity_version, w.ledger_interest_cents, w.ledger_fees_cents, w.service_fees_cents, w.paid_by_others_cents,
    w.reported_last_year_cents, w.prepaid_now_cents, w.refunded_cents, w.box_1_cents, w.box_2_cents, w.box_2_on,
    w.box_2_is_as_boarded, w.box_3_on, w.box_4_cents, w.box_5_cents, w.box_6_cents, w.box_7_is_mailing_address,
    w.box_8_property, w.box_9_properties, w.box_10_other, w.box_11_on, w.hash
from wanted_1098 as w
left join latest as l on w.loan_id = l.loan_id
where l.hash is distinct from w.hash
