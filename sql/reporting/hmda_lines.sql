-- The rows of a version of the register, encrypted, in the order in which they are filed.
with rows_of_version as (
    select distinct on (l.application_id) l.application_id, l.is_reported, l.hash, l.line_encrypted
    from compliance.hmda_lar as l
    where l.period = %(period)s and l.report_version <= %(report_version)s
    order by l.application_id asc, l.version desc
)

select r.application_id, r.hash, r.line_encrypted
from rows_of_version as r
where r.is_reported
order by r.application_id
