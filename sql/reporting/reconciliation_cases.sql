-- The cases about bank and books of :day and what came late to it, and about statements that were refused on it.
select
    c.category, c.subcategory, c.severity, c.state, c.summary, c.next_step, c.assigned_to, c.resolution, c.created_at,
    c.resolved_at, coalesce(c.details ? 'healed', false) as is_healed
from operations.exception_cases as c
where
    c.business_date = %(day)s
    and c.category in ('reconcile_variance', 'reconcile_offsetting', 'late_batch', 'statement')
order by
    c.state in ('resolved', 'cancelled'), array_position(array['critical', 'high', 'medium', 'low'], c.severity),
    c.category, c.subcategory;
