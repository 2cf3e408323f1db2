-- The versions of Form 1098 of a tax year, and how far each is.
select
    r.version::text as version, s.status, r.prepared_by, s.actor as last_step_by,
    to_char(s.at at time zone 'America/New_York', 'YYYY-MM-DD HH24:MI') as at, r.retain_until
from compliance.reports as r
inner join compliance.report_statuses as s on r.report_id = s.report_id
where r.kind = 'form_1098' and r.period = %(tax_year)s::text
order by r.version;
