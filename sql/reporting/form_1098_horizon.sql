-- How far the ledger is posted: later days may still change the forms.
select max(d.business_date) as posted_until
from ledger.days as d
