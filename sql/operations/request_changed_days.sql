-- Posting :day may change other days that were run before: where the fold moved money, who is behind is another, and
-- where a payment settles later, so is what the bank should show. Those days ask to be run again.
with later_days as materialized (
    -- nothing is searched for on an ordinary day, which has none after it
    select business_date
    from ledger.days
    where business_date > %(day)s
),

allocated as (
    select distinct effective_on as business_date
    from ledger.allocations
    where effective_on > %(day)s and run_no = %(run_no)s and exists (select from later_days)
),

charged as (
    select distinct effective_on as business_date
    from ledger.fees
    where effective_on > %(day)s and run_no = %(run_no)s
),

settling as (
    -- payments of which the run learned, by the bank day that should show them
    select distinct payments.settles_on as business_date
    from ledger.events
    inner join payments.payments
        on
            events.effective_on = payments.effective_on
            and events.loan_id = payments.loan_id
            and events.subject_id = payments.payment_id
    where
        events.run_no = %(run_no)s and exists (select from later_days) and payments.settles_on > %(day)s
        -- what is older has settled by the day
        and events.effective_on between %(day)s::date - settlement.most_days_to_settle() and %(day)s
        and payments.effective_on between %(day)s::date - settlement.most_days_to_settle() and %(day)s
),

returned as (
    -- a return made while banks are closed shows on the next bank day
    select distinct settles_on as business_date
    from settlement.calendar
    where business_date = %(day)s
),

went_back as (
    -- a return takes its payment out of the fold from its value date on. A run of many days has those before it still
    -- to finish, and makes of them what follows from the ledger once all are posted
    select distinct turnover.effective_on as business_date
    from ledger.turnover
    where
        turnover.run_no = %(run_no)s and turnover.effective_on < %(day)s
        and not exists (
            select
            from operations.day_requests as ours
            where
                ours.business_date = turnover.effective_on
                and ours.reason = 'unfinished'
                and ours.subject = %(run_id)s
                and ours.satisfied_at is null
        )
),

changed as (
    select business_date from went_back
    union
    select business_date from allocated
    union
    select business_date from charged
    union
    select business_date from settling
    union
    select business_date from returned
)

insert into operations.day_requests (business_date, reason, subject, requested_at)
select business_date, 'reposted', %(day)s::text, clock_timestamp()
from changed
inner join ledger.days using (business_date)
where
    business_date <> %(day)s
    and exists (
        select
        from ledger.seals
        where seals.run_no = %(run_no)s
    )
on conflict (business_date, reason, subject) do update
    set requested_at = excluded.requested_at, satisfied_at = null;
