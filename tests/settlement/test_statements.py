"""Statements of the bank: stored whole or not at all, once, with corrections in the place of what they correct."""

import errno
import gzip
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
import psycopg
import pytest
from click.testing import CliRunner

from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats import statement_csv
from payments_pipeline.formats.sniff import FORMATS
from payments_pipeline.formats.statements import Line
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.postgres.server import Server
from payments_pipeline.settlement import classification, command
from payments_pipeline.settlement.classification import RulesError, classifier, read_rules
from payments_pipeline.settlement.statement_files import load_statement_at, load_statements_in
from payments_pipeline.settlement.statements import (
    Loaded,
    Options,
    load_column_report,
    load_statement,
)
from payments_pipeline.settlement.stores import StatementFileError
from tests.conftest import ServerKind
from tests.formats.samples import BAI2, CAMT053, CSV, CSV_MAPPING, DAY, MT940, bai2_file, line, nacha_file, statement

RECEIVED = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass
class Vault:
    """A database to which files are brought."""

    connection: psycopg.Connection[Any]
    files: int = 0

    def load(self, content: bytes, source: str | None = None, **options: Any) -> Loaded:
        self.files += 1
        name = source or f"file-{self.files}"
        return load_statement(
            self.connection, io.BytesIO(content), name, received_at=RECEIVED, options=Options(**options)
        )

    def rows(self, statement: str, *parameters: object) -> list[Any]:
        return self.connection.execute(statement.encode(), parameters).fetchall()

    def in_force(self) -> list[Any]:
        return self.rows("select bank_day, amount_cents, reference from settlement.lines_in_force order by 1, 2, 3")

    def stored(self) -> tuple[int, int, int]:
        (counts,) = self.rows(
            "select (select count(*) from settlement.bank_lines), (select count(*) from settlement.statements), "
            "(select count(*) from settlement.line_corrections)"
        )
        return counts  # type: ignore[no-any-return]

    def cases(self) -> list[Any]:
        return self.rows(
            "select subcategory, state, line, summary from operations.exception_cases where category = 'statement'"
        )


@pytest.fixture(scope="module")
def house(start_server: Callable[[ServerKind], Server]) -> Iterator[Database]:
    """One database for all tests of this file, each of which is rolled back."""
    server, name = start_server("embedded"), "statements_of_a_bank"
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
        database = Database(server.url(name), dagster_name=f"{name}_dagster")
        migrate(database)
        yield database
        admin.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
def vault(house: Database) -> Iterator[Vault]:
    with house.connect() as connection:
        connection.execute("select")  # in one transaction, which is taken back
        yield Vault(connection)
        connection.rollback()


@pytest.mark.parametrize("server_kind", ["embedded", "debian"])
def test_a_statement_is_stored_with_its_balances_and_each_line_with_its_place(database: Database) -> None:
    with database.connect() as connection:
        _is_stored_with_its_place(Vault(connection))
        # the caller's transaction is whole after a refusal
        Vault(connection).load(b"01,garbage")
        connection.commit()
        assert Vault(connection).stored() == (3, 1, 0)


def _is_stored_with_its_place(vault: Vault) -> None:
    loaded = vault.load(BAI2, "inbox/today.bai")
    assert (loaded.format, loaded.lines, loaded.added, loaded.days, loaded.unclassified) == ("bai2", 3, 3, (DAY,), 0)
    assert vault.rows(
        "select bank_day, account, channel, kind, amount_cents, reference, transaction_id, description, source, record, file_line, "
        "value_on, type_code, bank_reference, customer_reference from settlement.bank_lines order by record"
    ) == [
        (DAY, "000123", "ach", "credit", 50_000, "CREF1", "BREF1", "ACME CORP, PPD", "inbox/today.bai", 5, 5, DAY, "142", "BREF1", "CREF1"),
        (DAY, "000123", "wire", "credit", 2_500, "CREF2", "BREF2", "WIRE\nFROM A PAYER", "inbox/today.bai", 6, 6, date(2026, 3, 4), "195",
         "BREF2", "CREF2"),
        (DAY, "000123", "check", "other", -1_000, "1001", None, "CHECK", "inbox/today.bai", 8, 8, DAY, "475", None, "1001"),
    ]  # fmt: skip
    assert vault.rows(
        "select account, bank_day, opening_cents, closing_cents, lines_cents, is_final, is_proven from settlement.balances"
    ) == [("000123", DAY, 100_000, 151_500, 51_500, True, True)]


