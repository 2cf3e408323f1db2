-- The register of a period: its applications, in the order of their numbers, with the 110 fields as they are filed but
-- for those about people, which come encrypted. What is not applicable depends on the field: NA, a code, or blank.
with chosen as (
    -- action was taken in the period; everything else about the row follows from what it was
    select
        a.*, a.action_taken in (1, 6) as is_closed, a.action_taken in (1, 2, 6, 8) as is_priced,
        a.action_taken in (4, 5, 6) as is_undecided
    from servicing.applications as a
    where a.action_taken_on between %(first_day)s and %(last_day)s
),

denials as (
    -- up to four reasons, side by side
    select
        d.application_id, max(d.reason) filter (where d.seq = 1) as reason_1,
        max(d.reason) filter (where d.seq = 2) as reason_2, max(d.reason) filter (where d.seq = 3) as reason_3,
        max(d.reason) filter (where d.seq = 4) as reason_4, max(d.reason_text) as reason_text
    from servicing.application_denials as d
    where
        d.application_id in (
            select c.application_id from chosen as c
            where c.action_taken in (3, 7)
        )
    group by d.application_id
),

systems as (
    -- up to five systems with their results, in pairs; a purchaser reports none
    select
        r.application_id,
        array_agg(r.system order by r.seq) as systems, array_agg(r.result order by r.seq) as results,
        string_agg(distinct r.system_text, '; ') as system_text, string_agg(distinct r.result_text, '; ') as result_text
    from servicing.aus_results as r
    where
        r.application_id in (
            select c.application_id from chosen as c
            where c.action_taken <> 6
        )
    group by r.application_id
),

sold as (
    -- whoever buys the loan in the year in which it was made or bought, as far as the period has come
    select s.application_id, s.purchaser_type
    from servicing.loan_sales as s
    inner join chosen as c on s.application_id = c.application_id
    where s.sold_on <= %(last_day)s and extract(year from s.sold_on) = extract(year from c.action_taken_on)
),

