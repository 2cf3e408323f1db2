-- The files of a report, the last of each name, with the reference under which each was submitted.
select distinct on (f.file_name) f.file_name, f.format, f.records, f.size_bytes, f.sha256, r.reference, r.submitted_at
from compliance.report_files as f
left join compliance.filing_references as r on f.report_id = r.report_id and f.file_name = r.file_name
where f.report_id = %(report_id)s
order by f.file_name asc, f.written_at desc
