-- The steps of all versions of a report, in order: who did what, and when.
select
    r.version, to_char(a.at at time zone 'America/New_York', 'YYYY-MM-DD HH24:MI') as at, a.actor, a.action,
    coalesce(a.details::json ->> 'note', '') as note
from compliance.compliance_audit_log as a
inner join compliance.reports as r on a.report_id = r.report_id
where r.kind = %(kind)s and r.period = %(period)s
order by a.entry_no