reported as (
    select
        c.application_id, c.loan_id, c.action_taken, c.action_taken_on, c.applied_on,
        array[
            '2', %(lei)s, c.uli,
            coalesce(to_char(c.applied_on, 'YYYYMMDD'), 'NA'),
            c.loan_type::text, c.loan_purpose::text,
            case when c.is_preapproval_requested then '1' else '2' end,
            case when p.is_manufactured then '2' else '1' end,
            c.occupancy_type::text,
            (c.amount_cents / 100.0)::numeric(20, 2)::text,
            c.action_taken::text,
            to_char(c.action_taken_on, 'YYYYMMDD'),
            coalesce(compliance.hmda_text(p.street), 'NA'), coalesce(compliance.hmda_text(p.city), 'NA'),
            coalesce(p.state, 'NA'), coalesce(p.zip, 'NA'), coalesce(p.county_fips, 'NA'),
            coalesce(p.census_tract, 'NA')
        ] as about_the_loan,
        array[
            -- the purchaser may leave the income out, and companies have none
            coalesce(case when c.action_taken <> 6 then c.income_thousands end::text, 'NA'),
            coalesce(case when c.is_closed then s.purchaser_type end, 0)::text,
            -- no spread where no rate was set, nor for what Regulation Z does not cover
            coalesce(
                case
                    when
                        c.action_taken in (1, 2, 8) and not c.is_reverse and not c.is_business_purpose
                        then trim_scale((t.apr_ppm - t.apor_ppm) / 10000.0)
                end::text, 'NA'
            ),
            case when c.is_closed then c.hoepa_status else 3 end::text,
            t.lien_status::text
        ] as about_the_price,
        array[
            coalesce(d.reason_1, 10)::text, d.reason_2::text, d.reason_3::text, d.reason_4::text,
            compliance.hmda_text(d.reason_text),
            coalesce(k.total_loan_costs, 'NA'), coalesce(k.points_and_fees, 'NA'),
            coalesce(k.origination_charges, 'NA'), coalesce(k.discount_points, 'NA'),
            coalesce(k.lender_credits, 'NA'),
            coalesce(case when c.is_priced then trim_scale(t.note_rate_ppm / 10000.0) end::text, 'NA'),
            coalesce(
                case
                    when c.action_taken <> 6 and not c.is_reverse and not c.is_business_purpose
                        then t.prepayment_penalty_months
                end::text, 'NA'
            ),
            coalesce(case when not c.is_undecided then trim_scale(c.debt_to_income) end::text, 'NA'),
            coalesce(case when not c.is_undecided then trim_scale(c.combined_loan_to_value) end::text, 'NA'),
            coalesce(case when not c.is_reverse then t.term_months end::text, 'NA'),
            coalesce(t.introductory_months::text, 'NA'),
            case when t.has_balloon then '1' else '2' end,
            case when t.is_interest_only then '1' else '2' end,
            case when t.is_negatively_amortizing then '1' else '2' end,
            case when t.is_otherwise_non_amortizing then '1' else '2' end,
            coalesce(
                case when c.action_taken not in (4, 5) then trim_scale(c.property_value_cents / 100.0) end::text, 'NA'
            ),
            p.manufactured_secured_by::text, p.manufactured_land_interest::text, p.units::text,
            coalesce(case when p.units >= 5 then p.affordable_units end::text, 'NA'),
            case when c.action_taken = 6 then 3 else c.submission_channel end::text,
            case when c.action_taken = 6 then 3 else c.initially_payable end::text,
            coalesce(c.nmlsr_id, 'NA'),
            coalesce(y.systems[1], 6)::text, y.systems[2]::text, y.systems[3]::text, y.systems[4]::text,
            y.systems[5]::text, compliance.hmda_text(y.system_text),
            coalesce(y.results[1], 17)::text, y.results[2]::text, y.results[3]::text, y.results[4]::text,
            y.results[5]::text, compliance.hmda_text(y.result_text),
            case when c.is_reverse then '1' else '2' end,
            case when c.is_open_end then '1' else '2' end,
            case when c.is_business_purpose then '1' else '2' end
        ] as about_the_decision
    from chosen as c
    inner join servicing.application_terms as t on c.application_id = t.application_id
    inner join servicing.application_properties as p on c.application_id = p.application_id
    left join denials as d on c.application_id = d.application_id
    left join systems as y on c.application_id = y.application_id
    left join sold as s on c.application_id = s.application_id
    left join lateral (
        -- costs are of closed loans with a Closing Disclosure, or else their points and fees; none is a blank, and
        -- where the fields do not apply they are NA
        select
            (o.loan_costs_cents / 100.0)::numeric(20, 2)::text as total_loan_costs,
            case when c.action_taken = 1 then (o.points_and_fees_cents / 100.0)::numeric(20, 2) end::text
                as points_and_fees,
            (o.origination_charges_cents / 100.0)::numeric(20, 2)::text as origination_charges,
            coalesce((nullif(o.discount_points_cents, 0) / 100.0)::numeric(20, 2)::text, '') as discount_points,
            coalesce((nullif(o.lender_credits_cents, 0) / 100.0)::numeric(20, 2)::text, '') as lender_credits
        from servicing.application_costs as o
        where
            o.application_id = c.application_id and c.is_closed and not c.is_reverse and not c.is_open_end
            and not c.is_business_purpose
    ) as k on true
)

select
    r.application_id, r.loan_id, r.action_taken, r.action_taken_on, r.applied_on,
    array_to_string(r.about_the_loan, '|', '') as about_the_loan,
    array_to_string(r.about_the_price, '|', '') as about_the_price,
    array_to_string(r.about_the_decision, '|', '') as about_the_decision,
    one.answers_encrypted as applicant, two.answers_encrypted as co_applicant
from reported as r
left join servicing.applicants as one on r.application_id = one.application_id and one.seq = 1
left join servicing.applicants as two on r.application_id = two.application_id and two.seq = 2
order by r.application_id
