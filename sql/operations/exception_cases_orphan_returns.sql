-- Returns of payments that we do not have, if the return happened on :day or concerns that value date. The case closes
-- when the payment turns up, which the run of its value date notices. Tells how many were opened and resolved.
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

told as (
    select
        operations.content_id('orphan_return|' || returned.payment_id) as case_id,
        returned.*,
        payments.payment_id is null as is_orphan
    from returned
    left join payments.payments
        on
            payments.effective_on = returned.effective_on
            and payments.loan_id = returned.loan_id
            and payments.payment_id = returned.payment_id
            and payments.effective_on = any(%(value_dates)s)
),

opened as (
    insert into operations.exception_cases (
        case_id, category, subcategory, severity, state, business_date, loan_id, payment_id, summary, next_step, details
    )
    select
        told.case_id, 'orphan_return', coalesce(told.code, 'none'), 'medium', 'open', told.happened_on, told.loan_id,
        told.payment_id,
        format(
            'A return (%%s) came on %%s for a payment of value date %%s that never reached us.',
            coalesce(told.code, 'no code'), told.happened_on, told.effective_on
        ),
        'Ask the source for the payment; when it has arrived, run ' || told.effective_on || ' again.',
        jsonb_build_object('value_date', told.effective_on)
    from told
    where told.is_orphan
    on conflict (case_id) do nothing
    returning case_id
),

resolved as (
    update operations.exception_cases as kept set
        state = 'resolved',
        resolved_at = now(),
        details = kept.details || '{"healed": true}',
        resolution = 'The payment has turned up.'
    from told
    where kept.case_id = told.case_id and not told.is_orphan and kept.state in ('open', 'pending')
    returning kept.case_id
)

select (select count(*) from opened)::int as opened, (select count(*) from resolved)::int as resolved;
