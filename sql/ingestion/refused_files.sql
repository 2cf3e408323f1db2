-- A file was refused as a whole. The same file refused again is the same case, open again with what is wrong now.
insert into operations.exception_cases (
    case_id, category, subcategory, severity, state, business_date, summary, next_step, details
)
values (
    operations.content_id('refused_file|' || %(uri)s), 'artifact', %(kind)s, 'high', 'open', %(booked_on)s, %(summary)s,
    %(next_step)s, jsonb_build_object('uri', %(uri)s::text)
)
on conflict (case_id) do update set
    subcategory = excluded.subcategory,
    state = 'open',
    business_date = excluded.business_date,
    summary = excluded.summary,
    next_step = excluded.next_step,
    resolution = null,
    resolved_at = null
