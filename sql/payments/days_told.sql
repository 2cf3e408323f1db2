-- Days on which we were told of the payments of :day and of those that went back on it: where to look for what was said
-- of them. :value_dates are the value dates of all payments that went back on :day, and :day itself.
select p.booked_on
from payments.payments as p
where p.effective_on = %(day)s and p.channel = 'ach'
union
select p.booked_on
from payments.reversals_in_force as r
inner join payments.payments as p
    on r.effective_on = p.effective_on and r.loan_id = p.loan_id and r.payment_id = p.payment_id
where r.happened_on = %(day)s and p.effective_on = any(%(value_dates)s::date[]) and p.channel = 'ach'
