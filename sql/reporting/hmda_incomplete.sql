-- Applications of a period that lack their terms or their property, and so cannot be reported.
select a.application_id, a.uli
from servicing.applications as a
where
    a.action_taken_on between %(first_day)s and %(last_day)s
    and not (
        exists (
            select from servicing.application_terms as t
            where t.application_id = a.application_id
        )
        and exists (
            select from servicing.application_properties as p
            where p.application_id = a.application_id
        )
    )
order by a.application_id
limit %(most)s
