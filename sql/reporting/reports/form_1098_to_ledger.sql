-- From the general ledger to the forms of a tax year, line by line.
select l.side, l.what, l.forms, l.cents
from reporting.form_1098_to_ledger as l
where l.tax_year = %(tax_year)s
order by l.side desc, l.what asc;
