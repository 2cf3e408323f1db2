-- On which days payments of which value dates went back, by the rows in `work.arrived`.
insert into ingestion.reversal_days (happened_on, effective_on)
select distinct (a.occurred_at at time zone 'America/New_York')::date, a.value_date
from work.arrived as a
where a.event in ('returned', 'recalled')
on conflict (happened_on, effective_on) do nothing
