-- Who is behind at the end of a day.
select
    bucket,
    overdue_cents,
    loans,
    fees_cents,
    suspense_cents
from reporting.delinquency_by_bucket
where business_date = %(day)s
order by from_days;
