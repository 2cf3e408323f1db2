-- The facts, table by table and day by day: how many rows, and a sha256 over their hashes. This is the one list of what
-- counts as a fact. Left out are clocks of our own (sealed_at, learned_at), places where files lay (uri) and the
-- progress of publication; everything else that a fact table holds is in. Identities and contacts are left out too:
-- they are encrypted, each time to other bytes. So are the streets of properties, which the pipeline may not read, and
-- what their addresses are compared by, which is another under another key. Rows go by their hashes, not by their order
-- in the table, so neither the server's locale nor its plans have a say.
select
    'servicing.borrowers' as table_name,
    null::date as day,
    count(*) as rows,
    sha256(string_agg(f.hash, ''::bytea order by f.hash)) as digest
from (
    select sha256(convert_to(row(b.borrower_id)::text, 'UTF8')) as hash
    from servicing.borrowers as b
) as f
union all
select 'servicing.properties', null, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        sha256(convert_to(row(
            p.property_id, p.city, p.state, p.zip, p.county_fips, p.property_type, p.value_cents
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
select 'servicing.account_numbers', null, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select sha256(convert_to(row(n.account_number_id, n.loan_id, n.opened_on)::text, 'UTF8')) as hash
    from servicing.account_numbers as n
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
    select
        sha256(convert_to(
            row(s.loan_id, s.effective_on, s.seq, s.status, s.reason, s.booked_on)::text, 'UTF8'
        )) as hash
    from servicing.loan_statuses as s
) as f
union all
select 'servicing.interest_refunds', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        r.refunded_on as day,
        sha256(convert_to(row(
            r.loan_id, r.refund_id, r.refunded_on, r.received_in_year, r.amount_cents, r.reason
        )::text, 'UTF8')) as hash
    from servicing.interest_refunds as r
) as f
group by f.day
union all
select 'servicing.payments_by_others', null, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select sha256(convert_to(row(o.loan_id, o.payment_id, o.payer_class)::text, 'UTF8')) as hash
    from servicing.payments_by_others as o
) as f
union all
select 'ingestion.unreadable_messages', null, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        sha256(convert_to(row(w.request_id, w.endpoint, w.received_at, w.body, w.fault)::text, 'UTF8')) as hash
    from ingestion.unreadable_messages as w
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
            s.loan_number, s.amount_cents, s.occurred_at, s.value_date, s.return_code, s.transfer_id, s.metadata,
            s.is_noted
        )::text, 'UTF8')) as hash
    from ingestion.staged as s
) as f
group by f.day
union all
select 'ingestion.bank_events', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        e.created_on as day,
        sha256(convert_to(row(
            e.created_on, e.event_id, e.type, e.object_id, e.created_at, e.booked_on, e.batch_id, e.line
        )::text, 'UTF8')) as hash
    from ingestion.bank_events as e
) as f
group by f.day
union all
select 'ingestion.transfers', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        t.booked_on as day,
        sha256(convert_to(row(
            t.transfer_id, t.channel, t.loan_number, t.value_date, t.amount_cents, t.event_id, t.booked_on
        )::text, 'UTF8')) as hash
    from ingestion.transfers as t
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
select 'ingestion.earlier_words', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        e.effective_on as day,
        sha256(convert_to(row(
            e.effective_on, e.loan_id, e.payment_id, e.signal, e.channel, e.occurred_at, e.happened_on, e.return_code,
            e.transfer_id, e.booked_on, e.batch_id, e.line
        )::text, 'UTF8')) as hash
    from ingestion.earlier_words as e
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
select 'payments.reversals', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        r.effective_on as day,
        sha256(convert_to(row(
            r.loan_id, r.payment_id, r.seq, r.effective_on, r.signal, r.occurred_at, r.happened_on, r.code,
            r.transfer_id, r.booked_on, r.batch_id, r.line
        )::text, 'UTF8')) as hash
    from payments.reversals as r
) as f
group by f.day
union all
select 'payments.representments', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        r.returned_on as day,
        sha256(convert_to(row(
            r.loan_id, r.payment_id, r.attempt, r.representment_id, r.returned_payment_id, r.returned_effective_on,
            r.returned_on, r.code, r.amount_cents, r.scheduled_on, r.latest_on, r.booked_on
        )::text, 'UTF8')) as hash
    from payments.representments as r
) as f
group by f.day
union all
select 'payments.representment_requests', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        q.requested_on as day,
        sha256(convert_to(row(q.loan_id, q.payment_id, q.attempt, q.requested_on)::text, 'UTF8')) as hash
    from payments.representment_requests as q
) as f
group by f.day
union all
select 'payments.representment_outcomes', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        o.decided_on as day,
        sha256(convert_to(row(
            o.loan_id, o.payment_id, o.attempt, o.outcome, o.transfer_id, o.reason, o.decided_on
        )::text, 'UTF8')) as hash
    from payments.representment_outcomes as o
) as f
group by f.day
union all
select 'servicing.external_accounts', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        a.effective_on as day,
        sha256(convert_to(row(
            a.loan_id, a.counterparty_id, a.version, a.account_last4, a.account_fingerprint, a.routing_number,
            a.account_type, a.change_code, a.transfer_id, a.effective_on, a.correct_by, a.booked_on, a.batch_id, a.line
        )::text, 'UTF8')) as hash
    from servicing.external_accounts as a
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
select 'ledger.turnover', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        t.effective_on as day,
        sha256(convert_to(row(
            t.run_no, t.effective_on, t.booked_on, t.account, t.debit_cents, t.credit_cents
        )::text, 'UTF8')) as hash
    from ledger.turnover as t
) as f
group by f.day
union all
select 'ledger.suspense', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        s.effective_on as day,
        sha256(convert_to(row(s.loan_id, s.effective_on, s.run_no, s.cents)::text, 'UTF8')) as hash
    from ledger.suspense as s
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
            b.description, b.statement_id, b.record, b.file_line, b.value_on, b.type_code, b.bank_reference,
            b.customer_reference
        )::text, 'UTF8')) as hash
    from settlement.bank_lines as b
) as f
group by f.day
union all
select 'settlement.statements', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        s.as_of as day,
        sha256(convert_to(row(
            s.statement_id, s.account, s.as_of, s.version, s.from_on, s.nature, s.is_final, s.format, s.bank,
            s.reference, s.currency, s.opening_cents, s.closing_cents, s.line_count, s.lines_cents, s.content_sha256,
            s.repeats, s.replaces, s.file_sha256, s.number, s.record, s.file_line, s.size_bytes
        )::text, 'UTF8')) as hash
    from settlement.statements as s
) as f
group by f.day
union all
select 'reconciliation.decisions', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        d.bank_day as day,
        sha256(convert_to(row(
            d.decision_id, d.decision_no, d.decision, d.bank_day, d.line_ids, d.payment_ids, d.cents, d.needs_approval,
            d.reason, d.decided_by, d.approves
        )::text, 'UTF8')) as hash
    from reconciliation.decisions as d
) as f
group by f.day
union all
select 'settlement.line_corrections', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        c.bank_day as day,
        sha256(convert_to(row(c.bank_day, c.line_id, c.version, c.statement_id, c.is_withdrawn)::text, 'UTF8')) as hash
    from settlement.line_corrections as c
) as f
group by f.day
union all
select 'servicing.converted_loans', null, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        sha256(convert_to(row(
            c.loan_id, c.books_from, c.principal_cents, c.escrow_cents, c.suspense_cents
        )::text, 'UTF8')) as hash
    from servicing.converted_loans as c
) as f
union all
select 'ledger.conversions', f.day, count(*), sha256(string_agg(f.hash, ''::bytea order by f.hash))
from (
    select
        p.effective_on as day,
        sha256(convert_to(row(
            p.loan_id, p.posting_no, p.kind, p.effective_on, p.due_on, p.cash_cents, p.late_charges_cents,
            p.service_fees_cents, p.interest_cents, p.principal_cents, p.escrow_cents, p.suspense_cents,
            p.returned_cents, p.subject_id
        )::text, 'UTF8')) as hash
    from ledger.conversions as p
) as f
group by f.day
