-- What was confirmed of a period, with the evidence that it holds for.
select c.edit, c.evidence, c.reason, c.confirmed_by, c.confirmed_at
from compliance.hmda_confirmations as c
where c.period = %(period)s
order by c.edit, c.confirmed_at
