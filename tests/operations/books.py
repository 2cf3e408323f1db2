"""Books for the auditor's tests: loans, a week of deliveries, postings by the real statements, and the bank's side.

Everything that the laws speak of occurs: repeats, rejects, unknown loans, late arrivals that correct what was posted,
returns with and without a fee, releases of suspense, late fees, and a bank that disagrees here and there.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

import psycopg

from payments_pipeline.ledger.conversion import convert
from payments_pipeline.ledger.posting import board, post_day
from payments_pipeline.paths import DATA_DIR
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.postgres.run import run
from payments_pipeline.postgres.server import Server
from payments_pipeline.reconciliation.days import reconcile_day
from payments_pipeline.rules import amortisation
from payments_pipeline.rules.settlement import settles_on

FIRST: Final = date(2026, 1, 2)
LAST: Final = date(2026, 1, 12)
DAYS: Final = tuple(FIRST + timedelta(days=offset) for offset in range((LAST - FIRST).days + 1))
CHANNELS: Final = ("ach", "wire", "card")
PRINCIPAL: Final = 200_000_00
RATE_PPM: Final = 61_250

_LOANS: Final = """
insert into servicing.loans (
    loan_id, loan_number, cif, borrower_id, property_id, product, originated_on, original_principal_cents, boarded_on,
    principal_cents, rate_ppm, payment_cents, escrow_cents, escrow_shortage_cents, first_due_on, term_instalments,
    last_instalment, grace_days
)
select
    i, 'LN' || lpad(i::text, 10, '0'), 'CIF' || i, i, i, 'fixed30', '2020-01-01', %(principal)s, '2026-01-01', %(principal)s,
    %(rate)s, %(payment)s, 30000, 0, date '2025-12-01' + i %% 28, 360, 360, 15
from generate_series(1, %(loans)s) as i;
insert into servicing.borrowers select i, 'encrypted'::bytea from generate_series(1, %(loans)s) as i;
insert into servicing.properties
select i, i || ' Elm Street', 'Salem', 'OR', '97301', '41047', 'single_family', 30000000, 'index'::bytea from generate_series(1, %(loans)s) as i;
insert into servicing.escrow select i, 240000, 120000, 50000 from generate_series(1, %(loans)s) as i;
insert into servicing.loan_statuses (loan_id, effective_on, status, reason, booked_on)
select i, '2026-01-01', 'legal_hold', 'test', '2026-01-01' from generate_series(7, %(loans)s, 40) as i;
insert into ledger.balances (loan_id) select i from generate_series(1, %(loans)s) as i
"""

# What the former system posted for the third loan: a receipt, one that went back, one held and released, and a bill.
_PAST: Final = """
insert into servicing.converted_loans values (3, '2025-11-03', %(principal)s + 50000, 20000, 0);
insert into ledger.conversions values
(3, 1, 'receipt', '2025-11-03', '2025-11-03', 166000, 4000, 0, 102000, 30000, 30000, 0, 0),
(3, 2, 'receipt', '2025-11-28', null, 150000, 0, 0, 0, 0, 0, 0, 150000),
(3, 3, 'return', '2025-12-01', null, -150000, 0, 0, 0, 0, 0, 0, -150000),
(3, 4, 'receipt', '2025-12-02', null, 152500, 0, 2500, 0, 0, 0, 150000, 0),
(3, 5, 'release', '2025-12-04', '2025-12-04', 0, 0, 0, 100000, 20000, 30000, -150000, 0),
(3, 6, 'disbursement', '2025-12-15', null, -30000, 0, 0, 0, 0, -30000, 0, 0)
"""

# What is delivered over the week: each payment's word, the returns of some, repeats of some, half of them with an earlier instant. A word is booked on the
# day it happened, or some days later where it was late.
_WORDS: Final = """
create table public.words as
with payments as (
    select
        k, case when k %% 17 = 0 then 'LN9999999999' else 'LN' || lpad((1 + k %% %(loans)s)::text, 10, '0') end as loan_number,
        case when k %% 17 = 0 then 0 else 1 + k %% %(loans)s end as loan_id,
        date '2026-01-02' + (k %% 7)::integer as value_date,
        (array['ach', 'wire', 'card'])[1 + k %% 3] as channel,
        (array['settled', 'completed', 'captured'])[1 + k %% 3] as signal,
        (array[%(due)s, %(due)s / 2, 2 * %(due)s, %(due)s + 7, 100])[1 + (k / 7) %% 5]::bigint as amount_cents,
        'Ref-' || k as reference, case when k %% 19 = 0 then 2 else 0 end as days_late
    from generate_series(1, %(payments)s) as k
),

