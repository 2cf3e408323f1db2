-- What is to be filed of a version of the forms, a row a record: originals, and, where the year has been filed before,
-- the corrections of what was filed. Corrections of name or number take two records: the old identity with zeros
-- (withdrawn), then the new one (replaced). A form that is due no more is corrected to zeros.
with forms as (
    select distinct on (f.loan_id) f.*
    from compliance.forms_1098 as f
    where f.tax_year = %(tax_year)s and f.report_version <= %(report_version)s
    order by f.loan_id asc, f.version desc
),

submitted as (
    -- the last record that was submitted of each loan
    select distinct on (s.loan_id) s.loan_id, s.version, s.disposition, s.unique_record_id
    from compliance.submitted_1098 as s
    where s.tax_year = %(tax_year)s and s.report_version < %(report_version)s
    order by s.loan_id asc, s.report_version desc, s.part desc
),

named as (
    -- a form that was corrected to zeros stands under the name of the last record that was not
    select distinct on (s.loan_id) s.loan_id, s.borrower_id, s.identity_version
    from compliance.submitted_1098 as s
    where
        s.tax_year = %(tax_year)s and s.report_version < %(report_version)s and s.disposition = 'reportable'
    order by s.loan_id asc, s.report_version desc, s.part desc
),

filed as (
    select
        s.loan_id, s.unique_record_id, s.disposition, n.borrower_id, n.identity_version, f.hash,
        i.identity_index, i.tin_type,
        row(
            f.box_1_cents, f.box_2_cents, f.box_3_on, f.box_4_cents, f.box_5_cents, f.box_6_cents,
            f.box_7_is_mailing_address, f.box_8_property, f.box_9_properties, f.box_10_other, f.box_11_on,
            i.address_index
        )::text as says
    from submitted as s
    inner join compliance.forms_1098 as f
        on f.tax_year = %(tax_year)s and s.loan_id = f.loan_id and s.version = f.version
    inner join named as n on s.loan_id = n.loan_id
    inner join servicing.tax_identities as i
        on n.borrower_id = i.borrower_id and n.identity_version = i.version
),

compared as (
    select
        n.loan_id, n.version, n.borrower_id, n.identity_version, n.disposition,
        d.borrower_id as filed_borrower_id, d.identity_version as filed_identity_version, d.unique_record_id,
        case
            when d.loan_id is null and n.disposition = 'reportable' then 'original'
            when d.loan_id is null then 'none'
            when n.disposition <> 'reportable' and d.disposition <> 'reportable' then 'none'
            when n.disposition <> 'reportable' then 'corrected'
            when n.hash = d.hash then 'none'
            when i.identity_index <> d.identity_index or i.tin_type <> d.tin_type then 'replaced'
            when
                d.disposition <> 'reportable' or d.says <> row(
                    n.box_1_cents, n.box_2_cents, n.box_3_on, n.box_4_cents, n.box_5_cents, n.box_6_cents,
                    n.box_7_is_mailing_address, n.box_8_property, n.box_9_properties, n.box_10_other, n.box_11_on,
                    i.address_index
                )::text then 'corrected'
            else 'none'
        end as transaction
    from forms as n
    left join filed as d on n.loan_id = d.loan_id
    left join servicing.tax_identities as i on n.borrower_id = i.borrower_id and n.identity_version = i.version
),

records as (
    select
        c.loan_id, c.version, 1 as part, c.transaction, c.disposition = 'reportable' as has_amounts,
        -- a form that is due no more is corrected under the name under which it was filed
        case when c.disposition = 'reportable' then c.borrower_id else c.filed_borrower_id end as borrower_id,
        case when c.disposition = 'reportable' then c.identity_version else c.filed_identity_version end
            as identity_version,
        c.unique_record_id
    from compared as c
    where c.transaction in ('original', 'corrected')
    union all
    select
        c.loan_id, c.version, v.part, v.transaction, v.part = 2,
        case when v.part = 1 then c.filed_borrower_id else c.borrower_id end,
        case when v.part = 1 then c.filed_identity_version else c.identity_version end,
        case when v.part = 1 then c.unique_record_id end
    from compared as c
    cross join (values (1, 'withdrawn'), (2, 'replaced')) as v (part, transaction)
    where c.transaction = 'replaced'
)

select
    r.loan_id, r.version, r.part, r.transaction, r.unique_record_id, l.loan_number, i.borrower_id,
    i.version as identity_version, i.tin_type, i.identity_encrypted, i.address_encrypted,
    case when r.has_amounts then f.box_1_cents else 0 end as box_1_cents,
    case when r.has_amounts then f.box_2_cents else 0 end as box_2_cents,
    f.box_3_on,
    case when r.has_amounts then f.box_4_cents else 0 end as box_4_cents,
    case when r.has_amounts then f.box_5_cents else 0 end as box_5_cents,
    case when r.has_amounts then f.box_6_cents else 0 end as box_6_cents,
    f.box_7_is_mailing_address, f.box_8_property, f.box_9_properties, f.box_10_other, f.box_11_on
from records as r
inner join forms as f on r.loan_id = f.loan_id
inner join servicing.loans as l on r.loan_id = l.loan_id
inner join servicing.tax_identities as i on r.borrower_id = i.borrower_id and r.identity_version = i.version
where r.transaction = any(%(transactions)s)
order by r.loan_id, r.part
