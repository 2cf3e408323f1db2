-- Whether the former system posted anything in :year that came along: a year before the first day of the book.
select p.loan_id
from ledger.conversions as p
where p.effective_on >= make_date(%(year)s::integer, 1, 1) and p.effective_on < make_date(%(year)s::integer + 1, 1, 1)
limit 1
