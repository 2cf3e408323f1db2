"""Statements are taken in where banks leave them, once, and the days that they touch are asked for again."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import fsspec
import psycopg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.resources import Platform
from payments_pipeline.settlement import sensors, statement_files
from payments_pipeline.settlement.statements import Loaded, load_statement
from tests.formats.samples import CSV, CSV_MAPPING
from tests.settlement.desk import BROKEN, DAY, GOOD, Desk, desk_at

OTHER = GOOD.replace(b",000123,", b",000124,")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "statements"
    folder.mkdir()
    return folder


@pytest.fixture
def desk(database: Database, tmp_path: Path, folder: Path) -> Iterator[Desk]:
    with desk_at(database, tmp_path, str(folder)) as desk:
        yield desk


def test_new_files_are_stored_and_exactly_their_days_are_asked_for_again(desk: Desk, folder: Path) -> None:
    assert desk.tick().skip_message == "No new statement."
    (folder / "today.bai").write_bytes(GOOD)

    assert desk.tick().skip_message == "1 statement file stored, 0 refused."

    assert len(desk.lines()) == 3
    assert desk.rows("select business_date, reason from operations.day_requests") == [(DAY, "reposted")]
    assert desk.tick().skip_message == "No new statement."
    assert len(desk.lines()) == 3


def test_a_broken_file_is_one_case_is_not_read_every_minute_and_holds_nothing_up(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(connection: psycopg.Connection[Any], content: Any, source: str, **more: Any) -> Loaded:
        read.append(source.rpartition("/")[2])
        return load_statement(connection, content, source, **more)

    monkeypatch.setattr(statement_files, "load_statement", counted)
    (folder / "a-broken.bai").write_bytes(BROKEN)
    (folder / "b-good.bai").write_bytes(GOOD)

    desk.tick()
    assert (read, len(desk.lines()), desk.cases()) == (["a-broken.bai", "b-good.bai"], 3, [("total", "open")])
    assert "1 file is not stored" in (desk.tick().skip_message or "")
    assert len(read) == 2

    # the next new file may be what it lacks, so both are looked at
    (folder / "c-other.bai").write_bytes(OTHER)
    desk.tick()
    assert read[2:] == ["c-other.bai", "a-broken.bai"]
    assert desk.cases() == [("total", "open")]

    (folder / "a-broken.bai").write_bytes(GOOD.replace(b",000123,", b",000125,"))
    desk.tick()
    assert (len(desk.lines()), desk.cases()) == (9, [("total", "resolved")])


def test_files_of_an_object_store_are_taken_in_like_those_of_a_folder(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/treasury/2026/07/today.bai", GOOD)
    desk.platform = Platform(database, tmp_path, tmp_path, statements_at="memory://treasury")
    try:
        desk.tick()
        assert desk.days() == [DAY]
        assert desk.tick().skip_message == "No new statement."
    finally:
        store.rm("/treasury", recursive=True)


def test_what_a_tick_has_no_time_for_is_there_for_the_next(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "MAX_SECONDS", -1.0)
    for number in (123, 124, 125):
        (folder / f"{number}.bai").write_bytes(GOOD.replace(b",000123,", f",000{number},".encode()))
    stored = []
    for _ in range(4):
        desk.tick()
        stored.append(len(desk.lines()))
    assert stored == [3, 6, 9, 9]


def test_a_file_that_might_outlast_a_tick_is_left_to_a_run(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "MAX_BYTES", 10)
    (folder / "large.bai").write_bytes(GOOD)
    with desk.platform.database.connect() as connection:
        connection.execute("insert into ledger.days select current_date - n from generate_series(0, 3) as n")
    assert desk.tick().skip_message == "0 statement files stored, 0 refused, 1 left to a run."
    assert len(desk.days()) == 1
    assert len(desk.lines()) == 0
    desk.tick()  # its day waits, and is not asked for again
    assert len(desk.rows("select from operations.day_requests")) == 1


@pytest.mark.parametrize("content", [BROKEN, GOOD], ids=["refused", "known"])
def test_a_large_file_asks_for_one_run_whatever_arrives_after_it(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (folder / "first.bai").write_bytes(GOOD)
    desk.tick()
    monkeypatch.setattr(sensors, "MAX_BYTES", len(GOOD) - 1)
    (folder / "large.bai").write_bytes(content)
    with desk.platform.database.connect() as connection:
        connection.execute("insert into ledger.days select current_date - n from generate_series(0, 3) as n")
    desk.tick()
    asked = "select from operations.day_requests where satisfied_at is null and subject like '%/large.bai'"
    assert len(desk.rows(asked)) == 1
    with desk.platform.database.connect() as connection:
        statement_files.load_statements_in(connection, str(folder))  # the run that was asked for
        connection.execute("update operations.day_requests set satisfied_at = clock_timestamp()")
    for number in range(2):
        (folder / f"small-{number}.bai").write_bytes(b"01,garbage")
        assert desk.tick().skip_message == f"0 statement files stored, {number + 1} refused."
        assert desk.rows(asked) == []


def test_a_mapping_that_cannot_be_read_is_a_case_and_holds_up_only_what_needs_it(desk: Desk, folder: Path) -> None:
    (folder / "house.toml").write_text("columns = 1")
    (folder / "plain.csv").write_bytes(CSV.replace(b"03/03", b"07/03").replace(b"03/04", b"07/06"))
    (folder / "today.bai").write_bytes(OTHER)
    desk.tick()
    assert (len(desk.lines()), desk.cases()) == (3, [("mapping", "open"), ("not_the_format", "open")])

    (folder / "house.toml").write_text(CSV_MAPPING)
    desk.tick()
    assert (len(desk.lines()), desk.cases()) == (6, [("mapping", "resolved"), ("not_the_format", "resolved")])


def test_a_place_that_cannot_be_reached_fails_the_tick_and_says_what_to_look_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(address: str) -> None:
        raise RuntimeError("the secret of the store")

    monkeypatch.setattr(statement_files, "at", unreachable)
    with pytest.raises(dg.Failure, match=r"cannot be listed \(RuntimeError\)") as failed:
        desk.tick()
    assert "PAYMENTS_STATEMENTS_URL" in str(failed.value)
    assert "secret" not in "".join(traceback.format_exception(failed.value))
