-- Why rows of a day were rejected.
select
    column_name as at_fault,
    reason,
    count(*) as rows
from ingestion.rejects
where booked_on = %(day)s
group by column_name, reason
order by count(*) desc, column_name asc, reason asc;
