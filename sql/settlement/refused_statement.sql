-- A statement file was refused as a whole. The same file refused again is the same case. It is read with every run: a
-- case that a person closed stays closed until something else is wrong, and who works on one keeps it.
insert into operations.exception_cases as kept (
    case_id, category, subcategory, severity, state, business_date, line, summary, next_step, details
)
values (
    operations.content_id('refused_statement|' || %(source)s), 'statement', %(code)s, 'high', 'open', %(day)s,
    %(file_line)s, %(summary)s, %(next_step)s, %(details)s::jsonb
)
on conflict (case_id) do update set
    subcategory = excluded.subcategory,
    state = case when kept.state = 'pending' then 'pending' else 'open' end,
    business_date = excluded.business_date,
    line = excluded.line,
    summary = excluded.summary,
    next_step = excluded.next_step,
    details = excluded.details,
    resolution = null,
    resolved_at = null
where
kept.state in ('open', 'pending') or kept.details ? 'healed'
or (kept.subcategory, kept.details) is distinct from (excluded.subcategory, excluded.details);
