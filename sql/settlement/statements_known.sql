-- How many statements are stored of the file with these bytes.
select count(*) as statements
from settlement.statements as s
where s.file_sha256 = %(file_sha256)s;
