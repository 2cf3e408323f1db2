-- The days on which the file :file_sha256 changed what is in force; its lines lie between :first and :last.
select b.bank_day
from settlement.bank_lines as b
inner join settlement.statements as s on b.statement_id = s.statement_id
where s.file_sha256 = %(file_sha256)s and b.bank_day between %(first)s and %(last)s
union
select c.bank_day
from settlement.line_corrections as c
inner join settlement.statements as s on c.statement_id = s.statement_id
where s.file_sha256 = %(file_sha256)s
order by bank_day;
