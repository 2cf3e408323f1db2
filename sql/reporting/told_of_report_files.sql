-- The files of the last version of Form 1098 of a tax year.
with last as (
    select r.report_id
    from compliance.reports as r
    where r.kind = 'form_1098' and r.period = %(tax_year)s::text
    order by r.version desc
    limit 1
)

select distinct on (f.file_name)
    f.file_name, f.format, f.records as rows, f.size_bytes, left(encode(f.sha256, 'hex'), 16) as sha256
from compliance.report_files as f
inner join last as l on f.report_id = l.report_id
order by f.file_name asc, f.written_at desc;
