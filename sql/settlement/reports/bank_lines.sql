-- What the bank says of a day.
select
    channel,
    kind,
    count(*) as rows,
    sum(amount_cents)::bigint as cents
from settlement.lines_in_force
where bank_day = %(day)s
group by channel, kind
order by channel, kind;
