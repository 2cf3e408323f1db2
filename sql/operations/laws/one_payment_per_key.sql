-- Law 3. One payment for each idempotency key, and only for keys that were delivered. The key holds the value date,
-- so two payments of one key would lie in one day; that each payment lies where its key says is
-- every_id_is_its_content.
with twice as (
    select
        p.effective_on, p.payment_id, count(*) as times, string_agg(p.loan_id::text, ', ' order by p.loan_id) as loans
    from payments.payments as p
    where p.effective_on between %(first)s and %(last)s
    group by p.effective_on, p.payment_id
    having count(*) > 1
),

undelivered as (
    select p.effective_on, p.loan_id, p.payment_id
    from payments.payments as p
    where
        p.effective_on between %(first)s and %(last)s
        and not exists (
            select from ingestion.payment_ingestions as i
            where
                i.effective_on = p.effective_on and i.loan_id = p.loan_id and i.payment_id = p.payment_id
                and i.effective_on between %(first)s and %(last)s
        )
),

wrong as materialized (
    select
        t.effective_on as business_date,
        format('loan %%s, payment %%s', t.loans, t.payment_id) as keys,
        format('%%s payments of one key', t.times) as found,
        'one payment' as expected
    from twice as t

    union all

    select
        u.effective_on,
        format('loan %%s, payment %%s', u.loan_id, u.payment_id),
        'a payment that nothing was delivered for',
        'an ingestion with its key'
    from undelivered as u
)

select w.*, count(*) over () as violations
from wrong as w
order by w.business_date, w.keys
limit %(most)s
