import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from payments_pipeline.ingestion import ingest
from payments_pipeline.ingestion.border import load_arrivals
from payments_pipeline.ingestion.ingest import BatchReport, IngestError, ingest_batch, ingest_pending
from payments_pipeline.operations.laws import check
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import run
from payments_pipeline.rules.envelope import idempotency_key
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.parameters import World
from tests.conftest import WorldOf
from tests.ingestion.files import DAY, add_loan, counts, fetch, put_rows, row

BLANKS = " \t\n\r\f\v"


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect("owner") as owner:
        for loan_id in (1, 2, 3):
            add_loan(owner, loan_id)
    with database.connect() as connection:
        yield connection


def take_in(connection: psycopg.Connection[Any], inbox: Path) -> list[BatchReport]:
    """All that has arrived, loaded and taken up; each step is committed by itself."""
    load_arrivals(connection, inbox, date.max)
    return ingest_pending(connection)


@pytest.mark.parametrize("server_kind", ["embedded", "debian"])
def test_the_key_in_sql_is_the_key_of_the_rules(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    rng = random.Random(11)
    letters = "abcXYZ019-_/|.'\"\\%é ÉßİıſΣ日\u00a0\u2003\u0301\U0001f600" + BLANKS
    rows = [
        row(
            payment_channel=rng.choice(["ach", "ACH", "Wire", "check"]),
            reference_number="".join(rng.choices(letters, k=rng.randrange(0, 20))) + "r",
            loan_account_number="".join(rng.choices("lnLN01 é", k=rng.randrange(0, 10))) + "1",
            amount=f"{rng.randrange(1, 10**8)}.{rng.randrange(100):02d}",
            value_date=(DAY - timedelta(days=rng.randrange(0, 40))).isoformat(),
        )
        for _ in range(400)
    ]
    put_rows(tmp_path, "x.csv", rows)
    (report,) = take_in(connection, tmp_path)
    assert report.errors == 0
    stored = dict(fetch(connection, "select line, idempotency_key from ingestion.payment_ingestions"))
    for line, key in stored.items():
        told = rows[line - 1]
        cents = int(told["amount"].replace(".", ""))
        value_date = date.fromisoformat(told["value_date"])
        assert key == idempotency_key(
            told["payment_channel"], told["reference_number"], value_date, cents, told["loan_account_number"]
        ), told


def test_a_payment_id_is_the_first_half_of_its_key(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    put_rows(tmp_path, "x.csv", [row()])
    take_in(connection, tmp_path)
    assert fetch(
        connection,
        "select left(encode(idempotency_key, 'hex'), 32) = replace(payment_id::text, '-', '') from ingestion.payment_ingestions",
    ) == [(True,)]


def test_the_hash_of_a_row_is_that_of_its_text(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    put_rows(tmp_path, "x.csv", [row(reference_number="é")])
    take_in(connection, tmp_path)
    assert fetch(
        connection,
        "select i.raw_payload_hash = sha256(convert_to(s.raw, 'UTF8')) from ingestion.payment_ingestions i"
        " join ingestion.staged s using (batch_id, line)",
    ) == [(True,)]


def test_a_batch_that_waits_to_be_taken_up_breaks_no_law_and_one_that_failed_does(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    laws = ("every_batch_adds_up", "every_row_received_is_accounted_for")

    def broken() -> list[str]:
        with connection.transaction():
            return [law for law in laws if check(connection, law)]

    put_rows(tmp_path, "a.csv", [row(), row(), row(amount="?"), row(event="returned")])
    (staged,) = load_arrivals(connection, tmp_path, date.max)  # a run's checks may look in between
    assert broken() == []
    with connection.transaction():
        run(connection, "ingestion/process_started", batches=[staged.batch_id])
    assert broken() == []
    with connection.transaction():
        run(connection, "ingestion/process_failed", batch_id=staged.batch_id, details="{}")
    assert broken() == list(laws)
    ingest_pending(connection)
    assert broken() == []


def test_repeats_name_the_first_row_that_said_it(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    put_rows(
        tmp_path,
        "a.csv",
        [row(), row(reference_number="  trc0001\t", loan_account_number="ln0000000001"), row(event="returned")],
    )
    put_rows(tmp_path, "b.csv", [row(event="RETURNED"), row(reference_number="other"), row(reference_number="TRC0001")])
    a, b = take_in(connection, tmp_path)
    assert (a.accepted, a.duplicates, b.accepted, b.duplicates) == (2, 1, 1, 2)
    assert fetch(
        connection,
        "select batch_id, line, original_batch_id, original_line, signal from ingestion.duplicates order by batch_id = %s, 2",
        b.batch_id,
    ) == [
        (a.batch_id, 2, a.batch_id, 1, "settled"),
        (b.batch_id, 1, a.batch_id, 3, "returned"),
        (b.batch_id, 3, a.batch_id, 1, "settled"),
    ]


@pytest.mark.parametrize("is_earlier_first", [False, True])
def test_of_two_instants_told_of_one_word_the_earlier_is_kept_and_asks_for_its_days(
    connection: psycopg.Connection[Any], tmp_path: Path, is_earlier_first: bool
) -> None:
    earlier, later = "2026-03-01T14:30:00Z", "2026-03-02T14:30:00Z"
    for name, at in enumerate([earlier, later] if is_earlier_first else [later, earlier]):
        put_rows(tmp_path, f"{name}.csv", [row(payment_date=at), row(payment_date=at, event="returned")])
        take_in(connection, tmp_path)
        if name == 0:
            connection.execute("update operations.day_requests set satisfied_at = now()")
            connection.commit()
    kept = fetch(connection, "select signal, occurred_at, happened_on, line from ingestion.earlier_words order by line")
    asked = fetch(connection, "select business_date from operations.day_requests where satisfied_at is null order by 1")
    back_on = fetch(connection, "select happened_on from ingestion.reversal_days order by 1")
    if is_earlier_first:
        assert (kept, asked, back_on) == ([], [], [(DAY - timedelta(days=1),)])
    else:
        then = datetime.fromisoformat(earlier)
        assert kept == [("settled", then, DAY - timedelta(days=1), 1), ("returned", then, DAY - timedelta(days=1), 2)]
        assert asked == [(DAY - timedelta(days=1),), (DAY,)]
        assert back_on == [(DAY - timedelta(days=1),), (DAY,)]


@pytest.mark.parametrize("files", [1, 2])
@pytest.mark.parametrize(
    ("told", "repeated", "is_kept"),
    [("R01", "", False), ("", "R01", True), ("R01", "R02", False), ("R02", "R01", True)],
)
def test_of_two_codes_told_of_one_instant_the_lesser_is_kept_and_none_comes_after_all(
    connection: psycopg.Connection[Any], tmp_path: Path, told: str, repeated: str, is_kept: bool, files: int
) -> None:
    rows = [row(event="returned", return_code=code) for code in (told, repeated)]
    for number, arriving in enumerate([rows] if files == 1 else [[one] for one in rows]):
        put_rows(tmp_path, f"{number}.csv", arriving)
        take_in(connection, tmp_path)
    assert fetch(connection, "select count(*) from ingestion.duplicates") == [(1,)]
    assert fetch(connection, "select return_code from ingestion.earlier_words") == ([(repeated,)] if is_kept else [])
    assert check(connection, "every_duplicate_names_its_original") == []


def test_a_loan_is_known_by_its_number_and_any_other_is_loan_0(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    quoted = [
        "LN0000000001",
        "ln0000000002 ",
        "LN0000000009",
        "LNO000000001",
        "LN00000001",
        "LN00000000001",
        "1",
        "LN000000000\uff11",
    ]
    put_rows(
        tmp_path, "x.csv", [row(reference_number=f"r{n}", loan_account_number=text) for n, text in enumerate(quoted)]
    )
    take_in(connection, tmp_path)
    assert [loan for (loan,) in fetch(connection, "select loan_id from ingestion.payment_ingestions order by line")] == [
        1, 2, 0, 0, 0, 0, 0, 0
    ]  # fmt: skip


def test_a_payment_told_before_its_loan_was_boarded_stays_one_payment(
    connection: psycopg.Connection[Any], database: Database, tmp_path: Path
) -> None:
    early = row(loan_account_number="LN0000000007", event="initiated")
    put_rows(tmp_path, "a.csv", [early])
    take_in(connection, tmp_path)
    with database.connect("owner") as owner:
        add_loan(owner, 7)
    put_rows(tmp_path, "b.csv", [early, early | {"event": "settled"}])
    (report,) = take_in(connection, tmp_path)
    assert (report.accepted, report.duplicates) == (1, 1)
    assert fetch(connection, "select distinct loan_id, payment_id is null from ingestion.payment_ingestions") == [
        (0, False)
    ]


def test_received_is_accepted_and_duplicates_and_errors_in_every_batch(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    put_rows(tmp_path, "a.csv", [row(), row(), row(amount="x"), row(amount="x", event=""), row(reference_number="2")])
    take_in(connection, tmp_path)
    assert fetch(
        connection,
        "select status, total_records, processed_records, duplicate_records, error_records, error_details"
        " from ingestion.staging_process_log",
    ) == [
        ("completed", 5, 2, 1, 2, [{"column": name, "reason": reason, "rows": rows} for name, reason, rows in fetch(
            connection, "select column_name, reason, count(*) from ingestion.rejects group by 1, 2 order by 1")])
    ]  # fmt: skip


def test_a_file_without_rows_is_a_batch_that_brings_nothing(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    put_rows(tmp_path, "a.csv", [])
    (report,) = take_in(connection, tmp_path)
    assert (report.received, report.accepted, report.duplicates, report.errors) == (0, 0, 0, 0)


def test_the_days_that_have_news_ask_to_be_run(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    put_rows(
        tmp_path,
        "a.csv",
        [
            row(value_date="2026-02-27"),
            row(event="returned", payment_date="2026-03-03T01:00:00Z"),  # the evening of March 2nd in New York
            row(event="initiated", payment_date="2026-02-20T12:00:00Z", value_date="2026-03-05"),
            row(event="initiated", payment_date="2026-02-20T12:00:00Z", value_date="2026-03-05"),
            row(amount="x", value_date="2026-01-01"),
        ],
    )
    take_in(connection, tmp_path)
    assert fetch(
        connection,
        "select business_date, reason, subject = (select batch_id::text from ingestion.batches), satisfied_at"
        " from operations.day_requests order by 1",
    ) == [
        (date(2026, 2, 27), "ingested", True, None),
        (DAY, "ingested", True, None),
        (date(2026, 3, 5), "ingested", True, None),
    ]


def test_taking_in_twice_changes_nothing(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    put_rows(tmp_path, "a.csv", [row(), row(), row(amount="x")])
    (report,) = take_in(connection, tmp_path)
    before = counts(connection), fetch(connection, "select * from ingestion.staging_process_log")
    connection.commit()
    assert take_in(connection, tmp_path) == []
    assert ingest_batch(connection, report.batch_id) == report
    assert (counts(connection), fetch(connection, "select * from ingestion.staging_process_log")) == before


def test_what_was_loaded_and_not_taken_up_is_taken_up_by_the_next_run(
    database: Database, connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    put_rows(tmp_path, "a.csv", [row()])
    with database.connect() as killed:
        load_arrivals(killed, tmp_path, DAY)
    assert [report.accepted for report in take_in(connection, tmp_path)] == [1]


def test_a_run_that_breaks_says_so_leaves_nothing_and_is_made_good_by_the_next(
    connection: psycopg.Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_rows(tmp_path, "a.csv", [row()])
    put_rows(tmp_path, "b.csv", [row(reference_number="b")])
    load_arrivals(connection, tmp_path, DAY)
    broken = fetch(connection, "select batch_id from ingestion.batches where uri like '%%/a.csv'")[0]
    connection.commit()

    def breaking(connection: psycopg.Connection[Any], name: str, /, **parameters: object) -> int:
        if name == "ingestion/day_requests" and broken[0] in parameters["batches"]:  # type: ignore[operator]
            connection.execute(b"select ('Jane Borrower')::int")
        return run(connection, name, **parameters)

    monkeypatch.setattr(ingest, "run", breaking)
    with pytest.raises(IngestError, match="1 of 2 staged batches"):
        take_in(connection, tmp_path)
    assert fetch(
        connection,
        "select batch_id, total_records, error_records, error_details from ingestion.staging_process_log where status = 'failed'",
    ) == [(broken[0], 1, 1, {"error": "InvalidTextRepresentation", "sqlstate": "22P02"})]
    assert fetch(connection, "select count(*) from ingestion.payment_ingestions where batch_id = %s", broken[0]) == [
        (0,)
    ]
    assert fetch(connection, "select count(*) from ingestion.payment_ingestions") == [(1,)]
    connection.commit()
    monkeypatch.setattr(ingest, "run", run)
    assert [report.accepted for report in take_in(connection, tmp_path)] == [1]
    assert fetch(connection, "select distinct status from ingestion.staging_process_log") == [("completed",)]


def test_days_have_their_keys_when_all_is_taken_up(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    for name in "abc":
        put_rows(
            tmp_path, f"{name}.csv", [row(reference_number=name), row(reference_number=name, value_date="2026-02-27")]
        )
    take_in(connection, tmp_path)
    assert (
        fetch(
            connection,
            "select inhrelid::regclass::text from pg_inherits where inhparent in ('ingestion.staged'::regclass,"
            " 'ingestion.payment_ingestions'::regclass)"
            " and not exists (select from pg_constraint where conrelid = inhrelid and contype = 'p')",
        )
        == []
    )


def test_who_reads_two_days_while_they_get_their_keys_is_not_waited_for_with_both(
    database: Database, connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    dates = ("2026-02-26", "2026-02-27")
    put_rows(tmp_path, "a.csv", [row(reference_number=day, value_date=day) for day in dates])
    take_in(connection, tmp_path)
    without_keys = [f"ingestion.payment_ingestions_{day.replace('-', '')}" for day in dates]
    with database.connect("owner") as owner:
        for table in without_keys:
            owner.execute(f"alter table {table} drop constraint {table.partition('.')[2]}_pkey".encode())
    read = "select count(*) from ingestion.payment_ingestions where effective_on = %s::date"
    blocked = "select count(*) from pg_locks where not granted and relation = %s::regclass"
    with (
        database.connect() as reader,
        database.connect() as closer,
        database.connect(autocommit=True) as watcher,
        ThreadPoolExecutor(1) as threads,
    ):
        fetch(reader, read, dates[1])
        closing = threads.submit(ingest.close_filled_days, closer)
        until = time.monotonic() + 30
        while fetch(watcher, blocked, without_keys[1]) == [(0,)] and time.monotonic() < until:
            time.sleep(0.02)
        # the first day has its key, so that it can be read while the second waits for this reader
        reader.execute("set local lock_timeout = '10s'")
        assert fetch(reader, read, dates[0]) == [(1,)]
        reader.commit()
        closing.result(timeout=30)


def test_two_runs_at_once_take_everything_up_once(
    database: Database, connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    for n in range(6):
        put_rows(tmp_path, f"f{n}.csv", [row(reference_number=f"r{m}") for m in range(n, n + 40)])
    errors: list[Exception] = []

    def one_run() -> None:
        try:
            with database.connect() as own:
                take_in(own, tmp_path)
        except Exception as error:
            errors.append(error)

    runs = [threading.Thread(target=one_run) for _ in range(3)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join(60)
    assert errors == []
    assert fetch(
        connection,
        "select sum(total_records), sum(processed_records), sum(duplicate_records), bool_and(status = 'completed')"
        " from ingestion.staging_process_log",
    ) == [(240, 45, 195, True)]
    assert fetch(connection, "select count(*), count(distinct idempotency_key) from ingestion.payment_ingestions") == [
        (45, 45)
    ]
    assert fetch(connection, "select count(*) from ingestion.duplicates") == [(195,)]


@pytest.fixture(scope="module")
def world(world_of: WorldOf) -> Path:
    """A small and very noisy world."""
    return world_of(World(loans=1500, days=15, seed=8, noise=5))


def test_in_a_noisy_world_every_row_is_taken_for_what_it_truly_is(database: Database, world: Path) -> None:
    truth = {
        (row["arrival_day"], row["file"], row["line"]): row
        for file in sorted((world / "truth").glob("*.parquet"))
        if "fault_column" in (table := pq.read_table(file)).schema.names
        for row in table.to_pylist()
    }
    with database.connect() as connection:
        load_portfolio(connection, world)
        take_in(connection, world)
        where = "substring(b.uri from 'arrivals/(....-..-..)/')::date, substring(b.uri from '[^/]*$')"
        rejected = {
            (day, file, line): column
            for day, file, line, column in fetch(
                connection,
                f"select {where}, r.line, r.column_name from ingestion.rejects r join ingestion.batches b using (batch_id)",
            )
        }
        taken = {
            (day, file, line): (loan_id, identity)
            for day, file, line, loan_id, identity in fetch(
                connection,
                f"select {where}, i.line, i.loan_id, i.payment_id from ingestion.payment_ingestions i join ingestion.batches b using (batch_id)",
            )
        }
        repeated = fetch(connection, "select count(*) from ingestion.duplicates")[0][0]
    assert rejected == {key: row["fault_column"] for key, row in truth.items() if row["truth"] == "malformed"}
    words = {(row["identity"], row["event"]) for row in truth.values() if row["truth"] != "malformed"}
    assert {(truth[key]["identity"], truth[key]["event"]) for key in taken} == words
    assert len(taken) == len(words)
    assert repeated == len(truth) - len(rejected) - len(taken)
    assert all(loan_id == truth[key]["loan_id"] for key, (loan_id, _) in taken.items())
    payments: dict[int, set[Any]] = {}
    for key, (_, payment_id) in taken.items():
        payments.setdefault(truth[key]["identity"], set()).add(payment_id)
    assert all(len(ids) == 1 for ids in payments.values())


def test_the_order_of_arrival_makes_no_difference_to_what_is_known(database: Database, world: Path) -> None:
    known = []
    for seed in (1, 2):
        with database.connect() as connection:
            if seed == 1:
                load_portfolio(connection, world)
                connection.commit()
            loaded = load_arrivals(connection, world, date.max)
            batches = [staged.batch_id for staged in loaded if staged.batch_id]
            random.Random(seed).shuffle(batches)
            for batch_id in batches:
                ingest_batch(connection, batch_id)
            known.append(
                fetch(
                    connection,
                    "select effective_on, loan_id, idempotency_key, signal, happened_on, return_code"
                    " from ingestion.payment_ingestions order by 1, 2, 3, 4",
                )
            )
        with database.connect("owner") as owner:
            owner.execute(
                "truncate ingestion.batches, ingestion.staged, ingestion.rejects, ingestion.payment_artifacts,"
                " ingestion.payment_ingestions, ingestion.duplicates, ingestion.earlier_words,"
                " ingestion.staging_process_log"
            )
    assert known[0] == known[1]
    assert known[0]


def test_artifacts_that_rows_name_are_kept_with_their_hashes(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    documents = [{"type": "check_image_front", "uri": "s3://bucket/1", "hash": "ab" * 32}] * 2 + [
        {"type": "check_image_back", "uri": "s3://bucket/1", "hash": "cd" * 32}
    ]
    put_rows(
        tmp_path,
        "lockbox.csv",
        [row(metadata=json.dumps({"artifacts": documents})), row(reference_number="2", metadata='{"artifacts":[]}')],
    )
    take_in(connection, tmp_path)
    assert fetch(
        connection,
        "select line, type, encode(sha256, 'hex') from ingestion.payment_artifacts order by 1 nulls first, 2",
    )[1:] == [
        (1, "check_image_back", "cd" * 32),
        (1, "check_image_front", "ab" * 32),
    ]
