-- What the bank should be asked for again by :received_at: the transfers behind each open item of a rail of the bank,
-- the day as a whole where an item names none, and transfers for which returns wait. Each is asked for again after ten
-- minutes, then after twenty, and so on up to a day. What is no id of this bank's, such as the number of a line at
-- another, is not asked for: it would refuse the question, and all that are put with it.
with open_items as (
    select i.bank_day, i.channel, i.side, i.item_id, i.loan_id, i.payment_id
    from reconciliation.items as i
    where
        i.channel in ('ach', 'wire', 'realtime', 'book', 'check') and i.status = 'open'
        and i.cause <> 'duplicate_at_bank'
),

items as (
    -- of lines and payments, each is looked up in its day: a join would read all days
    select
        i.bank_day, i.channel,
        substring(coalesce(b.transaction_id, p.transfer_id) from '^[a-z]{4}_[0-9A-Za-z]+$') as transfer_id
    from open_items as i
    left join lateral (
        select l.transaction_id
        from settlement.bank_lines as l
        where l.bank_day = i.bank_day and l.line_id = i.item_id and i.side in ('bank', 'both')
        offset 0
    ) as b on true
    left join lateral (
        select q.transfer_id
        from payments.payments as q
        where
            i.side = 'ours' and q.loan_id = i.loan_id and q.payment_id = i.payment_id
            and q.effective_on between i.bank_day - settlement.most_days_to_settle() and i.bank_day
        offset 0
    ) as p on true
    where
        -- where the bank has shown nothing at all yet, it is the statement that is missing
        i.side <> 'ours'
        or exists (
            select from settlement.bank_lines as shown
            where shown.bank_day = i.bank_day and shown.channel = i.channel
            offset 0
        )
),

questions as (
    select coalesce(i.transfer_id, 'day ' || i.bank_day) as subject, i.transfer_id, min(i.bank_day) as bank_day
    from items as i
    -- checks lie in lockboxes elsewhere too: those that this bank has say so by their id
    where i.channel <> 'check' or i.transfer_id like 'chkt\_%%'
    group by i.transfer_id, case when i.transfer_id is null then i.bank_day end, i.bank_day
    union
    select w.transfer_id as subject, w.transfer_id, null
    from ingestion.waiting_events as w
    where w.transfer_id ~ '^[a-z]{4}_[0-9A-Za-z]+$'
)

select distinct on (q.subject) q.subject, q.transfer_id, q.bank_day
from questions as q
left join ingestion.asked_again as a on q.subject = a.subject
where
    a.subject is null
    or a.asked_at + least(interval '10 minutes' * power(2, least(a.times - 1, 10)), interval '1 day')
    <= %(received_at)s::timestamptz
order by q.subject, q.bank_day
limit %(most)s
