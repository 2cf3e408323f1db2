-- Who drafted a report and who wrote its files, in the order in which they did.
select a.actor, a.action
from compliance.compliance_audit_log as a
where a.report_id = %(report_id)s and a.action in ('drafted', 'validated', 'written again')
order by a.entry_no
