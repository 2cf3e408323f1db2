-- The ACH debits that we sent with value date :day, each with its account where that is new to us, and the debits that
-- went back on :day or have that value date. Temporary tables, for the statements that follow in the same transaction.
-- :booked_on are the days on which we were told of these payments, :value_dates the value dates of those that went
-- back. A debit whose return was refused is here once more as a receipt of its own, `<transfer>/again`: it was sent and
-- returned once all the same, so that neither table has it.
drop table if exists pg_temp.debits, pg_temp.returned_debits;

create temporary table debits on commit drop as
select
    p.loan_id, p.payment_id, p.transfer_id, p.effective_on, p.booked_on, p.batch_id, p.line,
    -- reading each event again would take as long as all the rest: only those that name no account we know are read
    case
        when
            left(told.raw, 1) = '{' and not exists (
                select from servicing.external_accounts as known
                where known.loan_id = p.loan_id and position('"' || known.counterparty_id || '"' in told.raw) > 0
            )
            then nullif(told.raw::jsonb -> 'data' ->> 'counterparty_id', '')
    end as new_counterparty_id
from payments.payments as p
inner join lateral (
    -- fetched by its key, row by row ("offset 0" sees to it): a day's events are too much text to be sorted or hashed
    select s.metadata ->> 'direction' as direction, s.raw
    from ingestion.staged as s
    where
        s.booked_on = p.booked_on and s.batch_id = p.batch_id and s.line = p.line
        and s.booked_on = any(%(booked_on)s::date[])
    offset 0
) as told on told.direction = 'outgoing'
where
    p.effective_on = %(day)s and p.channel = 'ach' and p.reference not like '%%/again'
    and not exists (
        select from payments.transitions as t
        where
            t.effective_on = %(day)s and t.loan_id = p.loan_id and t.payment_id = p.payment_id
            and t.status = 'canceled'
    );

create temporary table returned_debits on commit drop as
with told as (
    select r.loan_id, r.payment_id, r.effective_on, r.happened_on, r.code, r.booked_on
    from payments.reversals_in_force as r
    where r.happened_on = %(day)s

    union

    select r.loan_id, r.payment_id, r.effective_on, r.happened_on, r.code, r.booked_on
    from payments.reversals_in_force as r
    where r.effective_on = %(day)s
)

select
    t.loan_id, t.payment_id, t.effective_on, t.happened_on as returned_on, t.code, t.booked_on, p.amount_cents,
    p.settles_on, p.transfer_id, o.object ->> 'idempotency_key' as given_key,
    o.object ->> 'company_entry_description' as entry_description
from told as t
inner join payments.payments as p
    on t.effective_on = p.effective_on and t.loan_id = p.loan_id and t.payment_id = p.payment_id
inner join ingestion.staged as s on p.booked_on = s.booked_on and p.batch_id = s.batch_id and p.line = s.line
left join lateral (
    select case left(told.raw, 1) when '{' then told.raw::jsonb -> 'data' end as object
    from (select s.raw) as told
    offset 0
) as o on true
where
    p.effective_on = any(%(value_dates)s::date[]) and p.channel = 'ach' and p.reference not like '%%/again'
    and s.booked_on = any(%(booked_on)s::date[]) and s.metadata ->> 'direction' = 'outgoing';

analyze debits;

analyze returned_debits
