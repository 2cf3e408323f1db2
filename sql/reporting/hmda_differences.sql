-- Where origination and servicing say different things of the same loan. Worked out anew each time; what is reported is
-- what origination says, and nothing here changes it.
delete from compliance.hmda_differences as f
where f.period = %(period)s;

insert into compliance.hmda_differences (
    period, subject, field, application_id, loan_id, reported, serviced
)
with reported as (
    select
        a.application_id, a.loan_id, a.action_taken, a.action_taken_on, a.amount_cents, t.note_rate_ppm, t.term_months,
        t.lien_status, p.street, p.city, p.state, p.zip, p.county_fips
    from servicing.applications as a
    inner join servicing.application_terms as t on a.application_id = t.application_id
    inner join servicing.application_properties as p on a.application_id = p.application_id
    where
        a.loan_id is not null and a.action_taken in (1, 6)
        and a.action_taken_on between %(first_day)s and %(last_day)s
),

serviced as (
    -- the first instalment falls due in the second month after the note, so months since then tell the whole term
    select
        l.loan_id, l.originated_on, x.acquired_on, x.owner_name, l.original_principal_cents, l.principal_cents,
        l.rate_ppm,
        l.term_instalments + l.first_due_month
        - (12 * extract(year from l.originated_on) + extract(month from l.originated_on))::int - 2 as term_months,
        coalesce(s.lien_position, 1) as lien_position, p.street, p.city, p.state, p.zip, p.county_fips
    from servicing.loans as l
    left join servicing.properties as p on l.property_id = p.property_id
    left join servicing.subordinate_liens as s on l.loan_id = s.loan_id
    left join servicing.loan_tax_terms as x on l.loan_id = x.loan_id
    where
        l.loan_id in (select r.loan_id from reported as r)
        or (l.loan_id <> 0 and l.originated_on between %(first_day)s and %(last_day)s)
        or x.acquired_on between %(first_day)s and %(last_day)s
),

compared as (
    select r.application_id, r.loan_id, v.field, v.reported, v.serviced
    from reported as r
    inner join serviced as s on r.loan_id = s.loan_id
    cross join
        lateral (
            values
            (
                'date', r.action_taken_on::text,
                case when r.action_taken = 1 then s.originated_on else s.acquired_on end::text
            ),
            (
                'amount', (r.amount_cents / 100.0)::numeric(20, 2)::text,
                (case when r.action_taken = 1 then s.original_principal_cents else s.principal_cents end / 100.0)
                ::numeric(20, 2)::text
            ),
            ('rate', trim_scale(r.note_rate_ppm / 10000.0)::text, trim_scale(s.rate_ppm / 10000.0)::text),
            (
                -- a closing early in the month may have its first instalment a month sooner
                'term', r.term_months::text,
                case when abs(r.term_months - s.term_months) <= 1 then r.term_months else s.term_months end::text
            ),
            ('lien', r.lien_status::text, least(s.lien_position, 2)::text),
            ('street', upper(btrim(r.street)), upper(btrim(s.street))),
            ('city', upper(btrim(r.city)), upper(btrim(s.city))),
            ('state', r.state, s.state),
            ('zip', left(r.zip, 5), left(s.zip, 5)),
            ('county', r.county_fips, s.county_fips)
        ) as v (field, reported, serviced)
    where v.reported is distinct from v.serviced
),

unknown as (
    -- the register names a loan that servicing does not know
    select r.application_id, r.loan_id
    from reported as r
    where not exists (
        select from serviced as s
        where s.loan_id = r.loan_id
    )
),

unreported as (
    -- a loan that we made in the period, or bought for ourselves, and no application says so; for what was bought back
    -- one of a purchase must, since an older one says that we made it
    select s.loan_id, coalesce(s.acquired_on, s.originated_on) as day
    from serviced as s
    where
        case
            when s.acquired_on is null then s.originated_on between %(first_day)s and %(last_day)s
            else s.acquired_on between %(first_day)s and %(last_day)s and s.owner_name is null
        end
        and not exists (
            select from servicing.applications as a
            where
                a.loan_id = s.loan_id
                and case
                    when s.acquired_on is null then a.action_taken = 1
                    else a.action_taken = 6 and a.action_taken_on between %(first_day)s and %(last_day)s
                end
        )
)

select %(period)s, 'application ' || c.application_id, c.field, c.application_id, c.loan_id, c.reported, c.serviced
from compared as c
union all
select %(period)s, 'application ' || u.application_id, 'loan', u.application_id, u.loan_id, u.loan_id::text, null
from unknown as u
union all
select %(period)s, 'loan ' || u.loan_id, 'application', null, u.loan_id, null, u.day::text
from unreported as u
