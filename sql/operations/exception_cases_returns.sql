-- A case for every payment that went back, if that happened on :day or the payment's value date is :day (the run of
-- either day may be the one that brings the news). Tells how many were opened.
-- :value_dates are the value dates of all payments that went back on :day, and :day itself.
with
returned as (
    select
        reversed.effective_on, reversed.loan_id, reversed.payment_id, reversed.happened_on, reversed.code
    from payments.reversals_in_force as reversed
    where
        reversed.happened_on = %(day)s
        and reversed.effective_on = any(%(value_dates)s)
    union
    select
        reversed.effective_on, reversed.loan_id, reversed.payment_id, reversed.happened_on, reversed.code
    from payments.reversals_in_force as reversed
    where reversed.effective_on = %(day)s
),

-- The rail, which the news of the return names too where the payment itself never came.
told as (
    select
        returned.*,
        payments.amount_cents,
        coalesce(payments.channel, news.channel, 'unknown') as channel
    from returned
    left join payments.payments
        on
            payments.effective_on = returned.effective_on
            and payments.loan_id = returned.loan_id
            and payments.payment_id = returned.payment_id
            and payments.effective_on = any(%(value_dates)s)
    left join lateral (
        select min(payment_ingestions.channel) as channel
        from ingestion.payment_ingestions
        where
            payments.payment_id is null
            and payment_ingestions.effective_on = returned.effective_on
            and payment_ingestions.effective_on = any(%(value_dates)s)
            and payment_ingestions.loan_id = returned.loan_id
            and payment_ingestions.payment_id = returned.payment_id
    ) as news on true
),

wanted as (
    select
        operations.content_id('return|' || told.payment_id) as case_id,
        told.*,
        case
            when return_codes.action = 'dispute' then 'dispute'
            when told.channel = 'wire' then 'wire_recall'
            else told.channel || '_return'
        end as category,
        coalesce(return_codes.severity, 'high') as severity,
        coalesce(
            return_codes.reason,
            case when told.code is null then 'nobody said why' else 'a code that we do not know' end
        ) as reason,
        case
            when told.code is null then 'The payment has been reversed. Ask the bank why, and tell the borrower.'
            when
                return_codes.code is null
                then 'Find out what the code means, add it to the return codes, and decide what is to be done.'
            when
                told.channel = 'ach' and told.code = 'R11'
                then format(
                    'Find out what the payer authorized and answer the dispute; a corrected debit may be sent until '
                    '%%s.', told.happened_on + %(corrected_within_days)s
                )
            when return_codes.action = 'dispute' then 'Gather the authorization and answer the dispute in time.'
            when
                return_codes.action = 'hold'
                then 'Hold further payments from this account until the reason is cleared up.'
            when
                again.scheduled_on is not null
                then format(
                    'The payment has been reversed, and is collected once more on %%s (attempt %%s of %%s). Tell the '
                    'borrower to have the funds ready.', again.scheduled_on, again.attempt, %(most_attempts)s
                )
            when
                told.channel = 'ach' and told.code = 'R08'
                then
                    'The payment has been reversed. It may be collected again only with a new authorization: ask the '
                    || 'borrower for it, or for another way to pay.'
            else 'The payment has been reversed. Tell the borrower, and ask for another way to pay.'
        end as next_step
    from told
    left join payments.return_codes on return_codes.code = told.code
    left join payments.representments as again
        on told.loan_id = again.loan_id and told.payment_id = again.returned_payment_id
),

opened as (
    insert into operations.exception_cases (
        case_id, category, subcategory, severity, state, business_date, loan_id, payment_id, summary, next_step, details
    )
    select
        wanted.case_id, wanted.category, coalesce(wanted.code, 'none'), wanted.severity, 'open', wanted.happened_on,
        wanted.loan_id, wanted.payment_id,
        format(
            'The %%s payment%%s of value date %%s went back on %%s: %%s (%%s).', wanted.channel,
            coalesce(' of ' || operations.dollars(wanted.amount_cents), ''), wanted.effective_on, wanted.happened_on,
            wanted.reason, coalesce(wanted.code, 'no code')
        ),
        wanted.next_step,
        jsonb_build_object(
            'value_date', wanted.effective_on, 'amount_cents', wanted.amount_cents, 'channel', wanted.channel
        )
    from wanted
    on conflict (case_id) do nothing
    returning case_id
)

select count(*)::int as opened, 0 as resolved from opened;
