-- When the debits in `returned_debits` are presented again, of those that may be. A debit whose name says that it is a
-- retry, and of which we do not know what it retries, is not: it may have been presented twice already.
insert into payments.representments (
    loan_id, payment_id, attempt, representment_id, returned_payment_id, returned_effective_on, returned_on, code,
    amount_cents, scheduled_on, latest_on, booked_on
)
with presented as (
    -- each with the payment that it presented again, if any: the bank was given the id of that as a key
    select
        d.*, coalesce(origin.payment_id, d.payment_id) as first_payment_id, coalesce(origin.attempt, 0) as attempts,
        coalesce(origin.latest_on, d.settles_on + %(retry_within_days)s::integer) as latest_on
    from returned_debits as d
    left join lateral (
        select r.payment_id, r.attempt, r.latest_on
        from payments.representments as r
        left join payments.representment_outcomes as o
            on r.loan_id = o.loan_id and r.payment_id = o.payment_id and r.attempt = o.attempt
        where r.loan_id = d.loan_id and (r.representment_id::text = d.given_key or o.transfer_id = d.transfer_id)
        limit 1
    ) as origin on true
    where origin.payment_id is not null or d.entry_description is distinct from %(retry_description)s
),

planned as (
    -- so many bank days after the return, which never counts itself
    select p.*, (p.attempts + 1)::smallint as next_attempt, bank_days.after[r.wait_bank_days] as scheduled_on
    from presented as p
    inner join payments.representment_rules as r on p.code = r.code and p.attempts + 1 = r.attempt
    inner join lateral (
        select array_agg(c.business_date order by c.business_date) as after
        from settlement.bank_calendar as c
        where
            c.bank_day = c.business_date
            and c.business_date > p.returned_on and c.business_date <= p.returned_on + 10 + 2 * r.wait_bank_days
    ) as bank_days on true
)

select
    p.loan_id, p.first_payment_id, p.next_attempt,
    operations.content_id('representment|' || p.first_payment_id || '|' || p.next_attempt),
    p.payment_id, p.effective_on, p.returned_on, p.code, p.amount_cents, p.scheduled_on, p.latest_on, p.booked_on
from planned as p
where p.loan_id <> 0 and p.scheduled_on <= p.latest_on
on conflict (loan_id, payment_id, attempt) do nothing
