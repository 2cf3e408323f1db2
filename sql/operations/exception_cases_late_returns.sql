-- A case for each of the debits in `returned_debits` that came back after the last day on which its bank might send it
-- back: our bank may refuse such a return for a few days. Tells how many were opened.
with calendar as (
    -- each day with the number of bank days up to it
    select
        c.business_date, c.bank_day,
        sum((c.business_date = c.bank_day)::integer) over (order by c.business_date) as bank_days
    from settlement.bank_calendar as c
),

bank_days as (
    select c.business_date, c.bank_days from calendar as c
    where c.business_date = c.bank_day
),

dated as (
    -- the days that the rules count; bank days after a day never count the day itself
    select
        d.loan_id, d.payment_id, d.effective_on, d.returned_on, d.code, d.amount_cents,
        case r.deadline_unit when 'bank' then last_day.business_date else opening.bank_day end as return_by,
        refusal.business_date as dishonor_by
    from returned_debits as d
    inner join payments.return_codes as r on d.code = r.code
    inner join calendar as settled on d.settles_on = settled.business_date
    left join bank_days as last_day on settled.bank_days + r.deadline_days = last_day.bank_days
    left join calendar as opening on d.settles_on + r.deadline_days::integer = opening.business_date
    inner join calendar as returned on d.returned_on = returned.business_date
    inner join bank_days as refusal on returned.bank_days + %(dishonor_within)s = refusal.bank_days
    where r.deadline_days is not null
),

opened as (
    insert into operations.exception_cases (
        case_id, category, subcategory, severity, state, business_date, loan_id, payment_id, summary, next_step, details
    )
    select
        operations.content_id('late_return|' || d.payment_id), 'late_return', d.code, 'high', 'open', d.returned_on,
        d.loan_id, d.payment_id,
        format(
            'The debit of %%s of value date %%s came back as %%s on %%s; %%s was the last day for that.',
            operations.dollars(d.amount_cents), d.effective_on, d.code, d.returned_on, d.return_by
        ),
        format('Have our bank refuse the return as untimely (R68) by %%s, or let it stand.', d.dishonor_by),
        jsonb_build_object('return_by', d.return_by, 'dishonor_by', d.dishonor_by)
    from dated as d
    where d.returned_on > d.return_by
    on conflict (case_id) do nothing
    returning case_id
)

select count(*)::int as opened, 0 as resolved from opened
