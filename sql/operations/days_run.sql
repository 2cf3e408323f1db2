-- The days from :first to :last of which something can be told: they have been posted, or reconciled by hand.
select d.business_date as day
from ledger.days as d
where d.business_date between %(first)s and %(last)s
union distinct
select r.bank_day
from reconciliation.days as r
where r.bank_day between %(first)s and %(last)s
order by 1
