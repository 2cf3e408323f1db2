-- The settlement calendar as it is.
select c.channel, c.business_date, c.settles_on
from settlement.calendar as c