@pytest.mark.parametrize(
    ("content", "lines"),
    [(BAI2, 3), (MT940, 3), (CAMT053, 2), (CSV, 3), (nacha_file(), 2)],
    ids=["bai2", "mt940", "camt", "csv", "nacha"],
)
def test_every_format_is_recognised_and_the_same_bytes_add_nothing_again(
    vault: Vault, content: bytes, lines: int
) -> None:
    options: dict[str, Any] = {"mappings": [statement_csv.mapping_of_toml(CSV_MAPPING, "house")], "account": "000123"}
    first = vault.load(content, **options)
    assert not first.is_refused, first.refusal
    assert (first.lines, first.added) == (lines, lines)
    before = vault.stored()
    again = vault.load(content, "elsewhere", **options)
    assert (again.is_known, again.added, again.days) == (True, 0, ())
    assert vault.stored() == before


def test_what_another_file_said_before_adds_nothing_and_says_so(vault: Vault) -> None:
    lines = [line(1, 100), line(2, 100)._replace(bank_reference="B1"), line(3, -5)]
    first = vault.load(bai2_file([statement(lines)], file_id="1"))
    again = vault.load(bai2_file([statement(lines)], file_id="2"))
    assert (again.is_known, again.added, again.days) == (False, 0, ())
    assert again.statements[0].repeats == first.statements[0].statement_id
    assert len(vault.in_force()) == 3  # two of which say the same, and are two all the same


def test_a_statement_of_a_day_that_was_not_over_is_completed_by_the_next(vault: Vault) -> None:
    morning, evening = [line(1, 100)], [line(1, 100), line(2, 250)]
    vault.load(bai2_file([statement(morning, is_final=False)]))
    later = vault.load(bai2_file([statement(evening)]))
    assert (later.added, later.days) == (1, (DAY,))
    assert [row[1] for row in vault.in_force()] == [100, 250]
    assert vault.rows("select closing_cents, is_final from settlement.balances") == [(350, True)]


def test_a_correction_replaces_what_it_corrects_and_says_so(vault: Vault) -> None:
    wrong = vault.load(bai2_file([statement([line(1, 100), line(2, 250)])]))
    right = vault.load(bai2_file([statement([line(1, 100), line(2, 260)], nature="correction")]))
    assert right.statements[0].replaces == wrong.statements[0].statement_id
    assert (right.added, right.statements[0].withdrawn, right.days) == (1, 1, (DAY,))
    assert [row[1] for row in vault.in_force()] == [100, 260]
    assert vault.rows("select closing_cents from settlement.balances") == [(360,)]
    # the fact stays: it was said
    assert [row[0] for row in vault.rows("select amount_cents from settlement.bank_lines order by 1")] == [
        100,
        250,
        260,
    ]


def test_a_day_whose_balances_alone_are_corrected_is_proven_again(vault: Vault) -> None:
    told = [line(1, 100)]
    vault.load(bai2_file([statement(told, opening=500)], file_id="1"))
    corrected = vault.load(bai2_file([statement(told, opening=700, nature="correction")], file_id="2"))
    assert (corrected.added, corrected.statements[0].withdrawn, corrected.days) == (0, 0, (DAY,))
    assert vault.rows("select opening_cents, closing_cents from settlement.balances") == [(700, 800)]
    # another correction, by its reference, but nothing of it is new
    again = vault.load(bai2_file([statement(told, opening=700, nature="correction")], file_id="3"))
    assert (again.statements[0].repeats, again.days) == (None, ())


def test_a_day_whose_only_word_was_of_balances_and_is_taken_back_is_proven_again(vault: Vault) -> None:
    later = DAY + timedelta(days=1)
    assert vault.load(bai2_file([statement([], opening=500, as_of=later)])).days == (later,)
    assert vault.load(bai2_file([statement([], opening=500, as_of=later, nature="deletion")])).days == (later,)
    assert vault.rows("select count(*) from settlement.balances") == [(0,)]


def test_a_correction_of_a_correction_brings_back_what_it_took(vault: Vault) -> None:
    vault.load(bai2_file([statement([line(1, 100), line(2, 250)])]))
    vault.load(bai2_file([statement([line(1, 100)], nature="correction")], file_id="2"))
    assert [row[1] for row in vault.in_force()] == [100]
    back = vault.load(bai2_file([statement([line(1, 100), line(2, 250)], nature="correction")], file_id="3"))
    assert (back.added, back.statements[0].reinstated, back.days) == (0, 1, (DAY,))
    assert [row[1] for row in vault.in_force()] == [100, 250]
    assert vault.rows("select version, is_withdrawn from settlement.line_corrections order by 1") == [
        (1, True),
        (2, False),
    ]


