-- Rows of the register that are not as their last version says, and those that no longer belong there: each a version
-- of its own. Making the register again when nothing has changed adds nothing.
insert into compliance.hmda_lar (
    period, application_id, version, report_version, loan_id, action_taken, action_taken_on, is_reported, hash,
    line_encrypted
)
with latest as (
    select distinct on (l.application_id)
        l.application_id, l.version, l.loan_id, l.action_taken, l.action_taken_on, l.is_reported, l.hash
    from compliance.hmda_lar as l
    where l.period = %(period)s
    order by l.application_id asc, l.version desc
)

select
    %(period)s, coalesce(w.application_id, l.application_id), coalesce(l.version, 0) + 1, %(report_version)s,
    coalesce(w.loan_id, l.loan_id), coalesce(w.action_taken, l.action_taken),
    coalesce(w.action_taken_on, l.action_taken_on), w.application_id is not null, coalesce(w.hash, l.hash),
    w.line_encrypted
from wanted_lar as w
full join latest as l on w.application_id = l.application_id
where
    (w.application_id is null and l.is_reported)
    or (w.application_id is not null and (l.hash is distinct from w.hash or not l.is_reported))
