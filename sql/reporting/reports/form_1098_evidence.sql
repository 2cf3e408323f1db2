-- What is behind box 1 of a tax year, by what it is: the boxes themselves count all entries.
select e.what, count(*) as rows, sum(e.amount_cents)::bigint as cents
from reporting.form_1098_evidence as e
where e.tax_year = %(tax_year)s and e.box = 1
group by e.what
order by count(*) desc, e.what
limit 20;