def test_a_correction_in_several_blocks_of_an_account_takes_none_of_its_own_lines_back(vault: Vault) -> None:
    vault.load(bai2_file([statement([line(1, 1)]), statement([line(1, 2), line(2, 3)], number=2, opening=1)]))
    corrected = [
        statement([line(1, 1)], nature="correction"),
        statement([line(1, 2)], nature="correction", number=2, opening=1),
    ]
    vault.load(bai2_file(corrected))
    assert [row[1] for row in vault.in_force()] == [1, 2]


def test_a_correction_replaces_what_overlapping_statements_told_of_its_days(vault: Vault) -> None:
    mapping = statement_csv.mapping_of_toml(CSV_MAPPING, "house")

    def load(*rows: str, account: str = "000123", replaces: bool = False) -> Loaded:
        content = "\n".join(("Date,Description,Memo,Ref,Amount,Balance", *rows, ""))
        return vault.load(content.encode(), mappings=[replace(mapping, account=account)], replaces=replaces)

    monday, tuesday = "03/02/2026,ACH CREDIT,A,R1,10.00,", "03/03/2026,ACH CREDIT,B,R2,20.00,"
    wednesday = "03/04/2026,ACH CREDIT,C,R3,5.00,"
    load(monday, tuesday)
    load(tuesday, wednesday)
    load(tuesday, account="000124")
    assert [row[2] for row in vault.in_force()] == ["R1", "R2", "R2", "R3"]
    # the line of Tuesday came with the first file, whose last day is another
    corrected = load(tuesday.replace("R2", "R4"), wednesday, replaces=True)
    assert (corrected.statements[0].withdrawn, corrected.days) == (1, (DAY,))
    assert [row[2] for row in vault.in_force()] == ["R1", "R2", "R4", "R3"]
    assert vault.rows("select account from settlement.lines_in_force where reference = 'R2'") == [("000124",)]


def test_a_deletion_takes_the_day_back(vault: Vault) -> None:
    vault.load(bai2_file([statement([line(1, 100)]), statement([line(1, 7, account="9")], number=2, account="9")]))
    gone = vault.load(bai2_file([statement([line(1, 100)], nature="deletion")]))
    assert (gone.added, gone.statements[0].withdrawn) == (0, 1)
    assert [row[1] for row in vault.in_force()] == [7]
    assert vault.rows("select account from settlement.balances") == [("9",)]


@pytest.mark.parametrize("is_one_file", [False, True], ids=["a file each", "one file"])
@pytest.mark.parametrize("last", [250, 260], ids=["as it was", "otherwise"])
def test_what_was_deleted_counts_when_it_comes_again(vault: Vault, is_one_file: bool, last: int) -> None:
    told = [line(1, 100), line(2, 250)]
    vault.load(bai2_file([statement(told)]))
    gone, again = statement(told, nature="deletion"), statement([line(1, 100), line(2, last)], number=2)
    for content in [[gone, again]] if is_one_file else [[gone], [again]]:
        loaded = vault.load(bai2_file(content, file_id="2"))
        assert not loaded.is_refused, loaded.refusal
    assert loaded.statements[-1].repeats is None
    assert loaded.days == (() if is_one_file and last == 250 else (DAY,))
    assert [row[1] for row in vault.in_force()] == [100, last]
    assert vault.rows("select closing_cents, is_proven from settlement.balances") == [(100 + last, True)]
    # from here on it is what was said before
    assert vault.load(bai2_file([again], file_id="3")).statements[0].repeats == loaded.statements[-1].statement_id


def test_a_deletion_in_the_words_of_one_before_deletes_what_came_again_since(vault: Vault) -> None:
    told = [line(1, 100)]
    repeats = []
    for number, nature in enumerate(("new", "deletion", "new", "deletion", "deletion"), start=1):
        beside = statement([line(1, number, account="9")], number=2, account="9", as_of=DAY + timedelta(days=number))
        loaded = vault.load(bai2_file([statement(told, nature=nature), beside]))  # other bytes, the same words
        repeats.append(loaded.statements[0].repeats is not None)
    assert repeats == [False, False, False, False, True]
    assert vault.rows("select from settlement.lines_in_force where account <> '9'") == []


