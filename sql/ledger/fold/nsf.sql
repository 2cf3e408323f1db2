-- Receipts that went back for lack of funds on a day that is folded: the policy of that day may charge for it.
create temporary table nsf as
with returned as (
    select r.loan_id, r.payment_id, r.returned_on, r.return_code
    from pg_temp.receipts as r
    where r.returned_on is not null

    union

    select a.loan_id, a.subject_id, t.happened_on, t.code
    from pg_temp.standing as a
    inner join pg_temp.reversals_in_force as t
        on
            a.loan_id = t.loan_id and a.subject_id = t.payment_id and a.effective_on = t.happened_on
            and t.happened_on between %(since)s and %(horizon)s
    where a.kind = 'return'
)

select r.loan_id, r.payment_id, r.returned_on
from returned as r
inner join payments.return_codes as c on r.return_code = c.code
where c.is_nsf
