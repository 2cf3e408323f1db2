-- The statements of the file :file_sha256 as they were stored, and the days on which they changed what is in force.
select
    s.statement_id, s.account, s.as_of, s.from_on, s.nature, s.is_final, s.opening_cents, s.closing_cents, s.line_count,
    s.lines_cents, s.repeats, s.replaces, s.number,
    (
        select count(*)
        from settlement.line_corrections as c
        where c.statement_id = s.statement_id and c.is_withdrawn
    ) as withdrawn,
    (
        select count(*)
        from settlement.line_corrections as c
        where c.statement_id = s.statement_id and not c.is_withdrawn
    ) as reinstated
from settlement.statements as s
where s.file_sha256 = %(file_sha256)s
order by s.number;
