-- Who was behind at the end of a day, and with how much.
select
    bucket,
    count(*) as rows,
    sum(interest_cents + principal_cents + escrow_cents)::bigint as overdue_cents,
    sum(fees_cents)::bigint as fees_cents,
    sum(suspense_cents)::bigint as suspense_cents
from servicing.delinquency
where business_date = %(day)s
group by bucket
order by min(days_past_due);
