-- The file at :source is in order now: if it was refused before, that case is closed.
update operations.exception_cases as c
set
    state = 'resolved', resolution = 'a statement that is in order arrived in its place', resolved_at = now(),
    details = c.details || '{"healed": true}'
where c.case_id = operations.content_id('refused_statement|' || %(source)s) and c.state in ('open', 'pending');
