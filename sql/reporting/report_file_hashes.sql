-- Every content that a file of a report has had.
select f.file_name, f.sha256
from compliance.report_files as f
where f.report_id = %(report_id)s
order by f.file_name, f.written_at
