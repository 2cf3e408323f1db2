"""The journal, read and added up by tools that we did not write, gives the balances of the trial balance."""

import errno
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner
from pyarrow import csv, parquet

from payments_pipeline.cli import payments
from payments_pipeline.ledger import export
from payments_pipeline.ledger.export import Detail, TextFormat, beancount_account, write_parquet, write_text
from payments_pipeline.ledger.trial_balance import trial_balance
from payments_pipeline.postgres.connect import Database
from tests.operations.books import DAYS

DETAILS: tuple[Detail, ...] = ("transaction", "day")


def _balances(connection: psycopg.Connection[Any], as_of: date = date.max) -> dict[str, Decimal]:
    accounts = trial_balance(connection, as_of=as_of).accounts
    return {a.name: Decimal(a.balance_cents) / 100 for a in accounts if a.balance_cents}


def _text(connection: psycopg.Connection[Any], format_: TextFormat, **options: Any) -> str:
    out = BytesIO()
    write_text(connection, out, format_, **options)
    return out.getvalue().decode()


def _run_hledger(journal: str, *arguments: str) -> str:
    program = shutil.which("hledger")
    if program is None:
        pytest.skip("there is no hledger (Debian's package hledger)")
    done = subprocess.run([program, "-f", "-", *arguments], input=journal, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _hledger_balances(journal: str) -> dict[str, Decimal]:
    lines = _run_hledger(journal, "bal", "--flat", "--no-total").splitlines()
    return {name: Decimal(amount) for amount, _, name in (line.split() for line in lines)}


@pytest.mark.parametrize("detail", DETAILS)
def test_hledger_finds_the_balances_of_the_trial_balance(connection: psycopg.Connection[Any], detail: Detail) -> None:
    journal = _text(connection, "hledger", detail=detail)
    # strict: every account declared, every commodity declared, every transaction balanced
    _run_hledger(journal, "check", "--strict")
    assert _hledger_balances(journal) == _balances(connection)


def test_hledger_finds_the_balances_of_an_earlier_date(connection: psycopg.Connection[Any]) -> None:
    assert _hledger_balances(_text(connection, "hledger", last=DAYS[3])) == _balances(connection, DAYS[3])


def test_hledger_counts_as_many_transactions_as_the_ledger_holds(connection: psycopg.Connection[Any]) -> None:
    journal = _text(connection, "hledger")
    row = connection.execute(
        "select count(*) from (select distinct effective_on, loan_id, subject_id, kind, seq from ledger.entries) q"
    ).fetchone()
    assert row is not None
    assert _run_hledger(journal, "print", "tag:seq").count(" * (") == row[0]


# Beancount's grammar as far as a journal uses it: an option, accounts opened, transactions with metadata and postings.
_ACCOUNT = r"(?:Assets|Liabilities|Equity|Income|Expenses)(?::[A-Z0-9][A-Za-z0-9-]*)+"
_BEANCOUNT = {
    "option": re.compile(r'option "operating_currency" "USD"'),
    "open": re.compile(rf"(\d{{4}}-\d\d-\d\d) open ({_ACCOUNT}) USD"),
    "transaction": re.compile(r'(\d{4}-\d\d-\d\d) \* "[a-z_]+"'),
    "metadata": re.compile(r'  [a-z]+: (?:\d{4}-\d\d-\d\d|\d+|"[0-9a-f-]{36}")'),
    "posting": re.compile(rf"  ({_ACCOUNT})  (-?\d+\.\d\d) USD"),
}


@pytest.mark.parametrize("detail", DETAILS)
def test_a_beancount_journal_is_well_formed_and_adds_up_to_the_trial_balance(
    connection: psycopg.Connection[Any], detail: Detail
) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    opened: dict[str, str] = {}
    paragraphs = _text(connection, "beancount", detail=detail).strip().split("\n\n")
    for paragraph in paragraphs:
        total = Decimal(0)
        began = None
        for line in paragraph.split("\n"):
            (kind, match), *others = [(k, m) for k, pattern in _BEANCOUNT.items() if (m := pattern.fullmatch(line))]
            assert not others
            if kind == "open":
                opened[match[2]] = match[1]
            elif kind == "transaction":
                began = match[1]
            elif kind == "posting":
                assert began is not None
                assert opened[match[1]] <= began
                sums[match[1]] += Decimal(match[2])
                total += Decimal(match[2])
        assert total == 0
    accounts = trial_balance(connection).accounts
    expected = {beancount_account(a.name, a.type): Decimal(a.balance_cents) / 100 for a in accounts if a.balance_cents}
    assert {name: cents for name, cents in sums.items() if cents} == expected


def test_beancount_itself_finds_no_fault(connection: psycopg.Connection[Any]) -> None:
    loader = pytest.importorskip("beancount.loader", reason="Beancount is not installed")
    entries, errors, _ = loader.load_string(_text(connection, "beancount"))
    assert errors == []
    assert len(entries) > 400


def _sums(table: pa.Table) -> dict[str, Decimal]:
    grouped = table.group_by("account_name").aggregate([("amount_cents", "sum")]).to_pylist()
    return {
        line["account_name"]: Decimal(line["amount_cents_sum"]) / 100 for line in grouped if line["amount_cents_sum"]
    }


@pytest.mark.parametrize("detail", DETAILS)
def test_csv_and_parquet_hold_the_same_rows_and_add_up_to_the_trial_balance(
    connection: psycopg.Connection[Any], tmp_path: Path, detail: Detail
) -> None:
    write_parquet(connection, tmp_path / "journal.parquet", detail=detail)
    from_parquet = parquet.read_table(tmp_path / "journal.parquet")
    from_csv = csv.read_csv(
        BytesIO(_text(connection, "csv", detail=detail).encode()),
        convert_options=csv.ConvertOptions(column_types=export.COLUMNS, strings_can_be_null=True),
    )
    assert from_parquet.schema == export.COLUMNS
    assert from_csv.equals(from_parquet)
    assert _sums(from_parquet) == _balances(connection)
    row = connection.execute("select count(*) from ledger.entries").fetchone()
    assert row is not None
    assert pc.sum(from_parquet["entries"]).as_py() == row[0]
    if detail == "transaction":
        assert from_parquet.num_rows == row[0]


def test_nothing_is_lost_however_small_the_chunks_are(
    connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = _text(connection, "hledger")
    write_parquet(connection, tmp_path / "whole.parquet")
    copied = export._copy

    def crumbs(*arguments: Any, **parameters: Any) -> Iterator[bytes]:
        for chunk in copied(*arguments, **parameters):
            yield from (chunk[start : start + 7] for start in range(0, len(chunk), 7))

    monkeypatch.setattr(export, "_copy", crumbs)
    assert _text(connection, "hledger") == whole
    write_parquet(connection, tmp_path / "crumbs.parquet")
    assert parquet.read_table(tmp_path / "crumbs.parquet").equals(parquet.read_table(tmp_path / "whole.parquet"))


def test_an_account_missing_from_the_chart_is_exported_under_its_number(connection: psycopg.Connection[Any]) -> None:
    connection.execute("delete from ledger.accounts where account = 4020")
    assert "  unlisted:4020  " in _text(connection, "hledger")


def test_the_journal_of_empty_books_is_an_empty_journal(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        assert _text(connection, "csv") == ",".join(export.COLUMNS.names) + "\n"
        write_parquet(connection, tmp_path / "journal.parquet")
    assert parquet.read_table(tmp_path / "journal.parquet").num_rows == 0


def test_the_command_writes_a_file_or_to_the_screen(
    books: Database, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", books.url)
    arguments = ["export", "journal", "--from", "2026-01-05", "--to", "2026-01-06", "--format"]
    screen = CliRunner().invoke(payments, [*arguments, "hledger"])
    assert screen.exit_code == 0, screen.output
    assert screen.output == _text(connection, "hledger", first=date(2026, 1, 5), last=date(2026, 1, 6))
    file = CliRunner().invoke(payments, [*arguments, "parquet", "--out", str(tmp_path / "journal.parquet")])
    assert file.exit_code == 0, file.output
    days = parquet.read_table(tmp_path / "journal.parquet")["effective_on"].unique().to_pylist()
    assert days == [date(2026, 1, 5), date(2026, 1, 6)]
    assert [path.name for path in tmp_path.iterdir()] == ["journal.parquet"]


class _Full:
    """Takes so many bytes, and then has no room."""

    def __init__(self, room: int) -> None:
        self._room = room

    def write(self, data: bytes, /) -> None:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("format_", ["hledger", "beancount", "csv"])
def test_where_there_is_no_room_the_export_fails_and_the_connection_is_free_again(
    books: Database, format_: TextFormat
) -> None:
    with books.connect("owner") as connection:
        for room in (0, 10_000):
            with pytest.raises(OSError, match="No space left"), connection.transaction():
                write_text(connection, _Full(room), format_)
            assert connection.execute("select 1").fetchone() == (1,)


def test_where_there_is_no_room_a_parquet_file_fails_and_the_connection_is_free_again(
    books: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Full(parquet.ParquetWriter):  # type: ignore[misc]
        def write_batch(self, *_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(parquet, "ParquetWriter", Full)
    with books.connect("owner") as connection:
        with pytest.raises(OSError, match="No space left"), connection.transaction():
            write_parquet(connection, tmp_path / "journal.parquet")
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(("redirected", "said"), [("| head -1", ""), ("> /dev/full", "No space left on device")])
def test_an_output_that_takes_no_more_ends_the_command_with_1(books: Database, redirected: str, said: str) -> None:
    command = f"{sys.executable} -m payments_pipeline.cli export journal --format csv {redirected}"
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        env=os.environ | {"PAYMENTS_DATABASE_URL": books.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == (2 if said else 0), ended.stderr


def test_parquet_without_a_file_says_what_to_do(books: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", books.url)
    refused = CliRunner().invoke(payments, ["export", "journal", "--format", "parquet"])
    assert "--out" in str(refused.exception)