told as (
    select p.*, p.value_date as happened_on, null::text as code, 0 as nth from payments as p
    union all
    select p.*, p.value_date, null, 1 from payments as p where k %% 13 = 0
    union all
    select
        p.k, p.loan_number, p.loan_id, p.value_date, p.channel, 'returned', p.amount_cents, p.reference, 0,
        p.value_date + 1 + (k %% 3)::integer, case when k %% 2 = 0 then 'R01' else 'R02' end, 0
    from payments as p where k %% 11 = 0 and k %% 3 = 0
)

select
    t.*, t.happened_on + t.days_late + t.nth as booked_on,
    operations.content_id('batch|' || to_char((t.happened_on + t.days_late + t.nth)::timestamp, 'YYYY-MM-DD')) as batch_id,
    (row_number() over (partition by t.happened_on + t.days_late + t.nth order by t.nth, t.k, t.signal))::integer as line,
    (
        t.happened_on + interval '15 hours' + t.k %% 600 * interval '1 minute'
        - case when t.nth = 1 and t.k %% 26 = 0 then interval '1 hour' else interval '0' end
    ) at time zone 'UTC' as occurred_at,
    t.signal || ',' || t.reference || ',' || t.loan_number || ',' || t.amount_cents || ',' || t.value_date as raw,
    sha256(convert_to(
        t.channel || '|' || lower(t.reference) || '|' || t.value_date || '|' || t.amount_cents || '|' || t.loan_number, 'UTF8'
    )) as key
from told as t;
analyze public.words
"""

_ARRIVAL: Final = """
insert into ingestion.staged
select
    booked_on, batch_id, line, raw, true, signal, channel, 'bank', reference, loan_number, amount_cents, occurred_at, value_date,
    code, null, null::jsonb
from public.words where booked_on = %(day)s
union all
-- and one row that is no payment at all
select %(day)s, operations.content_id('batch|' || %(day)s::date), count(*) + 1, 'rubbish', false, null, null, null, null, null,
    null, null, null, null, null, null::jsonb
from public.words where booked_on = %(day)s;
insert into ingestion.rejects
select booked_on, batch_id, line, 'amount', 'expected an amount', 'rubbish'
from ingestion.staged where booked_on = %(day)s and not is_accepted;
insert into ingestion.payment_ingestions (
    effective_on, loan_id, idempotency_key, signal, payment_id, channel, provider, source_reference, loan_number, amount_cents,
    raw_payload_hash, occurred_at, happened_on, return_code, booked_on, batch_id, line, received_at
)
select
    value_date, loan_id, key, signal, encode(substr(key, 1, 16), 'hex')::uuid, channel, 'bank', reference,
    loan_number, amount_cents, sha256(convert_to(raw, 'UTF8')), occurred_at, happened_on, code, booked_on, batch_id, line,
    booked_on + interval '20 hours'
from public.words where booked_on = %(day)s and nth = 0;
insert into ingestion.reversal_days
select distinct happened_on, value_date from public.words where booked_on = %(day)s and signal = 'returned'
on conflict do nothing;
insert into ingestion.duplicates
select w.booked_on, w.batch_id, w.line, w.loan_id, encode(substr(w.key, 1, 16), 'hex')::uuid, w.signal, o.batch_id, o.line
from public.words as w inner join public.words as o on w.k = o.k and w.signal = o.signal and o.nth = 0
where w.booked_on = %(day)s and w.nth = 1;
insert into ingestion.earlier_words
select
    w.value_date, w.loan_id, encode(substr(w.key, 1, 16), 'hex')::uuid, w.signal, w.channel, w.occurred_at, w.happened_on,
    w.code, null, w.booked_on, w.batch_id, w.line
from public.words as w
where w.booked_on = %(day)s and w.nth = 1 and w.k %% 26 = 0;
insert into ingestion.batches
select batch_id, 'bank', '/inbox/' || booked_on, sha256('file'), 1000, booked_on + interval '20 hours', booked_on, count(*)
from ingestion.staged where booked_on = %(day)s group by batch_id, booked_on;
insert into ingestion.payment_artifacts
select operations.content_id('artifact|' || batch_id), batch_id, null, 'etl_batch', uri, sha256, size_bytes, 'text/csv'
from ingestion.batches where booked_on = %(day)s;
insert into ingestion.staging_process_log (
    batch_id, status, total_records, processed_records, duplicate_records, error_records
)
select s.batch_id, 'completed', count(*), count(*) filter (where is_accepted) - d.repeats, d.repeats, count(*) filter (where not is_accepted)
from ingestion.staged as s, (select count(*) as repeats from ingestion.duplicates where booked_on = %(day)s) as d
where s.booked_on = %(day)s group by s.batch_id, d.repeats
"""

# The bank agrees but for a line it lacks, one of another amount, and one that nobody sent.
_BANK: Final = """
insert into settlement.bank_lines
with movements as (
    select p.settles_on as bank_day, p.channel, 'credit' as kind, p.amount_cents, p.reference, p.payment_id
    from payments.payments as p where p.settles_on = %(day)s
    union all
    select c.settles_on, p.channel, 'return', -p.amount_cents, p.reference, p.payment_id
    from payments.transitions as t
    inner join payments.payments as p on t.effective_on = p.effective_on and t.payment_id = p.payment_id
    inner join settlement.calendar as c on c.channel = 'ach' and c.business_date = t.happened_on
    where t.status = 'reversed' and c.settles_on = %(day)s
)
select
    %(day)s::date, 'line-' || m.kind || '-' || m.payment_id, 'operating', m.channel, m.kind,
    m.amount_cents + (m.reference = 'Ref-4')::integer, m.reference, null, null, 'bank.csv'
