-- Each day from :first to :last: what was received, what became of it, and how bank and books stand.
with days as (
    select generate_series(%(first)s::date, %(last)s::date, interval '1 day')::date as business_date
),

received as (
    select
        batches.booked_on as business_date,
        sum(log.total_records) as received,
        sum(log.duplicate_records) as duplicates,
        sum(log.error_records) as rejected
    from ingestion.batches
    inner join ingestion.staging_process_log as log using (batch_id)
    where batches.booked_on between %(first)s and %(last)s
    group by batches.booked_on
),

sent as (
    select
        effective_on as business_date,
        count(*) as payments
    from payments.payments
    where effective_on between %(first)s and %(last)s
    group by effective_on
),

posted as (
    select
        effective_on as business_date,
        sum(cash_cents) as posted_cents
    from ledger.allocations
    where effective_on between %(first)s and %(last)s and kind = 'receipt'
    group by effective_on
),

charged as (
    select
        effective_on as business_date,
        sum(amount_cents) as fees_cents
    from ledger.fees
    where effective_on between %(first)s and %(last)s
    group by effective_on
),

compared as (
    select
        bank_day as business_date,
        string_agg(channel, ' ' order by channel) filter (where status = 'variance') as at_variance,
        count(*) as rails
    from reconciliation.days
    where bank_day between %(first)s and %(last)s
    group by bank_day
),

cases as (
    select
        business_date,
        count(*) filter (where state in ('open', 'pending')) as open_cases,
        count(*) filter (where state = 'resolved') as resolved_cases
    from operations.exception_cases
    where business_date between %(first)s and %(last)s
    group by business_date
)

select
    days.business_date,
    coalesce(received.received, 0)::bigint as received,
    coalesce(received.duplicates, 0)::bigint as duplicates,
    coalesce(received.rejected, 0)::bigint as rejected,
    coalesce(sent.payments, 0)::bigint as payments,
    coalesce(posted.posted_cents, 0)::bigint as posted_cents,
    coalesce(charged.fees_cents, 0)::bigint as fees_cents,
    coalesce(compared.rails, 0)::bigint as rails,
    compared.at_variance,
    coalesce(cases.open_cases, 0)::bigint as open_cases,
    coalesce(cases.resolved_cases, 0)::bigint as resolved_cases
from days
left join received using (business_date)
left join sent using (business_date)
left join posted using (business_date)
left join charged using (business_date)
left join compared using (business_date)
left join cases using (business_date)
order by days.business_date;
