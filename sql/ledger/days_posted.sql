-- The days from :first to :last that have been posted.
select business_date
from ledger.days
where business_date between %(first)s and %(last)s;
