-- How many rows each table holds for each day: what a verification says it went through, and how it cuts a large
-- database into ranges of days.
select 'ingestion.batches' as table_name, b.booked_on as day, count(*) as rows
from ingestion.batches as b
where b.booked_on between %(first)s and %(last)s
group by b.booked_on
union all
select 'ingestion.staged', s.booked_on, count(*)
from ingestion.staged as s
where s.booked_on between %(first)s and %(last)s
group by s.booked_on
union all
select 'ingestion.bank_events', e.created_on, count(*)
from ingestion.bank_events as e
where e.created_on between %(first)s and %(last)s
group by e.created_on
union all
select 'ingestion.duplicates', d.booked_on, count(*)
from ingestion.duplicates as d
where d.booked_on between %(first)s and %(last)s
group by d.booked_on
union all
select 'ingestion.earlier_words', e.effective_on, count(*)
from ingestion.earlier_words as e
where e.effective_on between %(first)s and %(last)s
group by e.effective_on
union all
select 'ingestion.payment_ingestions', i.effective_on, count(*)
from ingestion.payment_ingestions as i
where i.effective_on between %(first)s and %(last)s
group by i.effective_on
union all
select 'payments.payments', p.effective_on, count(*)
from payments.payments as p
where p.effective_on between %(first)s and %(last)s
group by p.effective_on
union all
select 'payments.transitions', t.effective_on, count(*)
from payments.transitions as t
where t.effective_on between %(first)s and %(last)s
group by t.effective_on
union all
select 'ledger.conversions', c.effective_on, count(*)
from ledger.conversions as c
where c.effective_on between %(first)s and %(last)s
group by c.effective_on
union all
select 'ledger.allocations', a.effective_on, count(*)
from ledger.allocations as a
where a.effective_on between %(first)s and %(last)s
group by a.effective_on
union all
select 'ledger.fees', f.effective_on, count(*)
from ledger.fees as f
where f.effective_on between %(first)s and %(last)s
group by f.effective_on
union all
select 'ledger.entries', e.effective_on, count(*)
from ledger.entries as e
where e.effective_on between %(first)s and %(last)s
group by e.effective_on
union all
select 'ledger.turnover', t.effective_on, count(*)
from ledger.turnover as t
where t.effective_on between %(first)s and %(last)s
group by t.effective_on
union all
select 'ledger.suspense', s.effective_on, count(*)
from ledger.suspense as s
where s.effective_on between %(first)s and %(last)s
group by s.effective_on
union all
select 'ledger.events', e.effective_on, count(*)
from ledger.events as e
where e.effective_on between %(first)s and %(last)s
group by e.effective_on
union all
select 'ledger.publications', p.effective_on, count(*)
from ledger.publications as p
where p.effective_on between %(first)s and %(last)s
group by p.effective_on
union all
select 'ledger.seals', s.business_date, count(*)
from ledger.seals as s
where s.business_date between %(first)s and %(last)s
group by s.business_date
union all
select 'ledger.balances', null, count(*) from ledger.balances
union all
select 'settlement.bank_lines', b.bank_day, count(*)
from settlement.bank_lines as b
where b.bank_day between %(first)s and %(last)s
group by b.bank_day
union all
select 'reconciliation.days', d.bank_day, count(*)
from reconciliation.days as d
where d.bank_day between %(first)s and %(last)s
group by d.bank_day
union all
select 'reconciliation.matches', m.bank_day, count(*)
from reconciliation.matches as m
where m.bank_day between %(first)s and %(last)s
group by m.bank_day
union all
select 'servicing.loan_statuses', s.effective_on, count(*)
from servicing.loan_statuses as s
where s.effective_on between %(first)s and %(last)s
group by s.effective_on
union all
select 'reconciliation.decisions', null, count(*)
from reconciliation.decisions
union all
select 'servicing.loans', null, count(*)
from servicing.loans
union all
select 'pg_class', null, count(*)
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where c.relkind in ('r', 'p') and n.nspname in ('servicing', 'ingestion', 'payments', 'ledger', 'settlement')
