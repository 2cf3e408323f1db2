"""Files of bank lines: stored once, never changed, refused whole where they are wrong."""

import tracemalloc
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.resources import Platform
from payments_pipeline.settlement import assets
from payments_pipeline.settlement.bank_lines import COLUMNS, BankLinesError, load_bank_lines

DAY = date(2026, 7, 6)
HEADER = ",".join(COLUMNS)
FIRST = f"L1,{DAY},main,ach,credit,10000,REF-1,T1,from a payer"
SECOND = f'L2,{DAY},main,wire,return,-500,,,"a comma, and a ""quote"""'


def write(inbox: Path, *lines: str, day: date = DAY, header: str = HEADER) -> None:
    (inbox / "bank").mkdir(exist_ok=True)
    (inbox / "bank" / f"{day}.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")


def stored(connection: psycopg.Connection[Any]) -> list[Any]:
    return connection.execute(
        "select bank_day, line_id, account, channel, kind, amount_cents, reference, transaction_id, description, source "
        "from settlement.bank_lines order by line_id"
    ).fetchall()


@pytest.mark.parametrize("server_kind", ["embedded", "debian"])
def test_lines_are_stored_as_the_bank_wrote_them(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    write(tmp_path, FIRST, SECOND)
    read = load_bank_lines(connection, tmp_path, DAY)
    assert (read.files, read.lines, read.added, read.days) == (1, 2, 2, (DAY,))
    assert stored(connection) == [
        (DAY, "L1", "main", "ach", "credit", 10_000, "REF-1", "T1", "from a payer", f"bank/{DAY}.csv"),
        (DAY, "L2", "main", "wire", "return", -500, None, None, 'a comma, and a "quote"', f"bank/{DAY}.csv"),
    ]


def test_reading_a_file_again_adds_nothing(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    write(tmp_path, FIRST, SECOND)
    load_bank_lines(connection, tmp_path, DAY)
    before = stored(connection)
    read = load_bank_lines(connection, tmp_path, DAY)
    assert (read.lines, read.added, read.days) == (2, 0, ())
    assert stored(connection) == before


def test_a_file_that_has_grown_adds_its_new_lines(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    load_bank_lines(connection, tmp_path, DAY)
    write(tmp_path, FIRST, SECOND)
    assert load_bank_lines(connection, tmp_path, DAY).added == 1


def test_a_line_repeated_word_for_word_counts_once(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    write(tmp_path, FIRST, FIRST)
    assert load_bank_lines(connection, tmp_path, DAY).added == 1


def test_only_files_of_the_days_asked_for_are_read(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    for back in range(4):
        day = DAY - timedelta(days=back)
        write(tmp_path, f"L{back},{day},main,ach,credit,100,R,,", day=day)
    read = load_bank_lines(connection, tmp_path, DAY - timedelta(days=1), since=DAY - timedelta(days=2))
    assert read.days == (DAY - timedelta(days=2), DAY - timedelta(days=1))


def test_without_a_folder_there_is_nothing_to_read(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    assert load_bank_lines(connection, tmp_path, DAY).files == 0


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([FIRST, FIRST.replace("10000", "10001")], "line L1 is in the file twice, with different content"),
        ([FIRST.replace("credit", "gift")], "line L1 is of kind 'gift', which is none of credit, return, fee, other"),
        ([FIRST.replace(str(DAY), "2026-07-07")], "line L1 is of bank day 2026-07-07, which is not that of its file"),
        (
            [SECOND, FIRST.replace("10000", "ten")],
            ".csv, line 3, column amount_cents: the value is not of the column's type",
        ),
        ([FIRST.replace("10000", "1e400")], ".csv, line 2, column amount_cents: the value is not of the column's type"),
        (
            [FIRST.replace(str(DAY), "2026-02-30")],
            ".csv, line 2, column bank_day: the value is not of the column's type",
        ),
        ([FIRST.replace("main", "")], ".csv, line 2: account is empty"),
        ([FIRST + ",more"], ".csv, line 2: the number of fields is not that of the header, or a quote is open"),
        ([SECOND[:-1]], ": the number of fields is not that of the header, or a quote is open"),
    ],
)
def test_a_file_that_is_wrong_is_refused_whole_and_the_place_is_named(
    connection: psycopg.Connection[Any], tmp_path: Path, lines: list[str], told: str
) -> None:
    yesterday = DAY - timedelta(days=1)
    write(tmp_path, f"L0,{yesterday},main,ach,credit,100,R,,", day=yesterday)
    write(tmp_path, *lines)
    with pytest.raises(BankLinesError) as refused:
        load_bank_lines(connection, tmp_path, DAY)
    assert told in refused.value.message
    assert refused.value.remedy
    assert stored(connection) == []  # and the connection is still good for use


def test_a_stored_line_that_comes_back_changed_is_refused(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    load_bank_lines(connection, tmp_path, DAY)
    before = stored(connection)
    write(tmp_path, SECOND, FIRST.replace("REF-1", ""))
    with pytest.raises(
        BankLinesError, match=r"line L1 is stored already, from bank/2026-07-06.csv, with different content"
    ):
        load_bank_lines(connection, tmp_path, DAY)
    assert stored(connection) == before


def test_a_refusal_does_not_repeat_what_the_bank_wrote_about_people(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    write(tmp_path, f"L1,{DAY},main,ach,credit,10000,REF-1,T1,from Jane Doe,too much")
    with pytest.raises(BankLinesError) as refused:
        load_bank_lines(connection, tmp_path, DAY)
    assert "Jane" not in f"{refused.value} {refused.value.__cause__} {refused.getrepr(chain=True, style='short')}"


@pytest.mark.parametrize("header", ["line_id,bank_day", HEADER.replace("line_id,bank_day", "bank_day,line_id")])
def test_columns_in_another_order_are_refused(connection: psycopg.Connection[Any], tmp_path: Path, header: str) -> None:
    write(tmp_path, FIRST, header=header)
    with pytest.raises(BankLinesError, match=r"line 1: expected the header line_id,bank_day"):
        load_bank_lines(connection, tmp_path, DAY)


def test_a_file_without_a_header_is_refused_without_its_first_line(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    write(tmp_path, header=f"L1,{DAY},main,ach,credit,10000,REF-1,T1,from Jane Doe")
    with pytest.raises(BankLinesError) as refused:
        load_bank_lines(connection, tmp_path, DAY)
    assert "Jane" not in str(refused.value)


def test_a_file_not_named_after_a_day_is_refused(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    (tmp_path / "bank" / "july.csv").touch()
    with pytest.raises(BankLinesError, match=r"july.csv is not named after its bank day"):
        load_bank_lines(connection, tmp_path, DAY)


def test_memory_does_not_grow_with_the_file(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    write(tmp_path, *(f"L{n:07},{DAY},main,ach,credit,{n},REF-{n},T{n},{'x' * 200}" for n in range(60_000)))
    load_bank_lines(connection, tmp_path, DAY - timedelta(days=1))
    tracemalloc.start()
    try:
        assert load_bank_lines(connection, tmp_path, DAY).added == 60_000  # 15 MB
        assert tracemalloc.get_traced_memory()[1] < 6 << 20
    finally:
        tracemalloc.stop()


def test_lines_that_are_read_by_themselves_ask_for_their_day_to_be_run_again(
    database: Database, tmp_path: Path
) -> None:
    def read() -> list[Any]:
        with dg.DagsterInstance.ephemeral() as instance:
            dg.materialize(
                [assets.bank_lines],
                instance=instance,
                partition_key=str(DAY),
                resources={"platform": Platform(database, tmp_path, tmp_path)},
            )
        with database.connect() as connection:
            return connection.execute(
                "select business_date, reason from operations.day_requests where satisfied_at is null"
            ).fetchall()

    write(tmp_path, FIRST)
    assert read() == []  # a day that was never run will be anyway
    with database.connect() as connection:
        connection.execute("insert into ledger.days (business_date) values (%s)", (DAY,))
    assert read() == []
    write(tmp_path, FIRST, SECOND)
    assert read() == [(DAY, "reposted")]
