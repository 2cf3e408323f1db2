-- Value dates of the payments that went back between :returns_from and :day, and :day itself. Asked first and by
-- itself: a statement that is told these dates leaves all other days alone, where one that joins over years of days
-- takes seconds to plan.
select %(day)s as effective_on
union
select reversals.effective_on
from payments.reversals
where reversals.happened_on between %(returns_from)s and %(day)s
order by effective_on;
