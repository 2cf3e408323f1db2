-- The statements that close on :day: what the bank said, and by which file it can be proven.
select
    s.account, s.format, s.bank, s.reference, s.nature, s.is_final, s.line_count, s.lines_cents, s.opening_cents,
    s.closing_cents, s.repeats is not null as is_repeat, regexp_replace(s.source, '^.*/', '') as file_name,
    encode(s.file_sha256, 'hex') as file_sha256, s.received_at
from settlement.statements as s
where s.as_of = %(day)s
order by s.account, s.version;
