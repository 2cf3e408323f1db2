-- Money that was told of by :day, of a value date before the first of the books: there is no such day to run, so no run
-- posts it. Whether the former system had it is for a person to find out. A row of the last hours of a day may come
-- after its run: the runs of the week after it look, too. Tells how many were opened.
with told as (
    select
        payment_ingestions.effective_on, payment_ingestions.loan_id, payment_ingestions.payment_id,
        min(payment_ingestions.channel) as channel, max(payment_ingestions.amount_cents) as amount_cents,
        min(payment_ingestions.booked_on) as booked_on
    from ingestion.payment_ingestions
    where
        payment_ingestions.effective_on < %(first_day)s
        and payment_ingestions.booked_on between %(day)s::date - 7 and %(day)s
        and payment_ingestions.signal not in ('returned', 'recalled', 'canceled')
        and not exists (
            select from payments.payments
            where
                payments.effective_on = payment_ingestions.effective_on
                and payments.loan_id = payment_ingestions.loan_id
                and payments.payment_id = payment_ingestions.payment_id
        )
    group by payment_ingestions.effective_on, payment_ingestions.loan_id, payment_ingestions.payment_id
),

opened as (
    insert into operations.exception_cases (
        case_id, category, subcategory, severity, state, business_date, loan_id, payment_id, summary, next_step, details
    )
    select
        operations.content_id('before_the_books|' || told.payment_id), 'before_the_books', told.channel, 'high', 'open',
        told.booked_on, told.loan_id, told.payment_id,
        format(
            '%%s by %%s came on %%s with value date %%s, before %%s, the first day of the books: it is not posted.',
            operations.dollars(told.amount_cents), told.channel, told.booked_on, told.effective_on, %(first_day)s::date
        ),
        format(
            'Find out whether the balance with which the loan was boarded has it. If not, have it delivered again with '
            'a value date from %%s on.', %(first_day)s::date
        ),
        jsonb_build_object('value_date', told.effective_on, 'amount_cents', told.amount_cents)
    from told
    on conflict (case_id) do nothing
    returning case_id
)

select count(*)::int as opened, 0 as resolved from opened
