-- What the statements to borrowers say: the forms of a version that are due, what box 1 is made of, and who else
-- signed; and zeros for who was last told of a form that is due no more. For :loans, or for all where it is null.
with forms as (
    select distinct on (f.loan_id) f.*
    from compliance.forms_1098 as f
    where
        f.tax_year = %(tax_year)s and f.report_version <= %(report_version)s
        and (%(loans)s::bigint[] is null or f.loan_id = any(%(loans)s::bigint[]))
    order by f.loan_id asc, f.version desc
),

submitted as (
    -- the last record that was submitted of each loan, and the first version of the form that was
    select distinct on (s.loan_id)
        s.loan_id, s.disposition, s.borrower_id, s.identity_version,
        min(s.version) over (partition by s.loan_id) as first_version
    from compliance.submitted_1098 as s
    where
        s.tax_year = %(tax_year)s and s.report_version < %(report_version)s
        and (%(loans)s::bigint[] is null or s.loan_id = any(%(loans)s::bigint[]))
    order by s.loan_id asc, s.report_version desc, s.part desc
),

statements as (
    -- amounts are multiplied by 1, or by 0 where none is due; then the name is the one under which the form was filed
    select
        f.loan_id, (f.disposition = 'reportable')::integer as factor,
        -- what says something else than was sent
        coalesce(s.first_version < f.version, false) as is_corrected,
        case when f.disposition = 'reportable' then f.borrower_id else s.borrower_id end as borrower_id,
        case when f.disposition = 'reportable' then f.identity_version else s.identity_version end as identity_version
    from forms as f
    left join submitted as s on f.loan_id = s.loan_id
    where f.disposition = 'reportable' or s.disposition = 'reportable'
)

select
    f.loan_id, l.loan_number, i.borrower_id, i.version as identity_version, i.tin_type, i.identity_encrypted,
    i.address_encrypted, s.factor = 1 as is_due, s.is_corrected,
    o.seqs as co_borrower_seqs, o.identities as co_borrowers,
    s.factor * f.ledger_interest_cents as ledger_interest_cents,
    s.factor * (f.ledger_fees_cents - f.service_fees_cents) as late_charges_cents,
    s.factor * f.paid_by_others_cents as paid_by_others_cents,
    s.factor * f.reported_last_year_cents as reported_last_year_cents,
    s.factor * f.prepaid_now_cents as prepaid_now_cents,
    s.factor * f.refunded_cents as refunded_cents,
    s.factor * f.box_1_cents as box_1_cents,
    s.factor * f.box_2_cents as box_2_cents,
    f.box_2_on, f.box_3_on,
    s.factor * f.box_4_cents as box_4_cents,
    s.factor * f.box_5_cents as box_5_cents,
    s.factor * f.box_6_cents as box_6_cents,
    f.box_7_is_mailing_address, f.box_8_property, f.box_9_properties, f.box_10_other, f.box_11_on
from statements as s
inner join forms as f on s.loan_id = f.loan_id
inner join servicing.loans as l on f.loan_id = l.loan_id
inner join servicing.tax_identities as i on s.borrower_id = i.borrower_id and s.identity_version = i.version
cross join
    lateral (
        select
            coalesce(array_agg(c.seq order by c.seq), '{}') as seqs,
            coalesce(array_agg(c.identity_encrypted order by c.seq), '{}') as identities
        from servicing.co_borrowers as c
        where c.loan_id = f.loan_id
    ) as o
order by f.loan_id
