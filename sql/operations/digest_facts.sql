-- The facts, table by table and day by day: how many rows, and a sha256 over their hashes. This is the one list of what
-- counts as a fact. Left out are clocks of our own (sealed_at), places where files lay (uri) and the progress of
-- publication; everything else that a fact table holds is in. Rows go by their hashes, not by their order in the
-- table, so neither the server's locale nor its plans have a say.
select
    'servicing.borrowers' as table_name,
    null::date as day,
    count(*) as rows,
    sha256(string_agg(f.hash, ''::bytea order by f.hash)) as digest
from (
    select
        sha256(convert_to(row(
            b.borrower_id, b.full_name, b.email, b.phone, b.street, b.city, b.state, b.zip
        )::text, 'UTF8')) as hash
    from servicing.borrowers as b
) as f
union all
select 'servicing.properties', null, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        sha256(convert_to(row(
            p.property_id, p.street, p.city, p.state, p.zip, p.county_fips, p.property_type, p.value_cents
        )::text, 'UTF8')) as hash
    from servicing.properties as p
) as f
union all
select 'servicing.loans', null, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        sha256(convert_to(row(
            l.loan_id, l.loan_number, l.cif, l.borrower_id, l.property_id, l.product, l.originated_on,
            l.original_principal_cents, l.boarded_on, l.principal_cents, l.rate_ppm, l.payment_cents, l.escrow_cents,
            l.escrow_shortage_cents, l.first_due_on, l.term_instalments, l.last_instalment, l.grace_days, l.due_day
        )::text, 'UTF8')) as hash
    from servicing.loans as l
) as f
union all
select 'servicing.escrow', null, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        sha256(convert_to(row(
            e.loan_id, e.annual_tax_cents, e.annual_insurance_cents, e.opening_balance_cents
        )::text, 'UTF8')) as hash
    from servicing.escrow as e
) as f
union all
select 'servicing.loan_statuses', null, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select sha256(convert_to(row(s.loan_id, s.effective_on, s.status, s.reason)::text, 'UTF8')) as hash
    from servicing.loan_statuses as s
) as f
union all
select 'ingestion.batches', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        b.booked_on as day,
        sha256(convert_to(row(
            b.batch_id, b.source, b.sha256, b.size_bytes, b.received_at, b.booked_on, b.rows_received
        )::text, 'UTF8')) as hash
    from ingestion.batches as b
) as f
group by f.day
union all
select 'ingestion.staged', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        s.booked_on as day,
        sha256(convert_to(row(
            s.booked_on, s.batch_id, s.line, s.raw, s.is_accepted, s.event, s.channel, s.provider, s.reference,
            s.loan_number, s.amount_cents, s.occurred_at, s.value_date, s.return_code, s.transfer_id, s.metadata
        )::text, 'UTF8')) as hash
    from ingestion.staged as s
) as f
group by f.day
union all
select 'ingestion.rejects', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        r.booked_on as day,
        sha256(convert_to(row(r.booked_on, r.batch_id, r.line, r.column_name, r.reason, r.found)::text, 'UTF8')) as hash
    from ingestion.rejects as r
) as f
group by f.day
union all
select 'ingestion.payment_ingestions', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        i.effective_on as day,
        sha256(convert_to(row(
            i.effective_on, i.loan_id, i.idempotency_key, i.signal, i.payment_id, i.channel, i.provider,
            i.source_reference, i.loan_number, i.amount_cents, i.transfer_id, i.raw_payload_hash,
            i.occurred_at, i.happened_on, i.return_code, i.booked_on, i.batch_id, i.line,
            i.received_at
        )::text, 'UTF8')) as hash
    from ingestion.payment_ingestions as i
) as f
group by f.day
union all
select 'ingestion.duplicates', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        d.booked_on as day,
        sha256(convert_to(row(
            d.booked_on, d.batch_id, d.line, d.loan_id, d.payment_id, d.signal, d.original_batch_id, d.original_line
        )::text, 'UTF8')) as hash
    from ingestion.duplicates as d
) as f
group by f.day
union all
-- address and id of a batch's own file say where the file lay; those of a document are what a row said
select 'ingestion.payment_artifacts', null, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        sha256(convert_to(row(
            a.batch_id, a.line, a.type, a.sha256, a.size_bytes, a.mime,
            case when a.line is not null then a.artifact_id end, case when a.line is not null then a.uri end
        )::text, 'UTF8')) as hash
    from ingestion.payment_artifacts as a
) as f
union all
select 'payments.payments', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        p.effective_on as day,
        sha256(convert_to(row(
            p.effective_on, p.loan_id, p.payment_id, p.channel, p.provider, p.reference, p.loan_number, p.amount_cents,
            p.occurred_at, p.settles_on, p.transfer_id, p.booked_on, p.batch_id, p.line
        )::text, 'UTF8')) as hash
    from payments.payments as p
) as f
group by f.day
union all
select 'payments.transitions', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        t.effective_on as day,
        sha256(convert_to(row(
            t.effective_on, t.loan_id, t.payment_id, t.status, t.occurred_at, t.happened_on, t.code, t.booked_on,
            t.batch_id, t.line
        )::text, 'UTF8')) as hash
    from payments.transitions as t
) as f
group by f.day
union all
select 'ledger.allocations', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        a.effective_on as day,
        sha256(convert_to(row(
            a.effective_on, a.loan_id, a.subject_id, a.kind, a.seq, a.channel, a.policy, a.booked_on, a.run_no,
            a.cash_cents, a.fees_cents, a.interest_cents, a.principal_cents, a.escrow_cents, a.suspense_cents,
            a.returned_cents, a.reason
        )::text, 'UTF8')) as hash
    from ledger.allocations as a
) as f
group by f.day
union all
select 'ledger.fees', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        a.effective_on as day,
        sha256(convert_to(row(
            a.loan_id, a.fee_id, a.seq, a.kind, a.instalment, a.payment_id, a.effective_on, a.policy, a.amount_cents,
            a.booked_on, a.run_no, a.reason
        )::text, 'UTF8')) as hash
    from ledger.fees as a
) as f
group by f.day
union all
select 'ledger.entries', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        e.effective_on as day,
        sha256(convert_to(row(
            e.effective_on, e.loan_id, e.subject_id, e.kind, e.seq, e.account, e.amount_cents, e.booked_on, e.run_no
        )::text, 'UTF8')) as hash
    from ledger.entries as e
) as f
group by f.day
union all
select 'ledger.events', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        e.effective_on as day,
        sha256(convert_to(row(
            e.effective_on, e.loan_id, e.subject_id, e.event_no, e.type, e.booked_on, e.run_no, e.actor, e.data,
            e.prev_hash, e.hash
        )::text, 'UTF8')) as hash
    from ledger.events as e
) as f
group by f.day
union all
select 'ledger.outbox', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        o.effective_on as day,
        sha256(convert_to(row(o.effective_on, o.loan_id, o.subject_id, o.event_no)::text, 'UTF8')) as hash
    from ledger.outbox as o
) as f
group by f.day
union all
select 'ledger.seals', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        s.business_date as day,
        sha256(convert_to(row(
            s.run_no, s.business_date, s.chains, s.events, s.root, s.prev_hash, s.hash
        )::text, 'UTF8')) as hash
    from ledger.seals as s
) as f
group by f.day
union all
select 'settlement.bank_lines', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        b.bank_day as day,
        sha256(convert_to(row(
            b.bank_day, b.line_id, b.account, b.channel, b.kind, b.amount_cents, b.reference, b.transaction_id,
            b.description
        )::text, 'UTF8')) as hash
    from settlement.bank_lines as b
) as f
group by f.day
