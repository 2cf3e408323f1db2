-- On which days payments of which value dates went back, by the rows in `work.payment_ingestions`.
insert into ingestion.reversal_days (happened_on, effective_on)
select distinct a.happened_on, a.effective_on
from work.payment_ingestions as a
where a.signal in ('returned', 'recalled')
on conflict (happened_on, effective_on) do nothing
