-- The lines of the file :source that we do not have yet, on the days from :first to :last.
insert into settlement.bank_lines (
    bank_day, line_id, account, channel, kind, amount_cents, reference, transaction_id, description, source,
    statement_id, record, file_line, value_on, type_code, bank_reference, customer_reference
)
select distinct on (l.bank_day, l.line_id)
    l.bank_day, l.line_id, l.account, l.channel, l.kind, l.amount_cents,
    coalesce(nullif(l.customer_reference, ''), nullif(l.bank_reference, '')), nullif(l.bank_reference, ''),
    nullif(l.description, ''), %(source)s, j.statement_id, l.record, l.file_line, l.value_on, l.type_code,
    nullif(l.bank_reference, ''), nullif(l.customer_reference, '')
from identified_lines as l
inner join judged_statements as j on l.number = j.number
where
    j.repeats is null and j.nature <> 'deletion'
    and not exists (
        select from settlement.bank_lines as b
        where b.bank_day = l.bank_day and b.line_id = l.line_id and b.bank_day between %(first)s and %(last)s
    )
order by l.bank_day, l.line_id, l.record;
