-- An edit that a version of a register breaks. Found again with the same evidence, it is the same.
insert into compliance.hmda_edits (report_id, edit, kind, rows, evidence, wording)
values (%(report_id)s, %(edit)s, %(kind)s, %(rows)s, %(evidence)s, %(wording)s)
on conflict do nothing