def test_a_line_that_a_correction_took_back_counts_when_a_later_statement_tells_it(vault: Vault) -> None:
    vault.load(bai2_file([statement([line(1, 100), line(2, 250)], is_final=False)]))
    vault.load(bai2_file([statement([line(1, 100)], nature="correction", is_final=False)], file_id="2"))
    whole = vault.load(bai2_file([statement([line(1, 100), line(2, 250), line(3, 300)])], file_id="3"))
    assert (whole.added, whole.statements[0].reinstated) == (1, 1)
    assert [row[1] for row in vault.in_force()] == [100, 250, 300]


def test_a_deletion_of_what_never_came_is_refused(vault: Vault) -> None:
    refused = vault.load(bai2_file([statement([line(1, 100)], nature="deletion")]))
    assert [fault.code for fault in refused.faults] == ["nothing_to_delete"]
    assert vault.stored() == (0, 0, 0)


def test_a_test_statement_is_not_stored(vault: Vault) -> None:
    refused = vault.load(bai2_file([statement([line(1, 100)], nature="test")]))
    assert "only a test" in refused.refusal


def test_another_closing_balance_for_a_day_that_was_over_needs_to_be_a_correction(vault: Vault) -> None:
    vault.load(bai2_file([statement([line(1, 100)])]))
    other = bai2_file([statement([line(1, 100), line(2, 50)])])
    refused = vault.load(other)
    assert [(fault.code, fault.found) for fault in refused.faults] == [("contradicts", "150")]
    assert [row[1] for row in vault.in_force()] == [100]
    told = vault.load(other, replaces=True)
    assert (told.statements[0].nature, told.added) == ("correction", 1)
    assert [row[1] for row in vault.in_force()] == [50, 100]


def test_a_second_statement_of_the_day_that_goes_on_is_more_and_its_lines_are_others(vault: Vault) -> None:
    one = line(1, 100)
    vault.load(bai2_file([statement([one])]))
    more = vault.load(bai2_file([statement([one], opening=100)]))
    assert (more.is_refused, more.added) == (False, 1)
    assert [row[1] for row in vault.in_force()] == [100, 100]
    assert vault.load(bai2_file([statement([one], opening=100)], file_id="5")).statements[0].repeats


def test_statements_of_a_day_that_go_on_are_proven_from_the_first_to_the_last(vault: Vault) -> None:
    balances = "select opening_cents, closing_cents, lines_cents, is_proven from settlement.balances"
    vault.load(bai2_file([statement([line(1, 100)])]))
    vault.load(bai2_file([statement([line(2, 250)], opening=100, is_final=False)]))
    assert vault.rows(balances) == [(0, 350, 350, True)]
    # the second told again, whole this time, and a third that takes the money out
    vault.load(bai2_file([statement([line(2, 250), line(3, 50)], opening=100)]))
    vault.load(bai2_file([statement([line(4, -300)], opening=400)]))
    assert vault.rows(balances) == [(0, 100, 100, True)]
    # a correction is the whole day, though it begins where another statement ended
    vault.load(bai2_file([statement([line(5, 7)], opening=400, nature="correction")]))
    assert vault.rows(balances) == [(400, 407, 7, True)]
    blocks = [statement([line(6, 1)], nature="correction"), statement([line(7, 2)], opening=1, nature="correction")]
    vault.load(bai2_file(blocks))
    assert vault.rows(balances) == [(0, 3, 3, True)]
    assert sum(row[1] for row in vault.in_force()) == 3
    # nor does what comes after a deletion go on with what it deleted
    vault.load(bai2_file([statement([line(7, 2)], opening=1, nature="deletion"), statement([line(8, 4)], opening=3)]))
    assert vault.rows(balances) == [(3, 7, 4, True)]


def test_the_same_day_in_another_format_is_refused_before_it_counts_twice(vault: Vault) -> None:
    vault.load(BAI2)
    refused = vault.load(MT940)
    assert [(fault.code, fault.found) for fault in refused.faults] == [("other_source", "mt940")]
    assert len(vault.in_force()) == 3


def test_a_file_that_breaks_in_the_middle_stores_nothing_and_its_case_names_the_record(vault: Vault) -> None:
    lines = [line(number, 100) for number in range(1, 2_001)]
    content = bai2_file([statement(lines)]).replace(b"16,142,100,Z,B1500,", b"16,142,1x0,Z,B1500,")
    refused = vault.load(content, "inbox/broken.bai")
    assert refused.is_refused
    assert vault.stored() == (0, 0, 0)
    ((code, state, file_line, summary),) = vault.cases()
    assert (code, state, file_line) == ("value", "open", 1_503)
    assert "broken.bai" in summary
    assert "record 1503" in summary
    vault.load(content, "inbox/broken.bai")
    assert len(vault.cases()) == 1
    # whole again, in the same place
    vault.load(bai2_file([statement(lines)]), "inbox/broken.bai")
    assert [row[1] for row in vault.cases()] == ["resolved"]
    assert len(vault.in_force()) == 2_000


