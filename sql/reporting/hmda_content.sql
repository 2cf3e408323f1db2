-- A hash over all rows of a version of the register, and how many there are of each action taken.
with rows_of_version as (
    select distinct on (l.application_id) l.application_id, l.is_reported, l.action_taken, l.hash
    from compliance.hmda_lar as l
    where l.period = %(period)s and l.report_version <= %(report_version)s
    order by l.application_id asc, l.version desc
),

-- over buckets of applications, so that no step holds all of them
buckets as (
    select
        r.application_id / 4096 as bucket, sha256(string_agg(r.hash, ''::bytea order by r.application_id)) as hash
    from rows_of_version as r
    where r.is_reported
    group by r.application_id / 4096
),

actions as (
    select r.action_taken, count(*) as applications
    from rows_of_version as r
    where r.is_reported
    group by r.action_taken
)

select
    coalesce((select sha256(string_agg(b.hash, ''::bytea order by b.bucket)) from buckets as b), sha256(''::bytea))
        as content_hash,
    coalesce((select json_object_agg(a.action_taken, a.applications order by a.action_taken) from actions as a), '{}')
        as actions,
    coalesce((select sum(a.applications) from actions as a), 0)::bigint as applications
