-- Who was behind on :day has been worked out, up to the run :run_no of that day.
insert into servicing.delinquency_days (business_date, run_no)
values (%(day)s, %(run_no)s)
on conflict (business_date) do update set run_no = excluded.run_no