@pytest.mark.parametrize("closed_as", ["cancelled", "resolved"])
def test_the_case_of_a_refused_file_that_a_person_closed_stays_closed_until_something_else_is_wrong(
    vault: Vault, closed_as: str
) -> None:
    sound = bai2_file([statement([line(1, 100)])])
    broken = sound.replace(b"16,142,100,", b"16,142,1x0,")
    vault.load(broken, "inbox/broken.bai")
    vault.connection.execute(
        "update operations.exception_cases set state = %s, resolution = 'the bank sends no other'", (closed_as,)
    )
    vault.load(broken, "inbox/broken.bai")
    assert [row[1] for row in vault.cases()] == [closed_as]
    vault.load(sound.replace(b"49,200,", b"49,2x0,"), "inbox/broken.bai")
    assert [row[1] for row in vault.cases()] == ["open"]


def test_the_case_of_a_file_that_was_in_order_meanwhile_opens_again_and_one_that_somebody_works_on_stays_theirs(
    vault: Vault,
) -> None:
    sound = bai2_file([statement([line(1, 100)])])
    broken = sound.replace(b"16,142,100,", b"16,142,1x0,")
    for content, state in ((broken, "open"), (sound, "resolved"), (broken, "open")):
        vault.load(content, "inbox/broken.bai")
        assert [row[1] for row in vault.cases()] == [state]
    vault.connection.execute("update operations.exception_cases set state = 'pending', assigned_to = 'someone'")
    vault.load(broken, "inbox/broken.bai")
    assert [row[1] for row in vault.cases()] == ["pending"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "not_the_format"), (b"hello,world\n1,2\n", "not_the_format"), (b"\x00" * 100, "not_the_format")],
)
def test_what_is_no_statement_is_refused(vault: Vault, content: bytes, code: str) -> None:
    assert [fault.code for fault in vault.load(content).faults] == [code]


def test_a_statement_in_another_currency_is_refused(vault: Vault) -> None:
    refused = vault.load(MT940.replace(b"USD", b"EUR"))
    assert [(fault.code, fault.expected, fault.found) for fault in refused.faults] == [("currency", "USD", "EUR")]
    assert vault.load(MT940.replace(b"USD", b"EUR"), currency="EUR").added == 3


def test_lines_far_from_their_statement_make_no_partitions(vault: Vault) -> None:
    refused = vault.load(MT940.replace(b":61:2603030303C", b":61:7003030303C"))
    assert [(fault.code, fault.field) for fault in refused.faults] == [("value", "booking date")]


def test_a_nacha_file_is_stored_for_the_account_that_is_named_and_only_its_returns(vault: Vault) -> None:
    assert [fault.field for fault in vault.load(nacha_file()).faults] == ["account"]
    loaded = vault.load(nacha_file(), account="000123")
    assert loaded.added == 2
    assert vault.rows("select channel, kind, amount_cents, customer_reference, type_code from settlement.bank_lines order by 3") == [
        ("ach", "return", -12_354, "121042880000001", "R01"), ("ach", "return", 4_565, "121042880000002", "R01"),
    ]  # fmt: skip


# Column's report --------------------------------------------------------------------------------------------------------


def report(*rows: tuple[str, str, int | None, datetime], zone: str = "America/New_York") -> io.BytesIO:
    out = io.BytesIO()
    statement_csv.write_column_report(
        out,
        [statement_csv.ColumnReportRow(at, "bacc_1", name, type_, cents, 0) for name, type_, cents, at in rows],
        zone,
    )
    return io.BytesIO(out.getvalue())


NIGHT = datetime(2026, 3, 4, 3, 30, tzinfo=UTC)  # of the third, in New York


