-- From the general ledger to the forms: what was received as interest and fees in the tax year, and where each cent of
-- it went. The lines of the ledger less the lines of the forms are zero.
with booked as (
    select a.part, -sum(e.amount_cents) as cents
    from ledger.entries as e
    inner join ledger.accounts as a on e.account = a.account
    where
        e.effective_on >= %(year_begins)s and e.effective_on < %(next_year_begins)s
        and a.part in ('interest', 'fees') and ledger.is_receipt(e.kind)
    group by a.part
),

forms as (
    select distinct on (f.loan_id) f.*
    from compliance.forms_1098 as f
    where f.tax_year = %(tax_year)s and f.report_version <= %(report_version)s
    order by f.loan_id asc, f.version desc
),

adjusted as (
    select
        coalesce(sum(f.service_fees_cents), 0) as service_fees,
        coalesce(sum(f.paid_by_others_cents), 0) as paid_by_others,
        coalesce(sum(f.reported_last_year_cents), 0) as reported_last_year,
        coalesce(sum(f.prepaid_now_cents), 0) as prepaid_now,
        coalesce(sum(f.refunded_cents), 0) as refunded
    from forms as f
)

select 1 as line, 'ledger' as side, 'interest received' as what, null::bigint as forms, b.cents::bigint as cents
from booked as b
where b.part = 'interest'
union all
select 2, 'ledger', 'fees received', null, b.cents::bigint from booked as b
where b.part = 'fees'
union all
select
    case f.disposition
        when 'reportable' then 10 when 'below_threshold' then 11 when 'entity_payer' then 12
        when 'unknown_payer' then 13 when 'negative_interest' then 14 else 15
    end,
    'forms', f.disposition, count(*), sum(f.box_1_cents)::bigint
from forms as f
group by f.disposition
union all
select v.line, 'forms', v.what, null, v.cents::bigint
from adjusted as a
cross join
    lateral (
        values
        (20, 'fees for a service', a.service_fees),
        (21, 'interest paid by others', a.paid_by_others),
        (22, 'reported last year', a.reported_last_year),
        (23, 'received this year for an instalment of January', -a.prepaid_now),
        (24, 'refunded within the year', a.refunded)
    ) as v (line, what, cents)
order by line
