-- Whether an earlier version was submitted after files of this one were written: they hold what no longer differs from
-- it.
select count(*) > 0 as is_overtaken
from compliance.compliance_audit_log as s
inner join compliance.reports as r on s.report_id = r.report_id
where
    r.kind = %(kind)s and r.period = %(period)s and r.version < %(version)s and s.action = 'submitted'
    and s.entry_no > (
        select min(v.entry_no) from compliance.compliance_audit_log as v
        where v.report_id = %(report_id)s and v.action = 'validated'
    )