def test_columns_report_of_a_day_is_stored_with_rail_and_kind(vault: Vault) -> None:
    rows = [
        ("acht_1", "ach.incoming_transfer.settled", 1_000, NIGHT),
        ("acht_2", "ach.outgoing_transfer.returned", -700, NIGHT),
        ("acht_3", "ach.incoming_transfer.scheduled", 0, NIGHT),
        ("wire_1", "wire.incoming_transfer.completed", 900, NIGHT),
        ("rttr_1", "realtime.incoming_transfer.completed", 800, NIGHT),
        ("chkt_1", "check.outgoing_debit.settled", 600, NIGHT),
        ("chkt_1", "check.outgoing_debit.returned", -600, NIGHT),
        ("book_1", "book.transfer.completed", -50, NIGHT),
        ("ipay_1", "something.new", 1, NIGHT),
    ]
    loaded = load_column_report(vault.connection, DAY, report(*rows), "report rprt_1", received_at=RECEIVED)
    assert (loaded.format, loaded.added, loaded.days, loaded.unclassified) == ("column", 8, (DAY,), 1)
    found = vault.rows(
        "select reference, transaction_id, channel, kind, amount_cents from settlement.bank_lines order by 1, 5 desc"
    )
    assert found == [
        ("acht_1", "acht_1", "ach", "credit", 1_000),
        ("acht_2", "acht_2", "ach", "return", -700),
        ("book_1", "book_1", "book", "other", -50),
        ("chkt_1", "chkt_1", "check", "credit", 600),
        ("chkt_1", "chkt_1", "check", "return", -600),
        ("ipay_1", "ipay_1", "book", "other", 1),
        ("rttr_1", "rttr_1", "realtime", "credit", 800),
        ("wire_1", "wire_1", "wire", "credit", 900),
    ]


def test_money_that_is_here_again_after_its_return_goes_by_the_name_of_its_own_receipt(vault: Vault) -> None:
    rows = [
        ("acht_1", "ach.outgoing_transfer.returned", -700, NIGHT),
        ("acht_1", "ach.outgoing_transfer.return_dishonored", 700, NIGHT),
        ("acht_1", "ach.outgoing_transfer.return_contested", -700, NIGHT),
        ("chkt_1", "check.outgoing_debit.recleared", 600, NIGHT),
        ("chkt_1", "check.outgoing_debit.second_return", -600, NIGHT),
    ]
    load_column_report(vault.connection, DAY, report(*rows), "report", received_at=RECEIVED)
    assert vault.rows(
        "select type_code, reference, kind, amount_cents from settlement.bank_lines order by transaction_id, type_code"
    ) == [
        ("ach.outgoing_transfer.return_contested", "acht_1/again", "return", -700),
        ("ach.outgoing_transfer.return_dishonored", "acht_1/again", "credit", 700),
        ("ach.outgoing_transfer.returned", "acht_1", "return", -700),
        ("check.outgoing_debit.recleared", "chkt_1/again", "credit", 600),
        ("check.outgoing_debit.second_return", "chkt_1/again", "return", -600),
    ]


def test_columns_report_that_has_grown_adds_its_new_rows(vault: Vault) -> None:
    rows = [("acht_1", "ach.incoming_transfer.settled", 1_000, NIGHT)]
    load_column_report(vault.connection, DAY, report(*rows), "in the evening", received_at=RECEIVED)
    rows.append(("rttr_1", "realtime.incoming_transfer.completed", 800, NIGHT + timedelta(minutes=20)))
    later = load_column_report(vault.connection, DAY, report(*rows), "on the day after", received_at=RECEIVED)
    assert (later.is_refused, later.added, later.days) == (False, 1, (DAY,))


def test_columns_report_in_another_time_zone_adds_no_row_twice(vault: Vault) -> None:
    rows = [("acht_1", "ach.incoming_transfer.settled", 1_000, NIGHT)]
    load_column_report(vault.connection, DAY, report(*rows), "first", received_at=RECEIVED)
    more = [*rows, ("acht_2", "ach.incoming_transfer.settled", 5, NIGHT + timedelta(hours=12))]
    later = load_column_report(
        vault.connection, DAY, report(*more, zone="America/Los_Angeles"), "second", received_at=RECEIVED
    )
    assert (later.added, later.days) == (1, (DAY + timedelta(days=1),))
    next_day = load_column_report(
        vault.connection, DAY + timedelta(days=1), report(*more, zone="UTC"), "third", received_at=RECEIVED
    )
    assert next_day.added == 0
    assert [(row[0], row[1]) for row in vault.in_force()] == [(DAY, 1_000), (DAY + timedelta(days=1), 5)]


