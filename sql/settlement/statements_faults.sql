-- The first thing about the file that must not be stored, in the words of the readers: code, place, field, expected and
-- found; no row where all is well. :format is that of the file, :currency that of our books.
with
-- What was said last of the accounts and days of the file, by statements that say something of their own.
last_words as (
    select distinct on (k.account, k.as_of) k.*
    from settlement.statements as k
    inner join judged_statements as j on k.account = j.account and k.as_of = j.as_of
    where k.repeats is null
    order by k.account asc, k.as_of asc, k.version desc
),

-- New statements of days that are told already; a deletion before them in the file has cleared the day.
told_again as (
    select
        j.record, j.file_line, j.as_of, j.is_final, j.opening_cents, j.closing_cents, w.format as format_before,
        w.source as source_before, w.is_final as was_final, w.closing_cents as closed_before
    from judged_statements as j
    inner join last_words as w on j.account = w.account and j.as_of = w.as_of
    where
        j.nature = 'new' and j.repeats is null and w.nature <> 'deletion'
        and not exists (
            select from judged_statements as d
            where d.account = j.account and d.as_of = j.as_of and d.nature = 'deletion' and d.number < j.number
        )
),

of_statements as (
    select
        1 as rank, 'currency' as code, j.record, j.file_line, 'currency' as field, %(currency)s::text as expected,
        j.currency as found
    from judged_statements as j
    where j.currency <> %(currency)s

    union all

    select 2, 'value', j.record, j.file_line, 'date of the statement', '2000 to 2099', j.as_of::text
    from judged_statements as j
    where j.as_of not between '2000-01-01' and '2099-12-31'

    union all

    select
        3, 'nothing_to_delete', j.record, j.file_line, 'statement', 'one of ' || j.as_of || ' that it deletes', 'none'
    from judged_statements as j
    where j.nature = 'deletion' and j.replaces is null and j.repeats is null

    union all

    -- the same day told in two formats would be counted twice: their lines never look the same
    select
        4, 'other_source', t.record, t.file_line, 'statement',
        format('statements of %%s in the format that we have them in, %%s', t.as_of, t.format_before), %(format)s
    from told_again as t
    where t.format_before <> %(format)s

    union all

    -- the day was over and has other balances now; a second statement of a day goes on where the first ended
    select
        5, 'contradicts', t.record, t.file_line, 'closing balance',
        format('%%s, as in %%s', t.closed_before, t.source_before), t.closing_cents::text
    from told_again as t
    where
        t.is_final and t.was_final and t.closing_cents <> t.closed_before
        and t.opening_cents is distinct from t.closed_before
),

of_lines as (
    select
        6, 'value', l.record, l.file_line, 'booking date', format('%%s to %%s', j.as_of - 400, j.as_of + 7),
        l.bank_day::text
    from identified_lines as l
    inner join judged_statements as j on l.number = j.number
    where
        l.bank_day not between j.as_of - 400 and j.as_of + 7
        or l.bank_day not between '2000-01-01' and '2099-12-31'

    union all

    -- one id, two contents: in the file
    select
        7, 'contradicts', max(l.record), max(l.file_line), 'id of the line', 'one line of an id',
        'several that differ'
    from identified_lines as l
    where l.identity is not null
    group by l.line_id
    having count(distinct row(l.bank_day, l.amount_cents, l.type_code, l.channel, l.kind)::text) > 1

    union all

    -- or here and in the file
    select
        8, 'contradicts', l.record, l.file_line, 'id of the line', format('what %%s says of it', b.source),
        'another amount or code'
    from identified_lines as l
    inner join settlement.bank_lines as b on l.bank_day = b.bank_day and l.line_id = b.line_id
    where
        l.identity is not null
        and b.bank_day between (select min(i.bank_day) from identified_lines as i)
        and (select max(i.bank_day) from identified_lines as i)
        and (l.amount_cents, l.type_code) is distinct from (b.amount_cents, b.type_code)
)

select f.code, f.record, f.file_line, f.field, f.expected, f.found
from (
    select * from of_statements
    union all
    select * from of_lines
) as f
order by f.rank, f.record
limit 1;
