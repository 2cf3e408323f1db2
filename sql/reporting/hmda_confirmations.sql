-- A quality or macro edit is confirmed: the very rows and values that it asks about are right. The first reason stays.
insert into compliance.hmda_confirmations (period, edit, evidence, reason, confirmed_by)
values (%(period)s, %(edit)s, %(evidence)s, %(reason)s, %(confirmed_by)s)
on conflict do nothing
