-- Where origination and servicing differ in a period, loan by loan.
select
    f.subject, f.field, coalesce(l.loan_number, f.loan_id::text) as loan_number, a.uli, f.reported, f.serviced
from compliance.hmda_differences as f
left join servicing.loans as l on f.loan_id = l.loan_id
left join servicing.applications as a on f.application_id = a.application_id
where f.period = %(period)s
order by f.loan_id, f.field, f.subject
