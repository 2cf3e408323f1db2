-- :day has been posted, for the first time or again.
insert into ledger.days (business_date)
values (%(day)s)
on conflict (business_date) do update set last_run_at = now()