def test_columns_report_of_another_day_and_one_that_contradicts_itself_are_refused(vault: Vault) -> None:
    row = ("acht_1", "ach.incoming_transfer.settled", 1_000, NIGHT)
    refused = load_column_report(vault.connection, DAY + timedelta(days=9), report(row), "x", received_at=RECEIVED)
    assert [fault.field for fault in refused.faults] == ["effective_at_utc"]
    changed = (*row[:2], 1_001, NIGHT)
    refused = load_column_report(vault.connection, DAY, report(row, changed), "y", received_at=RECEIVED)
    assert [fault.code for fault in refused.faults] == ["contradicts"]
    assert load_column_report(vault.connection, DAY, report(row, row), "z", received_at=RECEIVED).added == 1
    refused = load_column_report(vault.connection, DAY, report(changed), "w", received_at=RECEIVED)
    assert [fault.code for fault in refused.faults] == ["contradicts"]
    assert load_column_report(vault.connection, DAY, report(), "empty", received_at=RECEIVED).statements == ()


# Folders and stores -----------------------------------------------------------------------------------------------------


def test_a_folder_of_any_formats_is_taken_in_once_and_a_bad_file_holds_nothing_up(vault: Vault, tmp_path: Path) -> None:
    folder = tmp_path / "statements"
    (folder / "deeper").mkdir(parents=True)
    (folder / "a.bai").write_bytes(BAI2)
    (folder / "b.bai").write_bytes(BAI2.replace(b"49,456500", b"49,456501"))
    with gzip.open(folder / "deeper" / "c.sta.gz", "wb") as file:
        file.write(MT940.replace(b"000123", b"000124"))
    (folder / "d.csv").write_bytes(CSV)
    (folder / "house.toml").write_text(CSV_MAPPING.replace("000123", "000125"))
    (folder / ".partial").write_bytes(b"x")
    (folder / "e.gz").write_bytes(b"\x1f\x8b\x08broken")
    loaded = {one.source.rpartition("/")[2]: one for one in load_statements_in(vault.connection, folder)}
    assert {name: (one.added, one.is_refused) for name, one in loaded.items()} == {
        "a.bai": (3, False), "b.bai": (0, True), "c.sta.gz": (3, False), "d.csv": (3, False), "e.gz": (0, True),
    }  # fmt: skip
    assert {row[0] for row in vault.cases()} == {"total", "unfinished"}
    assert {one.source.rpartition("/")[2] for one in load_statements_in(vault.connection, folder)} == {"b.bai", "e.gz"}
    assert load_statements_in(vault.connection, tmp_path / "nowhere") == []


def test_statements_are_read_from_an_object_store(vault: Vault) -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/bank/today.bai", BAI2)
    try:
        (loaded,) = load_statements_in(vault.connection, "memory://bank")
        assert (loaded.source, loaded.added) == ("memory:///bank/today.bai", 3)
        assert load_statement_at(vault.connection, "memory://bank/today.bai").is_known
        with pytest.raises(StatementFileError):
            load_statement_at(vault.connection, "memory://bank/other.bai")
    finally:
        store.rm("/bank", recursive=True)


def test_what_comes_through_a_pipe_is_read_too(vault: Vault) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError("no")

    loaded = load_statement(vault.connection, Pipe(BAI2), "pipe", received_at=RECEIVED)
    assert loaded.added == 3


def test_a_file_that_changes_while_it_is_read_is_refused(vault: Vault) -> None:
    class Restless(io.BytesIO):
        passes = 0

        def seek(self, *at: int) -> int:
            Restless.passes += 1
            if Restless.passes == 2:
                self.getbuffer()[-3:-2] = b"2"
            return super().seek(*at)

    content = BAI2.replace(b"CHECK/", b"CHECK 1/") + b"\n  1\n"
    refused = load_statement(
        vault.connection, Restless(content), "restless", received_at=RECEIVED, options=Options(is_lenient=True)
    )
    assert refused.is_refused
    assert vault.stored() == (0, 0, 0)


# Rules ------------------------------------------------------------------------------------------------------------------


def classified(format_: str, code: str, cents: int, text: str = "", family: str = "credit") -> tuple[str, str]:
    one: Line = line(1, cents, text=text)._replace(type_code=code, family=family)  # type: ignore[arg-type]
    return classifier(format_)(one)[:2]


