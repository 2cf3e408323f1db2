"""Statements are taken in where banks leave them, once, and the days that they touch are run again."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import fsspec
import psycopg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.resources import Platform
from payments_pipeline.settlement import sensors
from payments_pipeline.settlement import statements as loading
from payments_pipeline.settlement.sensors import statement_files
from payments_pipeline.settlement.stores import StatementFileError
from tests.formats.samples import BAI2, CSV, CSV_MAPPING

# The files tell of a day in March; the definitions begin in June.
DAY, LATER = date(2026, 7, 3), date(2026, 7, 6)
GOOD = BAI2.replace(b"260303", b"260703").replace(b"260304", b"260706")
BROKEN = GOOD.replace(b"49,456500", b"49,456501")
OTHER = GOOD.replace(b",000123,", b",000124,")


class Desk:
    """A platform, and the sensor as Dagster asks it, tick after tick."""

    def __init__(self, platform: Platform, instance: dg.DagsterInstance) -> None:
        self.platform = platform
        self.cursor: str | None = None
        self._instance = instance

    def tick(self) -> Any:
        with dg.build_sensor_context(
            instance=self._instance, cursor=self.cursor, resources={"platform": self.platform}
        ) as context:
            result = statement_files(context)
            self.cursor = context.cursor
        return result

    def rows(self, statement: str) -> list[Any]:
        with self.platform.database.connect() as connection:
            return connection.execute(statement.encode()).fetchall()

    def cases(self) -> list[Any]:
        return self.rows(
            "select subcategory, state from operations.exception_cases where category = 'statement' order by 1, 2"
        )

    def lines(self) -> int:
        return int(self.rows("select count(*) from settlement.lines_in_force")[0][0])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "statements"
    folder.mkdir()
    return folder


@pytest.fixture
def desk(database: Database, tmp_path: Path, folder: Path) -> Iterator[Desk]:
    with database.connect() as connection:
        for day in (DAY, LATER, DAY - timedelta(days=1)):
            connection.execute("insert into ledger.days (business_date) values (%s)", (day,))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Desk(Platform(database, tmp_path, tmp_path, statements_at=str(folder)), instance)


def test_new_files_are_stored_and_exactly_their_days_are_run_again(desk: Desk, folder: Path) -> None:
    assert isinstance(desk.tick(), dg.SkipReason)
    (folder / "today.bai").write_bytes(GOOD)

    result = desk.tick()

    assert isinstance(result, dg.SensorResult)
    assert [request.partition_key for request in result.run_requests or []] == [str(DAY)]
    assert desk.lines() == 3
    assert desk.rows("select business_date, reason from operations.day_requests") == [(DAY, "reposted")]
    assert isinstance(desk.tick(), dg.SkipReason)
    assert desk.lines() == 3


def test_a_broken_file_is_one_case_is_not_read_every_minute_and_holds_nothing_up(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    load = loading.load_statement

    def counted(connection: psycopg.Connection[Any], content: Any, source: str, **more: Any) -> loading.Loaded:
        read.append(source.rpartition("/")[2])
        return load(connection, content, source, **more)

    monkeypatch.setattr(loading, "load_statement", counted)
    (folder / "a-broken.bai").write_bytes(BROKEN)
    (folder / "b-good.bai").write_bytes(GOOD)

    desk.tick()
    assert (read, desk.lines(), desk.cases()) == (["a-broken.bai", "b-good.bai"], 3, [("total", "open")])
    skipped = desk.tick()
    assert isinstance(skipped, dg.SkipReason)
    assert "1 files are not stored" in (skipped.skip_message or "")
    assert len(read) == 2

    # the next new file may be what it lacks, so both are looked at
    (folder / "c-other.bai").write_bytes(OTHER)
    desk.tick()
    assert read[2:] == ["c-other.bai", "a-broken.bai"]
    assert desk.cases() == [("total", "open")]

    (folder / "a-broken.bai").write_bytes(GOOD.replace(b",000123,", b",000125,"))
    desk.tick()
    assert (desk.lines(), desk.cases()) == (9, [("total", "resolved")])


def test_files_of_an_object_store_are_taken_in_like_those_of_a_folder(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/treasury/2026/07/today.bai", GOOD)
    desk.platform = Platform(database, tmp_path, tmp_path, statements_at="memory://treasury")
    try:
        result = desk.tick()
        assert [request.partition_key for request in result.run_requests] == [str(DAY)]
        assert isinstance(desk.tick(), dg.SkipReason)
    finally:
        store.rm("/treasury", recursive=True)


def test_what_a_tick_has_no_time_for_is_there_for_the_next(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "MAX_SECONDS", -1.0)
    for number in (123, 124, 125):
        (folder / f"{number}.bai").write_bytes(GOOD.replace(b",000123,", f",000{number},".encode()))
    assert [desk.tick() and desk.lines() for _ in range(4)] == [3, 6, 9, 9]


def test_a_file_that_might_outlast_a_tick_is_left_to_a_run(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "MAX_BYTES", 10)
    (folder / "large.bai").write_bytes(GOOD)
    with desk.platform.database.connect() as connection:
        connection.execute("insert into ledger.days select current_date - n from generate_series(0, 3) as n")
    result = desk.tick()
    assert len(result.run_requests) == 1
    assert desk.lines() == 0
    assert isinstance(desk.tick(), dg.SkipReason)  # its day waits, and is not asked for again
    assert len(desk.rows("select from operations.day_requests")) == 1


def test_a_mapping_that_cannot_be_read_is_a_case_and_holds_up_only_what_needs_it(desk: Desk, folder: Path) -> None:
    (folder / "house.toml").write_text("columns = 1")
    (folder / "plain.csv").write_bytes(CSV.replace(b"03/03", b"07/03").replace(b"03/04", b"07/06"))
    (folder / "today.bai").write_bytes(OTHER)
    desk.tick()
    assert (desk.lines(), desk.cases()) == (3, [("mapping", "open"), ("not_the_format", "open")])

    (folder / "house.toml").write_text(CSV_MAPPING)
    desk.tick()
    assert (desk.lines(), desk.cases()) == (6, [("mapping", "resolved"), ("not_the_format", "resolved")])


def test_a_place_that_cannot_be_reached_fails_the_tick_and_says_what_to_look_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(address: str) -> None:
        raise RuntimeError("the secret of the store")

    monkeypatch.setattr(loading, "at", unreachable)
    with pytest.raises(StatementFileError, match=r"cannot be listed \(RuntimeError\)") as failed:
        desk.tick()
    assert "PAYMENTS_STATEMENTS_URL" in failed.value.remedy
    assert "secret" not in str(failed.value)
