-- The file at :uri is in order now: if it was refused before, that case is closed.
update operations.exception_cases as c
set state = 'resolved', resolution = 'a file that is in order arrived in its place', resolved_at = now()
where c.case_id = operations.content_id('refused_file|' || %(uri)s) and c.state in ('open', 'pending')