def test_rails_and_kinds_follow_the_rules_of_the_house() -> None:
    for code in ("142", "165"):
        assert classified("bai2", code, 100) == ("ach", "credit")
        assert classified("bai2", code, 100, "TRANSFER   PAYPAL  PPD") == ("paypal", "credit")
        assert classified("bai2", code, 100, "VENMO CASHOUT") == ("venmo", "credit")
    assert {classified("bai2", code, -100, family="debit") for code in ("451", "455")} == {("ach", "other")}
    assert classified("bai2", "195", 100, "RTP Incoming,From: SAMPLE") == ("realtime", "credit")
    assert classified("bai2", "195", 100, "Incoming Wire") == ("wire", "credit")
    assert classified("bai2", "557", -100, family="return") == ("ach", "return")
    assert classified("bai2", "555", -100, family="return") == ("check", "return")
    assert classified("bai2", "698", -100, family="fee") == ("book", "fee")
    assert classified("bai2", "354", 100, family="interest") == ("book", "other")
    assert classified("mt940", "NRTI", -100, family="return") == ("ach", "return")
    assert classified("camt053", "PMNT/RRCT/ESCT", 100) == ("realtime", "credit")
    assert classified("column", "wire.incoming_return_request.completed", -5) == ("wire", "return")
    assert classifier("bai2")(line(1, 5)._replace(type_code="931")) == classification.UNKNOWN


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (",ach,", ",pigeon,", "channel is 'pigeon'"),
        (",credit,", ",gift,", "kind is 'gift'"),
        (",,x", ",twice,x", "receipt is 'twice'"),
        ("bai2,", "bai3,", "format is 'bai3'"),
        (",,,,ach", ",,,(,ach", "no regular expression"),
        ("format,", "formats,", "the columns are not"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_named_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = "format,codes,family,sign,text,channel,kind,receipt,description\nbai2,142,,,,ach,credit,,x\n"
    (tmp_path / "rules.csv").write_text(text)
    assert len(read_rules(tmp_path / "rules.csv")) == 1
    (tmp_path / "rules.csv").write_text(text.replace(old, new, 1))
    with pytest.raises(RulesError) as refused:
        read_rules(tmp_path / "rules.csv")
    assert told in refused.value.message
    assert "line" in refused.value.message


# The command ------------------------------------------------------------------------------------------------------------


def test_the_command_checks_without_storing(tmp_path: Path) -> None:
    (tmp_path / "a.bai").write_bytes(BAI2)
    (tmp_path / "b.sta").write_bytes(MT940.replace(b"C500,00NTRF", b"C501,00NTRF"))
    shown = CliRunner().invoke(command.statements, ["--check", str(tmp_path / "a.bai")])
    assert shown.exit_code == 0, shown.output
    assert "000123" in shown.output
    assert "1,000.00" in shown.output
    assert "3 lines in 1 statement; nothing was stored." in shown.output
    told = CliRunner().invoke(
        command.statements, ["--check", "--json", str(tmp_path / "a.bai"), str(tmp_path / "b.sta")]
    )
    assert isinstance(told.exception, command.RefusedStatementsError)
    good, bad = map(json.loads, told.output.splitlines())
    assert (good["lines"], good["statements"][0]["closing_cents"], good["faults"]) == (3, 151_500, [])
    assert [(fault["code"], fault["record"]) for fault in bad["faults"]] == [("balance", 9)]
    lenient = CliRunner().invoke(command.statements, ["--check", "--lenient", str(tmp_path / "b.sta")])
    assert lenient.exit_code == 0
    assert "warning" in lenient.output


def test_what_cannot_be_a_statement_is_told_with_what_to_do_about_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal(*arguments: Path | str) -> PaymentsError:
        refused = CliRunner().invoke(command.statements, ["--check", *map(str, arguments)])
        assert isinstance(refused.exception, PaymentsError), refused.output
        return refused.exception

    assert refusal(tmp_path).message == f"{tmp_path} is a folder."
    assert "one by one" in refusal(tmp_path).remedy
    assert f"there is no file {tmp_path / 'none'}" in refusal(tmp_path / "none").message
    letter = tmp_path / "letter.txt"
    letter.write_bytes(b"Dear bank, \xff")
    assert "the file that you meant" in refusal(letter).remedy
    assert refusal(letter).message.startswith("1 of 1 file was refused:")
    assert refusal(letter, letter).message.startswith("2 of 2 files were refused:")
    assert "is not text in UTF-8" in refusal("--mapping", letter, letter).message

    def locked(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(letter))

    monkeypatch.setattr(command, "opened", locked)
    assert "found Permission denied [unreadable]" in refusal(letter).message
    assert "Let the account that runs this read the file" in refusal(letter).remedy


def test_the_help_of_the_command_lists_what_is_forgiven() -> None:
    shown = CliRunner().invoke(command.statements, ["--help"]).output
    for format_ in FORMATS:
        assert f"{format_}:" in shown
