-- Receipts of :day that a person must look at because of the state of their loan. A case closes by itself when its
-- receipt went back, or came under a policy that asks for nobody. Tells how many were opened and resolved.
with
asking as (
    select policies.policy, policies.status, policies.review
    from payments.policies
    where policies.review is not null
),

-- Receipts that are or were under such a policy; of a day's receipts these are few.
affected as (
    select distinct allocations.loan_id, allocations.subject_id
    from ledger.allocations
    inner join asking on asking.policy = allocations.policy
    where allocations.effective_on = %(day)s and allocations.kind = 'receipt'
),

-- Where they stand now: the last correction names the policy, and what is held to go back is no longer a receipt.
receipts as (
    select
        allocations.loan_id, allocations.subject_id,
        max(allocations.channel) as channel,
        sum(allocations.cash_cents - allocations.returned_cents)::bigint as live_cents,
        (array_agg(allocations.policy order by allocations.seq desc))[1] as policy
    from affected
    inner join ledger.allocations
        on allocations.loan_id = affected.loan_id and allocations.subject_id = affected.subject_id
    where allocations.effective_on = %(day)s and allocations.kind = 'receipt'
    group by allocations.loan_id, allocations.subject_id
),

wanted as (
    select
        operations.content_id('validation|' || receipts.subject_id) as case_id,
        receipts.loan_id, receipts.subject_id, asking.policy,
        case when asking.status in ('unidentified', 'legal_hold') then 'high' else 'medium' end as severity,
        format(
            '%%s by %%s is held: %%s.', operations.dollars(receipts.live_cents), receipts.channel,
            lower(left(asking.review, 1)) || substr(asking.review, 2)
        ) as summary,
        case asking.status
            when 'unidentified' then 'Find the loan that the payment was meant for, or send the money back.'
            else 'Decide what becomes of the money, record the decision on the loan, and run the day again.'
        end as next_step,
        jsonb_build_object('amount_cents', receipts.live_cents, 'channel', receipts.channel) as details
    from receipts
    inner join asking on asking.policy = receipts.policy
    where receipts.live_cents <> 0
),

known as (
    select exception_cases.*
    from operations.exception_cases
    where exception_cases.business_date = %(day)s and exception_cases.category = 'validation'
),

-- A case that closed by itself is reopened when its cause is back; one that a person closed stays closed.
news as (
    select wanted.*
    from wanted
    left join known on known.case_id = wanted.case_id
    where
        known.case_id is null
        or known.details ? 'healed'
        or (known.state in ('open', 'pending') and known.subcategory <> wanted.policy)
),

opened as (
    insert into operations.exception_cases as kept (
        case_id, category, subcategory, severity, state, business_date, loan_id, payment_id, summary, next_step, details
    )
    select
        news.case_id, 'validation', news.policy, news.severity, 'open', %(day)s, news.loan_id, news.subject_id,
        news.summary, news.next_step, news.details
    from news
    on conflict (case_id) do update
        set
            subcategory = excluded.subcategory,
            severity = excluded.severity,
            state = case when kept.state in ('resolved', 'cancelled') then 'open' else kept.state end,
            summary = excluded.summary,
            next_step = excluded.next_step,
            details = excluded.details,
            resolution = null,
            resolved_at = null
    returning kept.case_id
),

resolved as (
    update operations.exception_cases as kept set
        state = 'resolved',
        resolved_at = now(),
        details = kept.details || '{"healed": true}',
        resolution = case
            when receipts.live_cents = 0 then 'The payment went back; nothing is held any more.'
            else 'The payment is now applied under the policy ' || receipts.policy || ', which asks for nobody.'
        end
    from known
    inner join receipts on receipts.subject_id = known.payment_id
    where
        kept.case_id = known.case_id
        and known.state in ('open', 'pending')
        and not exists (
            select from wanted
            where wanted.case_id = known.case_id
        )
    returning kept.case_id
)

select (select count(*) from opened)::int as opened, (select count(*) from resolved)::int as resolved;
