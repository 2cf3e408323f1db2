-- Where each form stands in the files of a report. Files written again with the same content say the same.
insert into compliance.filed_1098 (
    report_id, tax_year, loan_id, part, version, transaction, file_name, submission_id, record_id
)
select
    %(report_id)s, %(tax_year)s, n.loan_id, n.part, n.version, n.transaction, n.file_name, n.submission_id, n.record_id
from newly_filed_1098 as n
on conflict do nothing;

truncate newly_filed_1098
