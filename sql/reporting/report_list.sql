-- The versions of reports with how far each is, of one kind and period or of all.
select
    r.report_id, r.kind, r.period, r.version, r.prepared_by, r.parameters, r.summary, r.content_hash, s.status
from compliance.reports as r
inner join compliance.report_statuses as s on r.report_id = s.report_id
where
    (%(kind)s::text is null or r.kind = %(kind)s)
    and (%(period)s::text is null or r.period = %(period)s)
order by r.kind, r.period, r.version
