-- What the file takes back and brings back. Its corrections and deletions withdraw the lines of the statements before
-- them, of their account and day, that the file does not have; a correction also those that other statements in :format
-- told of its days. Whatever statement of the file tells a line that had been withdrawn, be it a new one, brings that
-- line back: the last word counts.
insert into settlement.line_corrections (bank_day, line_id, version, statement_id, is_withdrawn)
with corrected_days as (
    -- some banks tell an account in several blocks: the corrections of one file belong together
    select
        j.account, j.as_of, min(j.number) as first_number,
        coalesce(max(j.number) filter (where j.nature = 'deletion'), 0) as last_deletion, max(j.number) as last_number,
        (array_agg(j.statement_id order by j.number desc))[1] as statement_id
    from judged_statements as j
    where j.nature <> 'new' and j.repeats is null
    group by j.account, j.as_of
),

of_file as (
    -- of a day that the file does not correct, all is kept
    select
        j.statement_id, j.number, j.account, j.as_of, j.from_on, j.nature, j.repeats is not null as is_repeat,
        c.statement_id is null
        or (
            j.repeats is null and j.number > c.last_deletion
            and (j.nature = 'correction' or j.number > c.first_number)
        ) as is_kept
    from judged_statements as j
    left join corrected_days as c on j.account = c.account and j.as_of = c.as_of
),

-- Statements of this file are not stored yet.
before as (
    select k.statement_id, k.account, k.as_of, k.from_on
    from settlement.statements as k
    inner join corrected_days as c on k.account = c.account and k.as_of = c.as_of
    union all
    select f.statement_id, f.account, f.as_of, f.from_on
    from of_file as f
    where not f.is_kept and not f.is_repeat
),

-- A statement's lines lie between its first day and a week after its last.
span as (
    select min(s.from_on) as first_day, max(s.as_of) + 7 as last_day
    from (
        select b.from_on, b.as_of from before as b
        union all
        select f.from_on, f.as_of from of_file as f
    ) as s
),

last_words as (
    select distinct on (w.bank_day, w.line_id) w.bank_day, w.line_id, w.version, w.is_withdrawn
    from settlement.line_corrections as w
    where w.bank_day between (select p.first_day from span as p) and (select p.last_day from span as p)
    order by w.bank_day asc, w.line_id asc, w.version desc
),

told_before as (
    select b.bank_day, b.line_id, c.statement_id, c.last_number as number
    from settlement.bank_lines as b
    inner join before as s on b.statement_id = s.statement_id
    inner join corrected_days as c on s.account = c.account and s.as_of = c.as_of
    where b.bank_day between (select p.first_day from span as p) and (select p.last_day from span as p)
    union all
    -- the statements of overlapping days share their lines: whichever came first brought them
    select b.bank_day, b.line_id, f.statement_id, f.number
    from of_file as f
    inner join settlement.bank_lines as b on f.account = b.account and b.bank_day between f.from_on and f.as_of
    inner join settlement.statements as k on b.statement_id = k.statement_id
    where
        f.is_kept and not f.is_repeat and f.nature = 'correction' and k.format = %(format)s
        and b.bank_day between (select p.first_day from span as p) and (select p.last_day from span as p)
),

withdrawn as (
    select t.bank_day, t.line_id, (array_agg(t.statement_id order by t.number desc))[1] as statement_id
    from told_before as t
    where
        not exists (
            select from identified_lines as l
            inner join of_file as f on l.number = f.number
            where l.bank_day = t.bank_day and l.line_id = t.line_id and f.is_kept
        )
    group by t.bank_day, t.line_id
),

reinstated as (
    select distinct on (w.bank_day, w.line_id) w.bank_day, w.line_id, f.statement_id
    from last_words as w
    inner join identified_lines as l on w.bank_day = l.bank_day and w.line_id = l.line_id
    inner join of_file as f on l.number = f.number
    where w.is_withdrawn and f.is_kept and not f.is_repeat
    order by w.bank_day, w.line_id, f.number
),

changed as (
    select t.bank_day, t.line_id, t.statement_id, true as is_withdrawn
    from withdrawn as t
    union all
    select r.bank_day, r.line_id, r.statement_id, false
    from reinstated as r
)

select g.bank_day, g.line_id, coalesce(w.version, 0) + 1, g.statement_id, g.is_withdrawn
from changed as g
left join last_words as w on g.bank_day = w.bank_day and g.line_id = w.line_id
where g.is_withdrawn <> coalesce(w.is_withdrawn, false);
