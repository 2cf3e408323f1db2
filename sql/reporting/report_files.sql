-- A file of a report. Written again with the same content, it is the same file.
insert into compliance.report_files (report_id, file_name, format, records, size_bytes, sha256)
values (%(report_id)s, %(file_name)s, %(format)s, %(records)s, %(size_bytes)s, %(sha256)s)
on conflict do nothing
