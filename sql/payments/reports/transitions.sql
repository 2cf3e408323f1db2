-- The steps taken by the payments that count from a day.
select
    status,
    count(*) as rows,
    count(*) filter (where booked_on > effective_on) as learned_later
from payments.transitions
where effective_on = %(day)s
group by status
order by array_position(array['pending', 'completed', 'reversed', 'canceled'], status);
