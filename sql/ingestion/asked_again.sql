-- The bank was asked for these again.
insert into ingestion.asked_again as kept (subject, bank_day, asked_at, times)
select a.subject, a.bank_day, %(received_at)s, 1
from unnest(%(subjects)s::text[], %(bank_days)s::date[]) as a (subject, bank_day)
on conflict (subject) do update
    set bank_day = excluded.bank_day, asked_at = excluded.asked_at, times = kept.times + 1
