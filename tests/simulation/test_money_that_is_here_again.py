"""Money that went back and came again: the return of a debit is dishonoured, then contested. Day after day, as the bank
tells it, the books and the bank's report agree, and in the end nothing is left of it but its trace.
"""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from payments_pipeline.column.client import ColumnClient
from payments_pipeline.column.local.running import running
from payments_pipeline.formats.statement_csv import ColumnReportRow, write_column_report
from payments_pipeline.ingestion.follow import follow_the_bank
from payments_pipeline.ledger.posting import board
from payments_pipeline.operations.laws import check_all
from payments_pipeline.reconciliation.days import reconcile_day
from payments_pipeline.reference_data import follow_the_book
from payments_pipeline.settlement.batches import settle_day
from payments_pipeline.settlement.statements import load_column_report
from payments_pipeline.world.generation import generate
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.parameters import World
from tests.simulation.house import House

NEW_YORK = ZoneInfo("America/New_York")
FIRST = date(2026, 7, 6)
SETTLED, RETURNED, DISHONORED, CONTESTED = (FIRST + timedelta(days=number) for number in range(4))
DAYS = (SETTLED, RETURNED, DISHONORED, CONTESTED)
TRANSFER = "acht_28LtyrWQ7d5CZTXOjKEwVJrnlTa"
CENTS = 123_400
WORDS = ("settled", "returned", "return_dishonored", "return_contested")


def at(day: date) -> datetime:
    return datetime.combine(day, time(11), NEW_YORK)


def told(day: date, account_number_id: str) -> dict[str, Any]:
    """The transfer as the bank shows it on that day."""
    reached = {word: at(reached) if reached <= day else None for word, reached in zip(WORDS, DAYS, strict=True)}
    stamps = {f"{word}_at": moment and moment.astimezone(UTC).isoformat() for word, moment in reached.items()}
    details = [
        {"created_at": at(reached).isoformat(), "return_code": code}
        for reached, code in ((RETURNED, "R01"), (CONTESTED, "R73"))
        if reached <= day
    ]
    return stamps | {
        "id": TRANSFER,
        "type": "DEBIT",
        "amount": CENTS,
        "currency_code": "USD",
        "account_number_id": account_number_id,
        "created_at": at(SETTLED - timedelta(days=1)).isoformat(),
        "effective_on": datetime.combine(SETTLED, time(), ZoneInfo("America/Los_Angeles")).isoformat(),
        "return_details": list(reversed(details)),
    }


def report(client: ColumnClient, day: date, event_type: str) -> io.BytesIO:
    """The bank's report of the day, with the line of our transfer."""
    with client.report("bank_account_transaction", day, day) as given:
        lines = given.read()
    cents = CENTS if event_type.endswith(("settled", "dishonored")) else -CENTS
    ours = io.BytesIO()
    write_column_report(ours, [ColumnReportRow(at(day).astimezone(UTC), "bacc_28", TRANSFER, event_type, cents, 0)])
    return io.BytesIO(lines + ours.getvalue().split(b"\n", 1)[1])


def test_a_return_that_is_dishonoured_and_contested_reconciles_day_after_day(
    tmp_path: Path, build_house: Callable[[Path, int], House]
) -> None:
    generate(World(loans=60, seed=5, first_day=FIRST, days=4, noise=0.0), tmp_path / "world")
    house = build_house(tmp_path / "world", 5)
    with (
        house.database.connect() as connection,
        running(tmp_path / "world") as bank,
        bank.client(sleep=lambda seconds: None) as client,
    ):
        load_portfolio(connection, tmp_path / "world")
        follow_the_book(connection)
        board(connection)
        (loan_id, account_number_id), *_ = connection.execute(
            "select loan_id, account_number_id from servicing.account_numbers order by loan_id"
        ).fetchall()
        connection.commit()
        for day, word in zip(DAYS, WORDS, strict=True):
            event_type = f"ach.outgoing_transfer.{word}"
            bank.move_clock(datetime.combine(day, time(22), NEW_YORK))
            bank.tell(event_type, told(day, account_number_id), at(day))
            evening = datetime.combine(day, time(23), NEW_YORK)
            follow_the_bank(connection, client, received_at=evening.astimezone(UTC), since=FIRST)
            house.post(connection, [day])
            house.post(connection, house.waiting(connection))
            load_column_report(connection, day, report(client, day, event_type), f"report of {day}")
            settle_day(connection, day)
            reconcile_day(connection, day)
            connection.commit()
            assert applied(connection, loan_id) == (CENTS if word in {"settled", "return_dishonored"} else 0)
        reconciled = {row[0]: row[1:] for row in matched(connection)}
        assert reconciled == {
            SETTLED: ("credit", TRANSFER, CENTS, TRANSFER),
            RETURNED: ("return", TRANSFER, -CENTS, TRANSFER),
            DISHONORED: ("credit", f"{TRANSFER}/again", CENTS, f"{TRANSFER}/again"),
            CONTESTED: ("return", f"{TRANSFER}/again", -CENTS, f"{TRANSFER}/again"),
        }
        assert open_items(connection) == []
        connection.commit()
        assert [one.checked.name for one in check_all(connection) if not one.holds] == []


def applied(connection: psycopg.Connection[Any], loan_id: int) -> int:
    """What the loan has of our transfer now."""
    row = connection.execute(
        "select coalesce(sum(a.cash_cents - a.returned_cents), 0) from ledger.allocations as a"
        " inner join payments.payments as p on a.loan_id = p.loan_id and a.subject_id = p.payment_id"
        " where p.transfer_id = %s and p.loan_id = %s",
        [TRANSFER, loan_id],
    ).fetchone()
    connection.commit()
    assert row is not None
    return int(row[0])


def matched(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Each line of our transfer, and the reference of the payment with which it is paired."""
    return connection.execute(
        "select m.bank_day, l.kind, l.reference, l.amount_cents, p.reference from reconciliation.matches as m"
        " inner join settlement.bank_lines as l using (bank_day, line_id)"
        " inner join payments.payments as p using (loan_id, payment_id) where l.transaction_id = %s",
        [TRANSFER],
    ).fetchall()


def open_items(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """What is open of our transfer."""
    return connection.execute(
        "select i.bank_day, i.side, i.cause, i.variance_cents from reconciliation.items as i"
        " where i.item_id in (select line_id from settlement.bank_lines where transaction_id = %s)"
        " or i.payment_id in (select payment_id from payments.payments where transfer_id = %s)",
        [TRANSFER, TRANSFER],
    ).fetchall()
