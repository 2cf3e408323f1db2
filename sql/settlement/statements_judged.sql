-- What each line and statement of the file :file_sha256 is: the ids of its lines, and whether a statement repeats one
-- that we have, or replaces it. Temporary tables; with :replaces every statement is a correction.
drop table if exists pg_temp.identified_lines, pg_temp.judged_statements;

-- A line is what it says: where the bank gives it an id that no other has, that is its identity; where it does not, its
-- content, and among lines of one statement that say the same, its number.
create temporary table identified_lines on commit drop as
with told_before as (
    select k.account, k.as_of, k.opening_cents, k.closing_cents, 0 as number
    from settlement.statements as k
    inner join (select distinct s.account, s.as_of from arriving_statements as s) as d
        on k.account = d.account and k.as_of = d.as_of
    where k.repeats is null
    union all
    select s.account, s.as_of, s.opening_cents, s.closing_cents, s.number
    from arriving_statements as s
),

-- A second statement of a day that begins where another ended tells of other lines, though they look the same.
continuing as (
    select distinct s.number, s.opening_cents
    from arriving_statements as s
    inner join told_before as t
        on s.account = t.account and s.as_of = t.as_of and s.opening_cents = t.closing_cents and s.number > t.number
    where t.opening_cents <> t.closing_cents
),

contents as (
    select
        l.*,
        row(
            s.bank, l.account, s.currency, l.bank_day, l.value_on, l.amount_cents, l.type_code, l.bank_reference,
            l.customer_reference, l.description, c.opening_cents
        )::text as content
    from arriving_statement_lines as l
    inner join arriving_statements as s on l.number = s.number
    left join continuing as c on l.number = c.number
),

numbered as (
    select
        c.*,
        row_number() over (partition by c.number, c.content order by c.record, c.file_line) as nth
    from contents as c
)

select
    n.*,
    operations.content_id(
        case
            when n.identity is not null then 'line|' || row(n.account, n.identity)::text
            else 'line|' || n.content || '|' || n.nth
        end
    )::text as line_id
from numbered as n;

create temporary table judged_statements on commit drop as
with contents as (
    select l.number, string_agg(l.line_id, ',' order by l.line_id) as line_ids
    from identified_lines as l
    group by l.number
),

said as (
    select
        s.*, c.line_ids,
        case when %(replaces)s and s.nature = 'new' then 'correction' else s.nature end as meant
    from arriving_statements as s
    left join contents as c on s.number = c.number
),

hashed as (
    -- a correction with the same words as one before it is another correction if the bank calls it another
    select
        s.*,
        sha256(
            convert_to(
                row(
                    s.bank, s.account, s.currency, s.from_on, s.as_of, s.opening_cents, s.closing_cents, s.meant,
                    s.is_final, case when s.meant = 'new' then '' else s.reference end, s.line_ids
                )::text,
                'UTF8'
            )
        ) as content_sha256
    from said as s
),

last_versions as (
    select k.account, k.as_of, max(k.version) as version
    from settlement.statements as k
    inner join (select distinct h.account, h.as_of from hashed as h) as d on k.account = d.account and k.as_of = d.as_of
    group by k.account, k.as_of
),

versioned as (
    select
        h.*,
        operations.content_id('statement|' || encode(%(file_sha256)s::bytea, 'hex') || '|' || h.number) as statement_id,
        coalesce(v.version, 0) + row_number() over (partition by h.account, h.as_of order by h.number) as version
    from hashed as h
    left join last_versions as v on h.account = v.account and h.as_of = v.as_of
),

-- What is stored of the same accounts and days, and what the file adds to it; who repeats says nothing.
told as (
    select s.account, s.as_of, s.version, s.statement_id, s.content_sha256, s.nature
    from settlement.statements as s
    inner join last_versions as v on s.account = v.account and s.as_of = v.as_of
    where s.repeats is null
    union all
    select v.account, v.as_of, v.version, v.statement_id, v.content_sha256, v.meant
    from versioned as v
),

begun as (
    select
        t.*,
        t.nature <> 'deletion'
        and lag(t.nature) over (partition by t.account, t.as_of order by t.version) = 'deletion' as is_afresh
    from told as t
),

-- After a deletion a day is told from the beginning: what says again what was deleted repeats nothing.
tellings as (
    select
        b.*,
        count(*) filter (where b.is_afresh) over (partition by b.account, b.as_of order by b.version) as telling
    from begun as b
),

known as (
    select
        t.account, t.as_of, t.version, t.statement_id,
        first_value(t.statement_id) over (
            partition by t.account, t.as_of, t.telling, t.content_sha256 order by t.version
        ) as first_said_by
    from tellings as t
),

words as (
    -- who repeats is not what a correction corrects
    select k.statement_id, lag(k.statement_id) over (partition by k.account, k.as_of order by k.version) as word_before
    from known as k
    where k.first_said_by = k.statement_id
)

select
    v.number, v.statement_id, v.account, v.currency, v.bank, v.reference, v.from_on, v.as_of, v.version,
    v.opening_cents, v.closing_cents, v.line_count, v.lines_cents, v.meant as nature, v.is_final, v.record, v.file_line,
    v.content_sha256,
    nullif(k.first_said_by, v.statement_id) as repeats,
    case when v.meant <> 'new' then w.word_before end as replaces
from versioned as v
inner join known as k on v.statement_id = k.statement_id
left join words as w on v.statement_id = w.statement_id;
