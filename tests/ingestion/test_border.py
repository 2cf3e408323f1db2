import os
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from payments_pipeline.errors import PaymentsError
from payments_pipeline.ingestion import border
from payments_pipeline.ingestion import rows as reading
from payments_pipeline.ingestion.border import load_arrivals, load_file
from payments_pipeline.ingestion.deliveries import delivery_of
from payments_pipeline.ingestion.ingest import ingest_pending
from payments_pipeline.ingestion.rows import Block
from payments_pipeline.postgres.connect import Database
from tests.ingestion.files import DAY, announce, content, counts, fetch, put, put_rows, row, uuid_of


def test_each_row_is_staged_as_it_was_received_with_what_was_read_from_it(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    data = content([row(reference_number=" Ab ", amount="7.5", metadata='{"memo":"a, ""b"""}'.replace('""', '\\"'))])
    put(tmp_path, "column_ach.csv", data, rows=1)
    (staged,) = load_arrivals(connection, tmp_path, DAY)
    assert (staged.batch_id, staged.received, staged.rejected) == (uuid_of(data), 1, 0)
    assert fetch(
        connection,
        "select booked_on, line, raw, is_accepted, reference, amount_cents, metadata->>'memo' from ingestion.staged",
    ) == [(DAY, 1, data.decode().splitlines()[1], True, " Ab ", 750, 'a, "b"')]


def test_a_batch_is_booked_on_the_new_york_date_of_its_receipt(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    put_rows(tmp_path, "column_ach-003.csv", [row()])
    load_arrivals(connection, tmp_path, DAY)
    assert fetch(connection, "select source, booked_on, received_at::date, rows_received from ingestion.batches") == [
        ("column_ach", DAY, DAY + timedelta(days=1), 1)
    ]


def test_every_rejected_row_has_a_case_that_names_its_file_row_columns_and_reasons(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    put_rows(tmp_path, "lockbox.csv", [row(), row(amount="-5.00", currency="EUR", metadata="x" * 500), row()])
    load_arrivals(connection, tmp_path, DAY)
    ((line, subcategory, summary, step),) = fetch(
        connection, "select line, subcategory, summary, next_step from operations.exception_cases where state = 'open'"
    )
    assert (line, subcategory) == (2, "amount")
    assert summary.startswith("lockbox.csv, row 2, amount: expected dollars above 0")
    assert "currency: expected USD" in summary
    assert "lockbox" in step
    assert fetch(connection, "select column_name, found from ingestion.rejects order by 1") == [
        ("amount", "-5.00"),
        ("currency", "EUR"),
        ("metadata", "x" * 79 + "…"),
    ]


def test_what_was_found_in_a_rejected_row_stays_out_of_its_case(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    put_rows(tmp_path, "lockbox.csv", [row(cif="Jane Q. Borrower, 12 Elm Street")])
    load_arrivals(connection, tmp_path, DAY)
    assert fetch(
        connection, "select count(*) from operations.exception_cases c where c::text ilike '%%borrower%%'"
    ) == [(0,)]


def test_a_rejected_row_is_kept_verbatim_without_values(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    lines = content([row(), row()]).splitlines(keepends=True)
    data = lines[0] + b"settled,\xff\x00,LN1\n" + b'"never closed,a\n' + lines[1]
    put(tmp_path, "x.csv", data, rows=3)
    load_arrivals(connection, tmp_path, DAY)
    assert fetch(
        connection, "select line, raw, is_accepted, num_nonnulls(event, amount_cents) from ingestion.staged order by 1"
    ) == [
        (1, r"settled,\xff\x00,LN1", False, 0),
        (2, '"never closed,a', False, 0),
        (3, lines[1].decode().rstrip(), True, 2),
    ]
    assert fetch(connection, "select line, column_name from ingestion.rejects order by 1") == [(1, "row"), (2, "row")]


def test_loading_again_and_the_same_bytes_under_another_name_add_nothing(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    data = content([row(), row(amount="x")])
    put(tmp_path, "column_ach.csv", data, rows=2)
    load_arrivals(connection, tmp_path, DAY)
    before = counts(connection)
    connection.commit()
    put(tmp_path, "column_ach.csv", data, day=DAY + timedelta(days=1))
    assert load_arrivals(connection, tmp_path, date.max) == []
    assert counts(connection) == before


def test_only_what_arrived_by_the_day_is_loaded(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    for n in range(3):
        put_rows(tmp_path, "column_ach.csv", [row(reference_number=f"r{n}")], day=DAY + timedelta(days=n))
    assert len(load_arrivals(connection, tmp_path, DAY + timedelta(days=1))) == 2
    assert len(load_arrivals(connection, tmp_path, DAY + timedelta(days=2))) == 1


def refusal(connection: psycopg.Connection[Any], inbox: Path, kind: str) -> str:
    """The file in the inbox is refused, leaving nothing but an open case of this kind; its summary."""
    (staged,) = load_arrivals(connection, inbox, DAY)
    assert staged.batch_id is None
    ((category, subcategory, state, summary),) = fetch(
        connection, "select category, subcategory, state, summary from operations.exception_cases"
    )
    assert (category, subcategory, state) == ("artifact", kind, "open")
    assert summary == staged.refusal
    assert sum(counts(connection).values()) == 1
    connection.commit()
    return str(summary)


def test_a_file_that_is_not_the_one_announced_is_refused_until_the_right_one_comes(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    path = put_rows(tmp_path, "column_ach.csv", [row()])
    right = path.read_bytes()
    path.write_bytes(right.replace(b"1234.56", b"9234.56"))
    assert "sha256 differ" in refusal(connection, tmp_path, "hash")
    path.write_bytes(right)
    assert load_arrivals(connection, tmp_path, DAY)[0].received == 1
    assert fetch(connection, "select state from operations.exception_cases") == [("resolved",)]


def test_a_file_with_other_rows_than_announced_is_refused(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    put(tmp_path, "x.csv", content([row(), row()]), rows=3)
    assert "has 2 rows" in refusal(connection, tmp_path, "rows")


def test_a_file_with_another_header_is_refused(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    put(tmp_path, "x.csv", content([row()]).replace(b"payment_channel", b"rail"))
    assert "without payment_channel" in refusal(connection, tmp_path, "unreadable")


def test_what_cannot_be_opened_is_refused(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    (tmp_path / "arrivals" / DAY.isoformat() / "x.csv").mkdir(parents=True)
    os.utime(tmp_path / "arrivals" / DAY.isoformat() / "x.csv", (1772500000, 1772500000))
    assert "cannot be read" in refusal(connection, tmp_path, "unreadable")


def test_a_file_that_breaks_off_in_the_middle_stores_nothing(
    connection: psycopg.Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", 400)

    def breaking(source: reading.Readable, width: int) -> Iterator[Block]:
        for number, block in enumerate(reading.read_blocks(source, width)):
            if number == 2:
                raise OSError(5, "Input/output error")
            yield block

    monkeypatch.setattr(border, "read_blocks", breaking)
    put_rows(tmp_path, "x.csv", [row(reference_number=f"r{n}") for n in range(20)])
    assert "Input/output error" in refusal(connection, tmp_path, "unreadable")
    monkeypatch.undo()
    assert load_arrivals(connection, tmp_path, DAY)[0].received == 20


def test_a_file_that_changes_while_it_is_read_stores_nothing(
    connection: psycopg.Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_rows(tmp_path, "x.csv", [row(reference_number=f"r{n}") for n in range(20)])

    def changing(source: reading.Readable, width: int) -> Iterator[Block]:
        with path.open("ab") as file:
            file.write(path.read_bytes().splitlines(keepends=True)[-1])
        yield from reading.read_blocks(source, width)

    monkeypatch.setattr(border, "read_blocks", changing)
    assert "changed while it was read" in refusal(connection, tmp_path, "unreadable")


def test_a_refused_file_holds_up_no_other(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    put(tmp_path, "a.csv", b"nonsense")
    put_rows(tmp_path, "b.csv", [row()])
    assert [staged.batch_id is None for staged in load_arrivals(connection, tmp_path, DAY)] == [True, False]


def test_blocks_make_no_difference(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    rows = [row(reference_number=f"r{n}", amount=rng.choice(["1.00", "x", "2.50", "0"])) for n in range(50)]
    path = put_rows(tmp_path, "x.csv", rows)
    answers = []
    for block_bytes in (1 << 20, 300):
        monkeypatch.setattr(reading, "BLOCK_BYTES", block_bytes)
        with database.connect() as connection:
            load_file(connection, delivery_of(path))
            staged = fetch(
                connection,
                "select s.*, r.* from ingestion.staged s left join ingestion.rejects r using (line) order by 1, 2",
            )
            answers.append(staged)
            connection.rollback()
        with database.connect("owner") as owner:
            owner.execute(
                "truncate ingestion.batches, ingestion.staging_process_log, ingestion.staged, ingestion.rejects, "
                "ingestion.payment_artifacts"
            )
    assert answers[0] == answers[1]


def test_a_sidecar_that_cannot_be_read_names_its_line(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    path = put(tmp_path, "x.csv", content([row()]))
    announce(path, "not hex", 1)
    with pytest.raises(PaymentsError, match=r"_manifest\.csv, line 2"):
        load_arrivals(connection, tmp_path, DAY)


def test_random_damage_to_a_file_never_raises_and_never_loses_a_row(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    for seed in range(25):
        rng = random.Random(seed)
        data = bytearray(content([row(reference_number=f"s{seed}r{n}") for n in range(30)]))
        header_end = data.index(b"\n") + 1
        for _ in range(rng.randrange(1, 12)):
            spot = rng.randrange(header_end, len(data))
            data[spot : spot + rng.randrange(3)] = rng.randbytes(rng.randrange(4))
        path = put(tmp_path, f"f{seed}.csv", bytes(data))
        os.utime(path, (1772500000, 1772500000))
        staged = load_file(connection, delivery_of(path))
        assert staged is not None
        assert staged.refusal is None
        assert fetch(
            connection,
            "select count(*), count(*) filter (where is_accepted <> not exists (select from ingestion.rejects r"
            " where r.batch_id = s.batch_id and r.line = s.line)) from ingestion.staged s where batch_id = %s",
            staged.batch_id,
        ) == [(staged.received, 0)], f"seed {seed}"
    connection.commit()
    assert (
        sum(
            report.received - report.accepted - report.duplicates - report.errors
            for report in ingest_pending(connection)
        )
        == 0
    )
