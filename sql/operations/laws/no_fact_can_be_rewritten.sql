-- Law 5. Facts are only ever added: nobody but the owner of the tables may update, delete or truncate one, down to
-- each day's partition, and the pipeline cannot become the owner.
with named as (
    select v.name, v.name::regclass as relation
    from (
        values
        ('servicing.borrowers'),
        ('servicing.properties'),
        ('servicing.loans'),
        ('servicing.account_numbers'),
        ('servicing.escrow'),
        ('servicing.loan_statuses'),
        ('ingestion.batches'), ('ingestion.staged'), ('ingestion.rejects'), ('ingestion.payment_ingestions'),
        ('ingestion.bank_events'),
        ('ingestion.transfers'),
        ('ingestion.unreadable_messages'),
        ('ingestion.duplicates'), ('ingestion.earlier_words'), ('ingestion.payment_artifacts'),
        ('payments.payments'), ('payments.transitions'),
        ('payments.reversals'),
        ('payments.representments'), ('payments.representment_requests'), ('payments.representment_outcomes'),
        ('servicing.external_accounts'),
        ('servicing.interest_refunds'), ('servicing.payments_by_others'), ('servicing.tax_identities'),
        ('servicing.co_borrowers'),
        ('servicing.converted_loans'),
        ('ledger.conversions'),
        ('ledger.allocations'),
        ('ledger.fees'),
        ('ledger.entries'),
        ('ledger.turnover'),
        ('ledger.suspense'),
        ('ledger.events'),
        ('ledger.publications'),
        ('ledger.seals'),
        ('settlement.bank_lines'),
        ('settlement.statements'),
        ('settlement.line_corrections'),
        ('reconciliation.decisions')
    ) as v (name)
),

facts as (
    -- the tables themselves and all their partitions
    select n.relation from named as n
    union all
    select i.inhrelid::regclass
    from named as n
    inner join pg_inherits as i on n.relation = i.inhparent
),

granted as (
    -- what has been granted on a whole table
    select c.oid::regclass as relation, c.relowner, g.grantee, g.privilege_type as privilege
    from facts as f
    inner join pg_class as c on f.relation = c.oid
    cross join lateral aclexplode(c.relacl) as g
    where g.privilege_type in ('UPDATE', 'DELETE', 'TRUNCATE')

    union all

    -- and on single columns
    select c.oid::regclass, c.relowner, g.grantee, g.privilege_type || ' of ' || a.attname
    from facts as f
    inner join pg_class as c on f.relation = c.oid
    inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0
    cross join lateral aclexplode(a.attacl) as g
    where g.privilege_type = 'UPDATE'

    union all

    -- a member of the owner's role may do all that the owner may
    select c.oid::regclass, c.relowner, r.oid, 'everything, as a member of the owner''s role'
    from facts as f
    inner join pg_class as c on f.relation = c.oid
    inner join pg_roles as r on r.rolname = 'payments_pipeline' and pg_has_role(r.oid, c.relowner, 'member')
),

broken as materialized (
    select
        null::date as business_date,
        format('table %%s.%%s', n.nspname, c.relname) as keys,
        format(
            '%%s may %%s', case g.grantee when 0 then 'everyone' else g.grantee::regrole::text end, lower(g.privilege)
        ) as found,
        'only reading and adding' as expected
    from granted as g
    inner join pg_class as c on g.relation = c.oid
    inner join pg_namespace as n on c.relnamespace = n.oid
    where g.grantee <> g.relowner or g.privilege like 'everything%%'
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
