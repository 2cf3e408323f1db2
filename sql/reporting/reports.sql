-- A version of a report.
insert into compliance.reports (
    report_id, kind, period, version, parameters, summary, content_hash, prepared_by, retain_until
)
values (
    %(report_id)s, %(kind)s, %(period)s, %(version)s, %(parameters)s, %(summary)s, %(content_hash)s, %(prepared_by)s,
    %(retain_until)s
)
