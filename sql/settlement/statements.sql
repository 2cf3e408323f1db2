-- The statements of a file, each with what became of it.
insert into settlement.statements (
    statement_id, account, as_of, version, from_on, nature, is_final, format, bank, reference, currency, opening_cents,
    closing_cents, line_count, lines_cents, content_sha256, repeats, replaces, file_sha256, number, record, file_line,
    source, size_bytes, received_at
)
select
    j.statement_id, j.account, j.as_of, j.version, j.from_on, j.nature, j.is_final, %(format)s, j.bank, j.reference,
    j.currency, j.opening_cents, j.closing_cents, j.line_count, j.lines_cents, j.content_sha256, j.repeats, j.replaces,
    %(file_sha256)s, j.number, j.record, j.file_line, %(source)s, %(size_bytes)s, %(received_at)s
from judged_statements as j
order by j.number;
