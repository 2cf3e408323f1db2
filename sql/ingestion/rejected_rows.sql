-- A case for each rejected row of a batch, naming its file, row, columns and what was expected of them. What was found
-- stays in ingestion.rejects: it may be personal.
insert into operations.exception_cases (
    case_id, category, subcategory, severity, state, business_date, batch_id, line, summary, next_step, details
)
with rejected as (
    -- all that is wrong with a row, together
    select
        r.booked_on, r.batch_id, r.line,
        (array_agg(r.column_name order by r.column_name))[1] as first_column,
        string_agg(r.column_name || ': ' || r.reason, '; ' order by r.column_name) as faults,
        jsonb_agg(jsonb_build_object('column', r.column_name, 'reason', r.reason) order by r.column_name) as details
    from ingestion.rejects as r
    where r.batch_id = %(batch_id)s
    group by r.booked_on, r.batch_id, r.line
)

select
    operations.content_id('rejected_row|' || r.batch_id || '|' || r.line),
    'rejected_row',
    r.first_column,
    'medium',
    'open',
    r.booked_on, r.batch_id, r.line,
    %(file)s || ', row ' || r.line || ', ' || r.faults,
    'Look at the row in ingestion.staged and at what was found in ingestion.rejects; ask ' || %(source)s
    || ' to correct it and send it in a new file.',
    jsonb_build_object('file', %(file)s::text, 'faults', r.details)
from rejected as r
on conflict (case_id) do nothing
