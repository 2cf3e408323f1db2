-- What makes up the variances of a day.
select
    channel,
    cause,
    count(*) as rows,
    sum(variance_cents)::bigint as variance_cents
from reconciliation.items
where bank_day = %(day)s
group by channel, cause
order by channel, cause;
