-- What came in on a day, and where it went.
select
    channel,
    received_cents,
    applied_cents,
    suspense_cents,
    returned_cents,
    payments
from reporting.collections_by_channel
where business_date = %(day)s
order by channel;
