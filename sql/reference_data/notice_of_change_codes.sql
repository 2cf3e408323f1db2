-- The codes of notices of change, exactly those of the file.
with given as (
    select g.* from jsonb_populate_recordset(null::payments.notice_of_change_codes, %(rows)s::jsonb) as g
),

gone as (
    delete from payments.notice_of_change_codes as r
    where not exists (
        select from given as g
        where g.code = r.code
    )
)

insert into payments.notice_of_change_codes (
    code, meaning, is_refusal, corrects
)
select
    g.code, g.meaning, g.is_refusal, g.corrects
from given as g
on conflict (code) do update set
    meaning = excluded.meaning,
    is_refusal = excluded.is_refusal,
    corrects = excluded.corrects
where notice_of_change_codes is distinct from excluded
