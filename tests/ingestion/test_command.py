from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from payments_pipeline.cli import payments
from payments_pipeline.ingestion.command import RefusedFilesError
from payments_pipeline.postgres.connect import Database
from tests.ingestion.files import DAY, put, put_rows, row

Ingest = Callable[..., Result]


@pytest.fixture
def ingest(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ingest:
    """Runs `payments ingest` with these arguments against a database of its own."""
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", database.url)
    monkeypatch.setenv("PAYMENTS_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(payments, ["ingest", *map(str, arguments)])


def test_a_folder_is_taken_in_and_each_batch_shown(ingest: Ingest, tmp_path: Path) -> None:
    put_rows(tmp_path, "column_ach.csv", [row(), row(), row(reference_number="2")])
    put_rows(tmp_path, "lockbox.csv", [row(payment_channel="check")])
    result = ingest(tmp_path)
    assert result.exit_code == 0
    lines = [[cell.strip() for cell in line.split("│")] for line in result.stdout.splitlines() if "csv" in line]
    assert [cells[1:7] for cells in lines] == [
        [DAY.isoformat(), "column_ach.csv", "3", "2", "1", "0"],
        [DAY.isoformat(), "lockbox.csv", "1", "1", "0", "0"],
    ]
    assert "files: 2 new, 0 taken in before" in result.stdout


def test_without_a_path_the_inbox_of_the_home_is_taken_in(ingest: Ingest, tmp_path: Path) -> None:
    put_rows(tmp_path / "home" / "inbox", "column_ach.csv", [row()])
    assert "1 file: 1 new" in ingest().stdout
    assert "1 file: 0 new, 1 taken in before" in ingest().stdout


def test_one_file_is_taken_in_alone(ingest: Ingest, tmp_path: Path) -> None:
    path = put_rows(tmp_path, "column_ach.csv", [row()])
    put_rows(tmp_path, "lockbox.csv", [row()])
    assert "1 file: 1 new" in ingest(path).stdout


def test_only_what_arrived_through_the_day_is_taken_in(ingest: Ingest, tmp_path: Path) -> None:
    put_rows(tmp_path, "column_ach.csv", [row()])
    assert "files: 0 new" in ingest("--through", "2026-03-01", tmp_path).stdout


def test_rejected_rows_are_no_failure_and_it_is_said_how_to_see_them(ingest: Ingest, tmp_path: Path) -> None:
    put_rows(tmp_path, "column_ach.csv", [row(amount="x"), row()])
    result = ingest(tmp_path)
    assert result.exit_code == 0
    assert "rows rejected: 1" in result.stdout
    assert "operations.exception_cases" in result.stdout


def test_a_refused_file_is_a_failure_after_all_others_were_taken_in(ingest: Ingest, tmp_path: Path) -> None:
    put(tmp_path, "broken.csv", b"nonsense")
    put_rows(tmp_path, "column_ach.csv", [row()])
    result = ingest(tmp_path)
    assert isinstance(result.exception, RefusedFilesError)
    assert "broken.csv" in result.exception.message
    assert "column_ach.csv" in result.stdout


def test_a_folder_without_arrivals_is_named(ingest: Ingest, tmp_path: Path) -> None:
    result = ingest(tmp_path)
    assert str(tmp_path / "arrivals") in str(result.exception)
