-- The debits that came back on a day and are to be presented again, by code and what became of it.
select
    r.code,
    r.attempt,
    coalesce(o.outcome, 'planned') as outcome,
    count(*) as rows,
    sum(r.amount_cents)::bigint as cents,
    min(r.scheduled_on)::text as scheduled_from
from payments.representments as r
left join payments.representment_outcomes as o
    on r.loan_id = o.loan_id and r.payment_id = o.payment_id and r.attempt = o.attempt
where r.returned_on = %(day)s
group by r.code, r.attempt, coalesce(o.outcome, 'planned')
order by r.code, r.attempt, outcome;
