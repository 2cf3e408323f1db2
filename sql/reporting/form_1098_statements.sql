-- What the statements to borrowers say: the forms of a version that are due, what box 1 is made of, and who else
-- signed. For :loans, or for all where it is null.
with forms as (
    select distinct on (f.loan_id) f.*
    from compliance.forms_1098 as f
    where
        f.tax_year = %(tax_year)s and f.report_version <= %(report_version)s
        and (%(loans)s::bigint[] is null or f.loan_id = any(%(loans)s::bigint[]))
    order by f.loan_id asc, f.version desc
)

select
    f.loan_id, l.loan_number, i.borrower_id, i.version as identity_version, i.tin_type, i.identity_encrypted,
    i.address_encrypted,
    f.ledger_interest_cents, f.ledger_fees_cents, f.service_fees_cents, f.paid_by_others_cents,
    f.reported_last_year_cents, f.prepaid_now_cents, f.refunded_cents,
    f.box_1_cents, f.box_2_cents, f.box_2_on, f.box_3_on, f.box_4_cents, f.box_5_cents, f.box_6_cents,
    f.box_7_is_mailing_address, f.box_8_property, f.box_9_properties, f.box_10_other, f.box_11_on,
    o.seqs as co_borrower_seqs, o.identities as co_borrowers,
    -- a statement that says something else than one that was sent is a corrected one
    (
        select count(*) > 0 from compliance.filed_1098 as d
        inner join compliance.filing_references as r on d.report_id = r.report_id and d.file_name = r.file_name
        where d.tax_year = f.tax_year and d.loan_id = f.loan_id and d.version < f.version
    ) as is_corrected
from forms as f
inner join servicing.loans as l on f.loan_id = l.loan_id
inner join servicing.tax_identities as i on f.borrower_id = i.borrower_id and f.identity_version = i.version
cross join
    lateral (
        select
            coalesce(array_agg(c.seq order by c.seq), '{}') as seqs,
            coalesce(array_agg(c.identity_encrypted order by c.seq), '{}') as identities
        from servicing.co_borrowers as c
        where c.loan_id = f.loan_id
    ) as o
where f.disposition = 'reportable'
order by f.loan_id