from movements as m where m.reference <> 'Ref-5'
union all
select %(day)s::date, 'line-stray', 'operating', 'wire', 'credit', 4200, 'Nobody', null, null, 'bank.csv'
where extract(isodow from %(day)s::date) = 2
"""

# What comes after returns, as far as the laws speak of it: that it is never rewritten.
_RETURNS: Final = """
insert into payments.representments
select
    loan_id, payment_id, 1, operations.content_id('representment|' || payment_id), payment_id, effective_on, happened_on, code,
    1, '2026-02-02', '2026-06-30', booked_on
from payments.reversals where code = 'R01' and happened_on = '2026-01-06';
insert into payments.representment_requests
select loan_id, payment_id, attempt, date '2026-01-08' from payments.representments;
insert into payments.representment_outcomes
select loan_id, payment_id, attempt, 'sent', 'acht_' || attempt, null, date '2026-01-08' from payments.representments;
insert into servicing.external_accounts
values (1, 'cpty_1', 1, null, null, null, null, null, 'acht_1', '2026-01-05', null, '2026-01-05', operations.content_id('account'), 1)
"""

# A statement that took a line back and gave it again.
_STATEMENTS: Final = """
insert into settlement.statements (
    statement_id, account, as_of, version, from_on, nature, is_final, format, bank, reference, currency, line_count, lines_cents,
    content_sha256, file_sha256, number, record, file_line, source, size_bytes, received_at
)
values (
    operations.content_id('statement'), 'operating', '2026-01-05', 1, '2026-01-05', 'new', true, 'bai2', 'BANK', '1', 'USD', 0, 0,
    sha256('content'), sha256('file'), 1, 3, 3, 'file:///bank.bai', 1, '2026-01-06T12:00:00Z'
);
insert into settlement.line_corrections
select b.bank_day, b.line_id, v.version, operations.content_id('statement'), v.version = 1
from settlement.bank_lines as b, generate_series(1, 2) as v (version)
where b.bank_day = '2026-01-05';
insert into reconciliation.decisions (
    decision_id, decision_no, decision, bank_day, cents, needs_approval, reason, decided_by
)
values
(operations.content_id('one'), 1, 'write_off', '2026-01-05', 100, false, 'too small to ask', 'somebody'),
(operations.content_id('another'), 2, 'write_off', '2026-01-06', 100, false, 'too small to ask', 'somebody');
update reconciliation.decisions as d set decision_id = reconciliation.decision_id(d, null) where decision_no = 1;
update reconciliation.decisions as d
set decision_id = reconciliation.decision_id(d, (select decision_id from reconciliation.decisions where decision_no = 1))
where decision_no = 2
"""


# An event of the bank that says nothing of a receipt, and a transfer that others may refer to.
_EVENTS: Final = """
insert into ingestion.batches
values (operations.content_id('events'), 'column', 'column:events', sha256('events'), 20, '2026-01-05T20:00:00Z', '2026-01-05', 1);
insert into ingestion.staged (booked_on, batch_id, line, raw, is_accepted, is_noted, metadata)
values ('2026-01-05', operations.content_id('events'), 1, '{}', false, true, '{"event_id": "evnt_1"}');
insert into ingestion.staging_process_log (batch_id, status, total_records, noted_records)
values (operations.content_id('events'), 'completed', 1, 1);
insert into ingestion.bank_events
values (
    '2026-01-05', 'evnt_1', 'account.frozen', 'bacc_1', '2026-01-05T19:00:00Z', '2026-01-05', operations.content_id('events'), 1
);
insert into ingestion.transfers
values ('wire_1', 'wire', 'LN0000000001', '2026-01-05', 100, 'evnt_1', '2026-01-05');
insert into servicing.account_numbers values ('acno_1', 1, '2026-01-01');
insert into ingestion.unreadable_messages
values (operations.content_id('webhook'), 'column', '2026-01-05T20:00:00Z', 'not JSON', 'expected JSON')
"""

# What tax reports need to know beside the ledger.
_TAXES: Final = """
insert into servicing.interest_refunds values (1, operations.content_id('refund'), '2026-01-05', 2025, 1200, 'overpaid');
insert into servicing.payments_by_others
select loan_id, payment_id, 'seller' from payments.payments where loan_id = 1 limit 1
"""


@cache
def books_on(server: Server, options: str = "") -> Database:
    """A database with books on this server, made once; `options` are those of `create database`."""
    name = f"books_{len(options)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name} {options}".encode())
    database = Database(server.url(name), dagster_name=f"{name}_dagster")
    migrate(database)
    with database.connect("owner") as connection:
        keep_books(connection)
    return database


def keep_books(connection: psycopg.Connection[Any], *, loans: int = 60, payments: int = 400) -> None:
    """Fill an empty database, a day after the other, each with what arrived on it. Commits as it goes."""
    _reference_data(connection)
    payment = amortisation.level_payment(PRINCIPAL, RATE_PPM, 360)
    parameters = {"loans": loans, "payments": payments, "principal": PRINCIPAL, "rate": RATE_PPM, "payment": payment}
    connection.execute(_LOANS, parameters)
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into servicing.amortisation_factors values (%s, %s, %s, %s)",
            [(RATE_PPM, *factor) for factor in amortisation.factors(RATE_PPM, 360)],
        )
    connection.execute(_WORDS, parameters | {"due": payment + 30_000})
    connection.execute(_PAST, parameters)
    connection.commit()
    convert(connection)
    board(connection)
    connection.commit()
    for day in DAYS:
        _open(connection, ["servicing.instalments", "ingestion.staged", "settlement.bank_lines"], [day])
        _open(connection, ["ingestion.payment_ingestions"], DAYS)
        run(connection, "servicing/instalments", day=day)
        connection.execute(_ARRIVAL, {"day": day})
        news = connection.execute(
            "select value_date from public.words where booked_on = %s union select happened_on from public.words where booked_on = %s",
            (day, day),
        ).fetchall()
        for touched in sorted({day, *(row[0] for row in news)}):
            post_day(connection, touched)
            connection.commit()
    for day in DAYS:
        connection.execute(_BANK, {"day": day})
        reconcile_day(connection, day)
        connection.commit()
    _open(connection, ["ingestion.bank_events"], DAYS)
    connection.execute(_EVENTS)
    connection.execute(_TAXES)
    for table in ("ingestion.staged", "ingestion.payment_ingestions", "servicing.instalments", "settlement.bank_lines"):
        for day in DAYS:
            connection.execute("select operations.close_day(%s, %s)", (table, day))
    connection.execute(_RETURNS)
    connection.execute(_STATEMENTS)
    publish(connection, "e.type not like 'payment.%'")
    connection.execute("drop table public.words")
    connection.commit()


def publish(connection: psycopg.Connection[Any], which: str, at: str = "now()") -> None:
    """Note that these events have left the house."""
    days = connection.execute(f"select distinct effective_on from ledger.events as e where {which}".encode()).fetchall()
    _open(connection, ["ledger.publications"], sorted(day for (day,) in days))
    connection.execute(
        "insert into ledger.publications select e.effective_on, e.loan_id, e.subject_id, e.event_no, 1, "
        f"{at}, null from ledger.events as e where {which}".encode()
    )


def _open(connection: psycopg.Connection[Any], tables: Iterable[str], days: Iterable[date]) -> None:
    for table in tables:
        for day in days:
            connection.execute("select operations.open_day(%s, %s)", (table, day))


def _reference_data(connection: psycopg.Connection[Any]) -> None:
    tables = {
        "chart_of_accounts": "ledger.accounts",
        "policies": "payments.policies",
        "settlement_rules": "settlement.rules",
    }
    with connection.cursor() as cursor:
        for file, table in tables.items():
            columns = (DATA_DIR / f"{file}.csv").read_text().splitlines()[0]
            with cursor.copy(f"copy {table} ({columns}) from stdin (format csv, header)".encode()) as copy:
                copy.write((DATA_DIR / f"{file}.csv").read_bytes())
        cursor.execute(
            "insert into payments.return_codes values ('R01', 'insufficient funds', 'medium', 'reverse', true), "
            "('R02', 'account closed', 'high', 'reverse', false)"
        )
        cursor.executemany(
            "insert into settlement.calendar values (%s, %s, %s)",
            [
                (channel, day, settles_on(channel, day))
                for channel in CHANNELS
                for day in (FIRST + timedelta(days=offset) for offset in range(-15, 40))
            ],
        )
