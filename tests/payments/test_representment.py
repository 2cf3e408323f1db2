"""Presenting returned debits again, over the real client and a local bank that lets them settle or come back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from payments_pipeline.bank import Bank
from payments_pipeline.clock import set_clock
from payments_pipeline.column.client import ColumnClient
from payments_pipeline.column.connection import ColumnError
from payments_pipeline.column.local.control import API_KEY, LocalBank
from payments_pipeline.column.local.running import running
from payments_pipeline.ingestion.column_events import stage_events
from payments_pipeline.ingestion.ingest import ingest_pending
from payments_pipeline.ledger.posting import post_day
from payments_pipeline.operations.cases import open_cases
from payments_pipeline.operations.laws import check
from payments_pipeline.payments import command
from payments_pipeline.payments.representment import Represented, represent
from payments_pipeline.payments.returns import follow_up_returns
from payments_pipeline.postgres.connect import Database
from payments_pipeline.reference_data import follow_the_book
from payments_pipeline.world import World
from tests.conftest import WorldOf
from tests.ingestion.events import account_number, add_loans
from tests.payments.debits import COUNTERPARTY, MONDAY, Collections, Debit, day

NEW_YORK = ZoneInfo("America/New_York")
DUE = day(7)
NOTHING = Represented(sent=0, refused=0, withdrawn=0, waiting=0)


@pytest.fixture(scope="module")
def world(world_of: WorldOf) -> Path:
    """A world in which next to nothing happens: the bank of these tests has to have one."""
    return world_of(World(loans=2, days=1, first_day=MONDAY - timedelta(days=7)))


@pytest.fixture
def bank(world: Path) -> Iterator[LocalBank]:
    with running(world, now=evening(MONDAY)) as bank:
        yield bank


@pytest.fixture
def client(bank: LocalBank) -> Iterator[ColumnClient]:
    with bank.client(attempts=1) as client:
        yield client


def evening(on: date) -> datetime:
    """Late on a day in New York, when the day is closed."""
    return datetime.combine(on, time(22), NEW_YORK).astimezone(UTC)


def returned(collections: Collections, **given: Any) -> Debit:
    """A debit that came back on Wednesday and is planned for the Monday after."""
    debit = collections.returned(collections.debit(**given), day(2))
    collections.follow_up(day(2))
    return debit


def outcomes(collections: Collections) -> list[Any]:
    return collections.rows(
        "select outcome, reason, transfer_id is not null from payments.representment_outcomes order by loan_id, attempt"
    )


def at_the_bank(client: ColumnClient) -> list[dict[str, Any]]:
    """The debits that the bank was told to present again."""
    return [transfer for transfer in client.ach_transfers() if transfer["company_entry_description"] == "RETRY PYMT"]


def test_it_is_sent_on_its_day_as_it_was_but_for_its_name(collections: Collections, client: ColumnClient) -> None:
    returned(collections, cents=98_765)
    assert represent(collections.connection, client, DUE - timedelta(days=1)) == NOTHING
    assert represent(collections.connection, client, DUE).sent == 1
    assert represent(collections.connection, client, DUE) == NOTHING
    [sent] = at_the_bank(client)
    assert {name: sent[name] for name in ("type", "amount", "account_number_id", "counterparty_id")} == {
        "type": "DEBIT", "amount": 98_765, "account_number_id": "acno_1", "counterparty_id": COUNTERPARTY,
    }  # fmt: skip
    assert (sent["company_name"], sent["company_id"], sent["entry_class_code"]) == ("OUR COMPANY", "1234567890", "PPD")
    assert collections.rows(
        "select o.transfer_id, r.representment_id::text from payments.representments as r "
        "inner join payments.representment_outcomes as o using (loan_id, payment_id, attempt)"
    ) == [(sent["id"], sent["idempotency_key"])]


class Killed(ColumnClient):
    """A client in whose request the process dies: before the bank has it, or after its answer."""

    def __init__(self, bank: LocalBank, *, reaches_the_bank: bool) -> None:
        super().__init__(bank.url, API_KEY)
        self._reaches_the_bank = reaches_the_bank

    def create_ach_transfer(self, body: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
        if self._reaches_the_bank:
            super().create_ach_transfer(body, idempotency_key=idempotency_key)
        raise SystemExit


def killed_when_due(collections: Collections, bank: LocalBank, *, reaches_the_bank: bool) -> None:
    bank.move_clock(evening(DUE))
    with Killed(bank, reaches_the_bank=reaches_the_bank) as client, pytest.raises(SystemExit):
        represent(collections.connection, client, DUE)
    assert outcomes(collections) == []


def test_killed_between_the_banks_answer_and_our_commit_it_is_not_sent_twice(
    collections: Collections, bank: LocalBank, client: ColumnClient
) -> None:
    returned(collections)
    killed_when_due(collections, bank, reaches_the_bank=True)
    # the bank forgets keys after a month, so it is not asked for it again: whoever does so here is killed
    with Killed(bank, reaches_the_bank=True) as next_client:
        assert represent(collections.connection, next_client, DUE + timedelta(days=40)).sent == 1
    assert len(at_the_bank(client)) == 1


@pytest.mark.parametrize("reaches_the_bank", [True, False])
def test_what_speaks_against_it_after_a_kill_withdraws_only_what_the_bank_does_not_have(
    collections: Collections, bank: LocalBank, client: ColumnClient, reaches_the_bank: bool
) -> None:
    returned(collections)
    killed_when_due(collections, bank, reaches_the_bank=reaches_the_bank)
    # paid in another way meanwhile
    collections.connection.execute("update ledger.balances set instalments_paid = 300 where loan_id = 1")
    done = represent(collections.connection, client, DUE + timedelta(days=1))
    assert (done.sent, done.withdrawn) == ((1, 0) if reaches_the_bank else (0, 1))
    assert [outcome for outcome, *_ in outcomes(collections)] == ["sent" if reaches_the_bank else "withdrawn"]
    assert len(at_the_bank(client)) == done.sent


def test_killed_before_it_reached_the_bank_it_is_sent_by_the_next_call(
    collections: Collections, bank: LocalBank, client: ColumnClient
) -> None:
    returned(collections)
    killed_when_due(collections, bank, reaches_the_bank=False)
    assert represent(collections.connection, client, DUE + timedelta(days=1)).sent == 1
    assert len(at_the_bank(client)) == 1


@pytest.mark.parametrize("fault", ["server_error", "lost_answer", "rate_limited"])
def test_an_answer_that_may_change_or_gets_lost_leaves_it_planned(
    collections: Collections, bank: LocalBank, client: ColumnClient, fault: str
) -> None:
    returned(collections)
    bank.fault_next(fault, method="POST", path="/transfers/ach")
    with pytest.raises(ColumnError):
        represent(collections.connection, client, DUE)
    assert outcomes(collections) == []
    assert represent(collections.connection, client, DUE).sent == 1
    assert len(at_the_bank(client)) == 1


def test_what_the_bank_refuses_for_good_is_a_case(collections: Collections, client: ColumnClient) -> None:
    returned(collections, entry_class_code="")
    assert represent(collections.connection, client, DUE).refused == 1
    [(outcome, reason, _)] = outcomes(collections)
    assert (outcome, reason) == ("refused", "the bank refused it (400, invalid_request)")
    [(category, subcategory, state, summary)] = collections.rows(
        "select category, subcategory, state, summary from operations.exception_cases where category = 'representment'"
    )
    assert (category, subcategory, state) == ("representment", "refused", "open")
    assert "$1,200.00" in summary


@pytest.mark.parametrize(
    ("status", "is_open"),
    [("bankruptcy", False), ("stop_pay", False), ("legal_hold", False), ("charged_off", False), ("active", True)],
)
def test_a_loan_that_is_not_active_is_not_debited_again(
    loans: Database, client: ColumnClient, status: str, is_open: bool
) -> None:
    with loans.connect("owner") as owner:
        collections = Collections(owner)
        debit = returned(collections, loan_id=2)
        owner.execute("insert into servicing.loan_statuses values (2, %s, %s, 'test')", (day(4), status))
        done = represent(owner, client, DUE)
        assert (done.sent, done.withdrawn) == ((1, 0) if is_open else (0, 1))
        assert is_open or status.replace("_", " ") in outcomes(collections)[0][1]
        assert debit.loan_id == 2
        owner.rollback()


def test_what_fell_due_long_ago_is_judged_as_of_the_day_on_which_it_would_be_sent(
    collections: Collections,
    client: ColumnClient,
    bank: LocalBank,
    loans: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    returned(collections)
    today = MONDAY + timedelta(days=181)

    @contextmanager
    def connected(**_: Any) -> Iterator[psycopg.Connection[Any]]:
        yield collections.connection

    set_clock(tmp_path, evening(today))
    monkeypatch.setenv("PAYMENTS_HOME", str(tmp_path))
    monkeypatch.setattr(command, "bank_of", lambda _: Bank(bank.url, SecretStr(API_KEY)))
    monkeypatch.setattr(command, "open_database", lambda _: SimpleNamespace(connect=connected))
    before, on_the_day = (
        CliRunner().invoke(command.represent_command, ["--day", str(on)]) for on in (DUE - timedelta(days=1), DUE)
    )
    assert before.output == f"{DUE - timedelta(days=1)}: 0 sent, 0 refused by the bank, 0 withdrawn, 0 waiting\n"
    assert on_the_day.output == f"{DUE}: 0 sent, 0 refused by the bank, 1 withdrawn, 0 waiting\n"
    assert at_the_bank(client) == []


def test_nothing_is_collected_from_who_owes_nothing(collections: Collections, client: ColumnClient) -> None:
    returned(collections)
    collections.connection.execute("update ledger.balances set instalments_paid = 300 where loan_id = 1")
    assert represent(collections.connection, client, DUE).withdrawn == 1
    assert outcomes(collections) == [("withdrawn", "nothing is owed any more", False)]
    assert at_the_bank(client) == []


def test_a_return_that_was_undone_is_not_collected_twice(collections: Collections, client: ColumnClient) -> None:
    debit = returned(collections)
    again = collections.debit(day(4), transfer_id=f"{debit.transfer_id}/again")
    with pytest.raises(KeyboardInterrupt), collections.connection.transaction():
        assert represent(collections.connection, client, DUE).withdrawn == 1
        raise KeyboardInterrupt
    # unless that was contested, and the money went back after all
    collections.returned(again, day(6), "R73")
    assert represent(collections.connection, client, DUE).sent == 1


@pytest.mark.parametrize(
    ("code", "told"),
    [("R10", "R10"), ("R02", "R02"), ("R08", "authorization"), (None, "without a code"), ("R09", None)],
)
def test_it_is_the_return_that_counts_that_says_whether_it_may_be_sent(
    collections: Collections, client: ColumnClient, code: str | None, told: str | None
) -> None:
    debit = returned(collections)
    # it comes to light that it went back a minute earlier than was told first, and for another reason
    collections.returned_earlier(debit, day(2), code)
    collections.follow_up(day(2))
    done = represent(collections.connection, client, DUE)
    assert (done.sent, done.withdrawn) == ((0, 1) if told else (1, 0))
    assert len(at_the_bank(client)) == done.sent
    assert told is None or told in outcomes(collections)[0][1]


def test_after_180_days_it_is_withdrawn_whatever_held_it_up(collections: Collections, client: ColumnClient) -> None:
    returned(collections)
    assert represent(collections.connection, client, MONDAY + timedelta(days=181)).withdrawn == 1
    assert "last day" in outcomes(collections)[0][1]


def test_an_account_that_is_to_be_corrected_is_not_debited_before_it_is(
    collections: Collections, client: ColumnClient
) -> None:
    debit = returned(collections)
    collections.follow_up(debit.value_date)
    collections.notice(day(3), {"code": "C01", "corrected_data": "1918171614"})
    collections.follow_up(day(3))
    assert represent(collections.connection, client, DUE).waiting == 1
    assert outcomes(collections) == at_the_bank(client) == []
    collections.debit(day(30), counterparty_id="cpty_corrected")
    collections.follow_up(day(30))
    assert represent(collections.connection, client, day(30)).sent == 1
    assert [transfer["counterparty_id"] for transfer in at_the_bank(client)] == ["cpty_corrected"]


# From the bank's events to the last return, through everything in between


def close_days(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient, days: list[date]
) -> dict[date, Represented]:
    """Each day: what the bank tells, posted, followed up, and what is due presented again."""
    done = {}
    for today in days:
        now = evening(today)
        bank.move_clock(now)
        page = client.events(created_gte=evening(MONDAY) - timedelta(hours=1))
        assert not page.has_more
        stage_events(connection, page.items, source="column", uri="column:events", received_at=now)
        ingest_pending(connection)
        asked = connection.execute(
            "select distinct business_date from operations.day_requests where satisfied_at is null and business_date <= %s "
            "order by 1",
            (today,),
        ).fetchall()
        for on in sorted({today, *(row[0] for row in asked)}):
            post_day(connection, on)
            follow_up_returns(connection, on)
            open_cases(connection, on)
            connection.commit()
        connection.execute("update operations.day_requests set satisfied_at = now()")
        done[today] = represent(connection, client, today)
        connection.commit()
    return done


def test_a_debit_that_keeps_coming_back_is_presented_twice_again_and_never_more(
    database: Database, bank: LocalBank, client: ColumnClient
) -> None:
    with database.connect("owner") as owner:
        add_loans(owner, 1, 2)
        follow_the_book(owner)
    for loan_id, receiver in ((1, "RETURN_NSF"), (2, "RETURN_UNAUTH")):
        client.create_ach_transfer(
            {
                "type": "DEBIT", "amount": 170_000, "currency_code": "USD", "entry_class_code": "PPD",
                "counterparty_id": f"cpty_{loan_id}", "account_number_id": account_number(loan_id),
                "receiver_name": receiver, "company_entry_description": "MORTGAGE",
            },
            idempotency_key=f"first {loan_id}",
        )  # fmt: skip
    with database.connect() as connection:
        done = close_days(connection, bank, client, [day(number) for number in range(30)])
        # settled Tuesday, back Wednesday; three bank days later again, back two days later; five bank days, and the last
        assert {on: what.sent for on, what in done.items() if what.sent} == {day(7): 1, day(16): 1}
        assert all(what in (NOTHING, Represented(1, 0, 0, 0)) for what in done.values())
        found = connection.execute(
            "select p.effective_on, r.happened_on, r.code from payments.payments as p inner join payments.reversals_in_force as r "
            "on p.payment_id = r.payment_id where p.loan_id = 1 order by 1"
        ).fetchall()
        assert found == [(day(1), day(2), "R01"), (day(8), day(9), "R01"), (day(17), day(18), "R01")]
        cases = connection.execute(
            "select loan_id, category, subcategory, severity, count(*) from operations.exception_cases group by 1, 2, 3, 4 order by 1"
        ).fetchall()
        assert cases == [(1, "ach_return", "R01", "medium", 3), (2, "dispute", "R10", "high", 1)]
        # the money is gone, each return was charged once as the policy says, and the books tell all of it
        assert connection.execute(
            "select sum(cash_cents)::bigint, sum(suspense_cents)::bigint from ledger.allocations"
        ).fetchone() == (0, 0)
        fees = connection.execute(
            "select loan_id, effective_on, amount_cents from ledger.fees where kind = 'nsf'"
        ).fetchall()
        assert sorted(fees) == [(1, on, 2_500) for on in (day(2), day(9), day(18))]
        assert connection.execute(
            "select sum(entries)::int from operations.return_counts where outcome = 'debits'"
        ).fetchone() == (4,)
        for law in ("one_reversal_per_payment", "what_was_reversed_is_given_back", "every_word_reaches_its_payment"):
            assert check(connection, law) == []


def test_the_same_return_told_again_and_again_is_compensated_once(
    database: Database, bank: LocalBank, client: ColumnClient
) -> None:
    with database.connect("owner") as owner:
        add_loans(owner, 1)
        follow_the_book(owner)
    client.create_ach_transfer(
        {
            "type": "DEBIT", "amount": 170_000, "entry_class_code": "PPD", "counterparty_id": "cpty_1",
            "account_number_id": account_number(1), "receiver_name": "RETURN_NSF",
        },
        idempotency_key="first",
    )  # fmt: skip
    with database.connect() as connection:
        close_days(connection, bank, client, [day(number) for number in range(4)])
        [told] = client.events(types=["ach.outgoing_transfer.returned"]).items
        transfer = client.ach_transfer(told.object_id)
        for _ in range(3):  # as events of their own
            bank.tell("ach.outgoing_transfer.returned", transfer)
        close_days(connection, bank, client, [day(4), day(5)])
        for statement in (
            "select count(*) from ledger.allocations where kind = 'return'",
            "select count(*) from ledger.fees where kind = 'nsf'",
            "select count(*) from payments.reversals",
            "select count(*) from payments.representments",
            "select count(*) from operations.exception_cases",
        ):
            assert connection.execute(statement.encode()).fetchone() == (1,), statement
        assert connection.execute("select count(*) from ingestion.duplicates where signal = 'returned'").fetchone() == (
            3,
        )
