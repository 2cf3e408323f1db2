-- What the authority gave back for a file.
insert into compliance.filing_references (report_id, file_name, reference, submitted_by)
values (%(report_id)s, %(file_name)s, %(reference)s, %(submitted_by)s)
