-- The accounts of which we learned on a day, and those that a notice corrected on it.
select
    coalesce(a.change_code, 'first used') as learned_by,
    count(*) as rows,
    min(a.correct_by)::text as correct_by
from servicing.external_accounts as a
where a.effective_on = %(day)s
group by coalesce(a.change_code, 'first used')
order by learned_by;
