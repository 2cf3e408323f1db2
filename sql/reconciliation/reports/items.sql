-- What makes up the variances of a day.
select
    account,
    channel,
    cause,
    status,
    count(*) as rows,
    sum(variance_cents)::bigint as variance_cents
from reconciliation.items
where bank_day = %(day)s
group by account, channel, cause, status
order by array_position(array['open', 'settled_by_person'], status), account, channel, cause;
