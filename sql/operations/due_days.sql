-- The days from :first that wait to be run again: those before :last, and :last itself once it has been run. A variance
-- stands until bank and books agree; by itself it asks for one run, and what arrives later asks for others. A run that
-- was broken off is news the first time alone: each attempt leaves such a request, and would be followed by the next.
select
    requests.business_date,
    greatest(
        max(requests.requested_at) filter (where requests.reason <> 'unfinished'),
        min(requests.requested_at) filter (where requests.reason = 'unfinished')
    ) as newest,
    array_agg(distinct requests.reason order by requests.reason) as reasons
from operations.day_requests as requests
left join ledger.days using (business_date)
where
    requests.satisfied_at is null
    and requests.business_date >= %(first)s
    and (requests.business_date < %(last)s or (requests.business_date = %(last)s and days.business_date is not null))
    and (requests.reason <> 'variance' or days.last_run_at is null or days.last_run_at < requests.requested_at)
group by requests.business_date
order by min(requests.requested_at), requests.business_date;
