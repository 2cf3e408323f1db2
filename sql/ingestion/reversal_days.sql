-- On which days payments of which value dates went back, by what these batches say.
insert into ingestion.reversal_days (happened_on, effective_on)
select a.happened_on, a.effective_on
from work.payment_ingestions as a
where a.signal in ('returned', 'recalled')
union
select e.happened_on, e.effective_on
from ingestion.earlier_words as e
where
    e.effective_on = any(%(days)s::date[]) and e.batch_id = any(%(batches)s::uuid[])
    and e.signal in ('returned', 'recalled')
on conflict (happened_on, effective_on) do nothing
