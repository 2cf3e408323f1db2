-- The cases about a day.
select
    category,
    severity,
    count(*) as rows,
    count(*) filter (where state in ('open', 'pending')) as open,
    count(*) filter (where state = 'resolved') as resolved
from operations.exception_cases
where business_date = %(day)s
group by category, severity
order by category, array_position(array['critical', 'high', 'medium', 'low'], severity);
