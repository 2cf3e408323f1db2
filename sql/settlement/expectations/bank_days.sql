-- The bank days of a run, and how many lines the bank sent for each.
select
    calendar.business_date as bank_day,
    count(lines_in_force.line_id) as lines
from settlement.calendar
left join settlement.lines_in_force
    on
        calendar.business_date = lines_in_force.bank_day
        -- said of the lines too, since a join would read those of all days
        and lines_in_force.bank_day between %(first)s and %(last)s
where
    calendar.business_date between %(first)s and %(last)s
    -- a wire settles on its own day exactly where that is a bank day
    and calendar.channel = 'wire' and calendar.settles_on = calendar.business_date
group by calendar.business_date
