-- Artifacts that are in order again: their cases are closed.
update operations.exception_cases as c
set state = 'resolved', resolution = 'the document is what it was on arrival', resolved_at = now()
from unnest(%(intact)s::uuid[]) as a (artifact_id)
where c.case_id = operations.content_id('artifact_case|' || a.artifact_id) and c.state in ('open', 'pending')
