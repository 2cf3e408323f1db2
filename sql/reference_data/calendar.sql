-- Days of the settlement calendar that are new, or that a rule has changed.
insert into settlement.calendar (channel, business_date, settles_on)
select g.channel, g.business_date, g.settles_on
from
    unnest(%(channels)s::text[], %(business_dates)s::date[], %(settles_on)s::date[])
        as g (channel, business_date, settles_on)
on conflict (business_date, channel) do update set settles_on = excluded.settles_on
