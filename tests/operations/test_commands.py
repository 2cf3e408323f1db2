"""What an auditor types, and what is answered."""

import json
import re

import pytest
from click.testing import CliRunner

from payments_pipeline.cli import payments
from payments_pipeline.days_run import NeverRunError
from payments_pipeline.operations.digest import digests
from payments_pipeline.operations.laws import PROPERTIES
from payments_pipeline.postgres.connect import Database
from tests.operations.books import publish


@pytest.fixture(autouse=True)
def _environment(books: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", books.url)


def test_verify_prints_a_line_a_property_and_ends_well_where_all_hold() -> None:
    shown = CliRunner().invoke(payments, ["verify"])
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert [line.split()[1] for line in lines[:-1]] == list(PROPERTIES)
    assert all(re.fullmatch(r"[1-8]  \w+ +ok +(1 row |[\d,]+ rows) +[\d.]+ s", line) for line in lines[:-1])
    assert lines[-1].startswith(f"all {len(PROPERTIES)} properties hold in the whole database")


def test_verify_names_what_is_broken_and_exits_with_1(books: Database) -> None:
    with books.connect("owner") as connection:
        publish(connection, "e.type = 'payment.posted'")
        counted = connection.execute("select count(*) from ledger.events where type = 'payment.posted'").fetchone()
    assert counted is not None
    try:
        shown = CliRunner().invoke(payments, ["verify"])
        told = CliRunner().invoke(payments, ["verify", "--json"])
        calm = CliRunner().invoke(payments, ["verify", "--day", "2026-01-01"])
    finally:
        with books.connect("owner") as connection:
            connection.execute("delete from ledger.publications where event_no = 2")
    assert shown.exit_code == told.exit_code == 1
    assert "8  events_leave_in_order                FAILED" in shown.output
    assert re.search(r"     2026-01-\d\d, loan \d+, subject [0-9a-f-]{36}, event 2: found published", shown.output)
    assert f"     and {counted[0] - 10} more" in shown.output
    assert f"1 of {len(PROPERTIES)} properties broken in the whole database, of law 8" in shown.output
    document = json.loads(told.output)
    broken = [line for line in document["properties"] if not line["holds"]]
    assert [(line["property"], line["violations"], len(line["first_violations"])) for line in broken] == [
        ("events_leave_in_order", counted[0], 10)
    ]
    assert calm.exit_code == 0


def test_verify_of_a_day_says_what_it_left_out() -> None:
    shown = CliRunner().invoke(payments, ["verify", "--day", "2026-01-05"])
    assert shown.exit_code == 0, shown.output
    assert "every_seal_recomputes" in shown.output.splitlines()[-2]
    assert "hold on 2026-01-05" in shown.output


def test_verify_of_a_day_on_which_nothing_is_held_is_no_success() -> None:
    for arguments in (["verify", "--day", "2031-05-05"], ["verify", "--day", "9999-12-31", "--json"]):
        refused = CliRunner().invoke(payments, arguments)
        assert isinstance(refused.exception, NeverRunError)
        assert "has not been run: the days that have been run are 2026-01-0" in refused.exception.message
        assert refused.output == ""


def test_digest_prints_two_lines(books: Database) -> None:
    shown = CliRunner().invoke(payments, ["digest"])
    assert re.fullmatch(r"facts [0-9a-f]{64}\nstate [0-9a-f]{64}\n", shown.output)
    with books.connect() as connection:
        assert shown.output == "".join(f"{found}\n" for found in digests(connection).values())


def test_digest_by_parts_tells_each_table_and_day() -> None:
    shown = CliRunner().invoke(payments, ["digest", "--parts"])
    assert re.search(r"^facts: ledger.entries 2026-01-05 \d+ [0-9a-f]{64}$", shown.output, re.MULTILINE)
    assert re.search(r"^state: accounts 2026-01-05 \d+ [0-9a-f]{64}$", shown.output, re.MULTILINE)
