-- Every form of the tax year as it should be, reportable or not.
drop table if exists wanted_1098;
create temporary table wanted_1098 on commit drop as
with adjusted as (
    select
        a.loan_id,
        coalesce(sum(a.cents) filter (where a.rule = 'service_fees'), 0)::bigint as service_fees,
        coalesce(sum(a.cents) filter (where a.rule = 'paid_by_others'), 0)::bigint as paid_by_others,
        coalesce(sum(a.cents) filter (where a.rule = 'reported_last_year'), 0)::bigint as reported_last_year,
        coalesce(sum(a.cents) filter (where a.rule = 'prepaid_now'), 0)::bigint as prepaid_now,
        coalesce(sum(a.cents) filter (where a.rule = 'refunded'), 0)::bigint as refunded,
        coalesce(sum(a.cents) filter (where a.rule = 'box_4'), 0)::bigint as box_4
    from adjustments_1098 as a
    group by a.loan_id
),

payers as (
    -- the last version of who each payer of record is
    select distinct on (i.borrower_id)
        i.borrower_id, i.version, i.payer_kind, i.address_index
    from servicing.tax_identities as i
    order by i.borrower_id asc, i.version desc
),

terms as (
    -- what of the loan's tax terms falls into the year
    select
        t.loan_id, t.is_purchase, t.is_principal_residence, t.property_description, t.owner_name, t.properties,
        t.points_cents, t.monthly_premium_cents, t.upfront_premium_cents,
        case
            when t.acquired_on >= %(year_begins)s and t.acquired_on < %(next_year_begins)s then t.acquired_on
        end as acquired_on,
        coalesce(t.points_paid_on >= %(year_begins)s and t.points_paid_on < %(next_year_begins)s, false)
            as are_points_of_year,
        coalesce(%(tax_year)s >= 2026 and t.premium_contract_on >= '2007-01-01', false) as are_premiums_reported,
        -- months of the insurance by the end of the year, the month of its contract included
        12 * (%(tax_year)s + 1) + 1 - (
            12 * extract(year from t.premium_contract_on) + extract(month from t.premium_contract_on)
        )::integer as insured_months
    from servicing.loan_tax_terms as t
),

boxes as (
    select
        l.loan_id, l.borrower_id, coalesce(p.version, 0::smallint) as identity_version, p.payer_kind,
        r.interest, r.fees,
        coalesce(a.service_fees, 0) as service_fees,
        coalesce(a.paid_by_others, 0) as paid_by_others,
        coalesce(a.reported_last_year, 0) as reported_last_year,
        coalesce(a.prepaid_now, 0) as prepaid_now,
        coalesce(a.refunded, 0) as refunded,
        case
            when r.principal_on = l.originated_on and t.acquired_on is null then l.original_principal_cents
            else l.principal_cents - r.principal_before
        end as box_2,
        r.principal_on as box_2_on,
        r.principal_on < r.books_from and (r.principal_on <> l.originated_on or t.acquired_on is not null)
            as box_2_is_as_boarded,
        l.originated_on as box_3_on,
        coalesce(a.box_4, 0) as box_4,
        -- monthly premiums are those of each escrow payment made whole in the year; one paid ahead is spread over 84
        -- months: what is earned by the end of the year less what was by the end of the last
        case
            -- what was paid off before the year is insured no more
            when t.are_premiums_reported and l.principal_cents > r.principal_before
                then
                    t.monthly_premium_cents * coalesce(
                        div(r.escrow_before + r.escrow, nullif(l.escrow_cents + l.escrow_shortage_cents, 0))
                        - div(r.escrow_before, nullif(l.escrow_cents + l.escrow_shortage_cents, 0)), 0
                    )::bigint
                    + t.upfront_premium_cents * least(m.months, greatest(0, t.insured_months)) / m.months
                    - t.upfront_premium_cents * least(m.months, greatest(0, t.insured_months - 12)) / m.months
            else 0
        end as premiums,
        case
            when t.are_points_of_year and t.is_purchase and t.is_principal_residence then t.points_cents
            else 0
        end as box_6,
        coalesce(t.property_description is null and h.address_index = p.address_index, false) as box_7,
        coalesce(t.property_description, h.street || ', ' || h.city || ', ' || h.state || ' ' || h.zip) as property,
        case when t.properties > 1 then t.properties end as box_9,
        case when t.owner_name is not null then 'Owner: ' || t.owner_name end as box_10,
        t.acquired_on as box_11_on
    from received_1098 as r
    inner join servicing.loans as l on r.loan_id = l.loan_id
    left join terms as t on r.loan_id = t.loan_id
    left join servicing.properties as h on l.property_id = h.property_id
    left join payers as p on l.borrower_id = p.borrower_id
    left join adjusted as a on r.loan_id = a.loan_id
    cross join lateral (
        -- the stated term: the first instalment falls due in the second month after the note
        select least(84, greatest(1, l.term_instalments + (
            12 * extract(year from l.first_due_on) + extract(month from l.first_due_on)
            - 12 * extract(year from l.originated_on) - extract(month from l.originated_on)
        )::integer - 2)) as months
    ) as m
),

ruled as (
    select
        b.*,
        b.interest + b.fees - b.service_fees - b.paid_by_others - b.reported_last_year + b.prepaid_now
        - b.refunded as box_1,
        case when b.premiums >= 60000 then b.premiums else 0 end as box_5
    from boxes as b
),

judged as (
    -- the refusals in order; $600 of interest and points together, of refunds, or of premiums
    select
        r.*,
        case
            when r.payer_kind is null then 'unknown_payer'
            when r.payer_kind <> 'individual' then 'entity_payer'
            when r.box_1 < 0 then 'negative_interest'
            when greatest(r.box_1 + r.box_6, r.box_4, r.box_5) >= 60000 then 'reportable'
            when r.box_1 <> 0 or r.box_4 <> 0 or r.premiums <> 0 or r.box_6 <> 0 then 'below_threshold'
            else 'nothing_received'
        end as disposition
    from ruled as r
)

select
    %(tax_year)s::smallint as tax_year, j.loan_id, j.disposition, j.borrower_id, j.identity_version,
    j.interest as ledger_interest_cents, j.fees as ledger_fees_cents, j.service_fees as service_fees_cents,
    j.paid_by_others as paid_by_others_cents, j.reported_last_year as reported_last_year_cents,
    j.prepaid_now as prepaid_now_cents, j.refunded as refunded_cents, j.box_1 as box_1_cents, j.box_2 as box_2_cents,
    j.box_2_on, j.box_2_is_as_boarded, j.box_3_on, j.box_4 as box_4_cents, j.box_5 as box_5_cents,
    j.box_6 as box_6_cents, j.box_7 as box_7_is_mailing_address,
    case when not j.box_7 then j.property end as box_8_property, j.box_9 as box_9_properties,
    j.box_10 as box_10_other, j.box_11_on,
    sha256(convert_to(row(
        j.disposition, j.borrower_id, j.identity_version, j.interest, j.fees, j.service_fees, j.paid_by_others,
        j.reported_last_year, j.prepaid_now, j.refunded, j.box_1, j.box_2, j.box_2_on, j.box_3_on, j.box_4, j.box_5,
        j.box_6, j.box_7, case when not j.box_7 then j.property end, j.box_9, j.box_10, j.box_11_on
    )::text, 'UTF8')) as hash
from judged as j;

analyze wanted_1098
