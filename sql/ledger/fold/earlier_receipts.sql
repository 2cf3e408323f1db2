-- The posted receipts of the touched loans, from where each one's fold begins: they are folded again.
insert into pg_temp.receipts
select
    a.effective_on, a.loan_id, a.subject_id, a.channel, a.cash_cents, c.occurred_at,
    a.booked_on, r.happened_on, r.code, r.booked_on as return_booked_on, 1::smallint as turn
from pg_temp.standing as a
inner join payments.transitions as c
    on
        a.loan_id = c.loan_id
        and a.subject_id = c.payment_id
        and a.effective_on = c.effective_on
        and c.status = 'completed'
        and c.effective_on between %(since)s and %(horizon)s
left join pg_temp.reversals_in_force as r
    on
        a.loan_id = r.loan_id
        and a.subject_id = r.payment_id
        and r.effective_on between %(since)s and %(horizon)s
        and r.happened_on <= %(horizon)s
where a.kind = 'receipt' and a.seq = 1
