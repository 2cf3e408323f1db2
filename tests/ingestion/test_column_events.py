import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from payments_pipeline.column.events import RawEvent, read_event
from payments_pipeline.ingestion.column_events import (
    EventTypesError,
    StagedEvents,
    read_again,
    stage_events,
    stage_readings,
)
from payments_pipeline.ingestion.column_reading import load_rules
from payments_pipeline.ingestion.ingest import ingest_pending
from payments_pipeline.operations.laws import check_all
from payments_pipeline.paths import DATA_DIR
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import query
from tests.ingestion.events import (
    DAY,
    RECEIVED_AT,
    account_number,
    ach,
    add_loans,
    at,
    book,
    check,
    effective,
    event,
    load_event_types,
    realtime,
    recall,
    wire,
)

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures" / "column"

ACH_OUT = "initiated manual_review submitted acknowledged settled completed returned return_dishonored return_contested canceled noc"
ACH_IN = "scheduled settled nsf completed returned return_dishonored return_contested"
WIRE_RETURN = "initiated manual_review approved rejected completed"
SWIFT = "initiated completed pending_return returned cancellation_requested cancellation_accepted cancellation_rejected tracking_updated"
CHECK_ISSUED = (
    "initiated issued pending_deposit settled pending_first_return first_return returned pending_reclear pending_second_return "
    "second_return user_initiated_return_submitted user_initiated_returned user_initiated_return_dishonored pending_stop "
    "stopped manual_review rejected delivery.mailed"
)
DOCUMENTED = {
    "ach.outgoing_transfer": ACH_OUT,
    "ach.incoming_transfer": ACH_IN,
    "wire.outgoing_transfer": "initiated manual_review submitted rejected completed",
    "wire.incoming_transfer": "completed",
    "wire.incoming_return_request": WIRE_RETURN,
    "wire.outgoing_return_request": f"{WIRE_RETURN} scheduled sent",
    "wire.incoming_drawdown_request": "received approved denied",
    "swift.outgoing_transfer": f"{SWIFT} manual_review submitted amendment_request_received",
    "swift.incoming_transfer": SWIFT,
    "realtime.outgoing_transfer": (
        "initiated manual_review manual_review_approved manual_review_rejected rejected completed"
    ),
    "realtime.incoming_transfer": "completed",
    "book.transfer": "initiated completed hold_created updated canceled",
    "check.incoming_debit": CHECK_ISSUED,
    "check.outgoing_debit": (
        "initiated manual_review rejected pending_debit deposited settled returned pending_reclear recleared"
    ),
    "account": "overdrafted overdraft_released frozen",
    "admin.transfer": "completed",
    "identity": "created",
    "loan": "payment.completed",
    "reporting": (
        "bank_account_summary.completed bank_account_transaction.completed bank_account_monthly_statement.completed"
    ),
}


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect("owner") as owner:
        load_event_types(owner)
        add_loans(owner, 1, 2, 3)
    with database.connect() as connection:
        yield connection


def stage(connection: psycopg.Connection[Any], *events: RawEvent) -> StagedEvents:
    return stage_events(connection, events, source="column", uri="column:events", received_at=RECEIVED_AT)


def rows(connection: psycopg.Connection[Any], columns: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"select {columns} from ingestion.staged inner join ingestion.batches using (batch_id) order by received_at, line"
    ).fetchall()


def verdicts(connection: psycopg.Connection[Any]) -> list[str]:
    words = {(True, False): "accepted", (False, True): "noted", (False, False): "rejected"}
    return [words[row] for row in rows(connection, "is_accepted, is_noted")]


def cases(connection: psycopg.Connection[Any], category: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select subcategory, state, summary, details from operations.exception_cases where category = %s order by 1",
        [category],
    ).fetchall()


# What each type means ----------------------------------------------------------------------------------------------------


def test_every_documented_type_has_its_meaning(connection: psycopg.Connection[Any]) -> None:
    types = [f"{family}.{name}" for family, names in DOCUMENTED.items() for name in names.split()]
    stage(connection, *(event(kind, {"id": f"x{n}"}) for n, kind in enumerate(types)))
    assert cases(connection, "unknown_event") == []
    assert connection.execute("select count(*) from ingestion.bank_events").fetchone() == (len(types),)


def test_for_every_transfer_one_rule_of_its_type_holds() -> None:
    conditions = defaultdict(set)
    with (DATA_DIR / "column_events.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            conditions[row["type"]].add(row["condition"])
    whole = [{"any"}, {"debit", "credit"}, {"pair", "no_pair"}, {"to_us", "from_us"}, {"recleared", "not_recleared"}]
    assert [kind for kind, found in conditions.items() if found not in whole] == []


LATER = DAY + timedelta(days=2)
LAST = DAY + timedelta(days=3)
RETURNED: dict[str, Any] = {
    "returned_at": at(LATER),
    "return_details": [{"created_at": at(LATER), "return_code": "R01"}],
}
DISHONORED: dict[str, Any] = RETURNED | {"return_dishonored_at": at(LATER, 20)}
CONTESTED: dict[str, Any] = DISHONORED | {
    "return_contested_at": at(LAST),
    "return_details": [
        {"created_at": at(LAST), "return_code": "R73"},
        {"created_at": at(LATER), "return_code": "R01"},
    ],
}
# the bank may keep one detail of a return and change its status: that it was contested is then all that is new
CONTESTED_IN_ONE: dict[str, Any] = CONTESTED | {
    "return_details": [{"created_at": at(LATER), "status": "CONTESTED", "return_code": "R01"}]
}
AGAIN = "acht_28LtyrWQ7d5CZTXOjKEwVJrnlTa/again"
ACH = ach()["id"]
CHECK = check()["id"]
WORDS = [
    ("ach.incoming_transfer.scheduled", ach(settled_at=None), "initiated", ACH, DAY, DAY - timedelta(days=1), None),
    ("ach.incoming_transfer.settled", ach(), "settled", ACH, DAY, DAY, None),
    ("ach.incoming_transfer.completed", ach(completed_at=at(LAST)), "settled", ACH, DAY, DAY, None),
    ("ach.incoming_transfer.returned", ach(**RETURNED), "returned", ACH, DAY, LATER, "R01"),
    ("ach.incoming_transfer.return_dishonored", ach(**DISHONORED), "settled", AGAIN, LATER, LATER, None),
    ("ach.incoming_transfer.return_contested", ach(**CONTESTED), "returned", AGAIN, LATER, LAST, "R73"),
    (
        "ach.outgoing_transfer.return_contested",
        ach(type="DEBIT", **CONTESTED_IN_ONE),
        "returned",
        AGAIN,
        LATER,
        LAST,
        "CONTESTED",
    ),
    ("ach.outgoing_transfer.initiated", ach(type="DEBIT", initiated_at=at(DAY)), "initiated", ACH, DAY, DAY, None),
    ("ach.outgoing_transfer.submitted", ach(type="debit", initiated_at=at(DAY)), "initiated", ACH, DAY, DAY, None),
    ("ach.outgoing_transfer.settled", ach(type="DEBIT"), "settled", ACH, DAY, DAY, None),
    ("ach.outgoing_transfer.completed", ach(type="DEBIT"), "settled", ACH, DAY, DAY, None),
    ("ach.outgoing_transfer.returned", ach(type="DEBIT", **RETURNED), "returned", ACH, DAY, LATER, "R01"),
    ("ach.outgoing_transfer.canceled", ach(type="DEBIT", cancelled_at=at(DAY)), "canceled", ACH, DAY, DAY, None),
    ("wire.incoming_transfer.completed", wire(), "completed", wire()["id"], DAY, DAY, None),
    ("swift.incoming_transfer.completed", wire(id="swft_1"), "completed", "swft_1", DAY, DAY, None),
    ("swift.incoming_transfer.returned", wire(id="s", returned_at=at(LATER)), "returned", "s", DAY, LATER, None),
    ("realtime.incoming_transfer.completed", realtime(), "completed", realtime()["id"], DAY, DAY, None),
    ("book.transfer.completed", book(), "completed", book()["id"], DAY, DAY, None),
    ("check.outgoing_debit.deposited", check(), "initiated", CHECK, DAY, DAY - timedelta(days=1), None),
    ("check.outgoing_debit.settled", check(), "settled", CHECK, DAY, DAY + timedelta(days=1), None),
    (
        "check.outgoing_debit.returned",
        check(returned_at=at(LATER), return_reason="A"),
        "returned",
        CHECK,
        DAY,
        LATER,
        "A",
    ),
    ("check.outgoing_debit.recleared", check(recleared_at=at(LATER)), "settled", f"{CHECK}/again", LATER, LATER, None),
    (
        "check.outgoing_debit.returned",
        check(recleared_at=at(LATER), returned_at=at(LAST)),
        "returned",
        f"{CHECK}/again",
        LATER,
        LAST,
        None,
    ),
]


def test_each_word_is_told_of_its_receipt(connection: psycopg.Connection[Any]) -> None:
    for number, (kind, data, *_) in enumerate(WORDS):
        with connection.transaction(force_rollback=True):
            stage(connection, event(kind, data, created_at=at(DAY, number)))
            found = rows(
                connection,
                "is_accepted, loan_number, event, reference, value_date, (occurred_at at time zone 'UTC')::date, "
                "return_code, amount_cents",
            )
        amount = data.get("amount", data.get("deposited_amount"))
        assert found == [(True, "LN0000000001", *WORDS[number][2:], amount)], kind


SAYS_NOTHING: list[tuple[str, dict[str, Any]]] = [
    ("ach.outgoing_transfer.settled", ach(type="CREDIT")),
    ("ach.incoming_transfer.settled", ach(type="DEBIT")),
    ("ach.incoming_transfer.scheduled", ach(effective_on=None)),
    ("ach.outgoing_transfer.noc", ach(type="DEBIT")),
    ("ach.incoming_transfer.nsf", ach(type="DEBIT")),
    ("wire.outgoing_transfer.completed", wire()),
    ("wire.incoming_return_request.initiated", recall()),
    ("realtime.outgoing_transfer.completed", realtime()),
    ("realtime.incoming_transfer.completed", realtime(return_pair_transfer_id="rttr_payout")),
    ("book.transfer.completed", book(sender_account_number_id=account_number(2))),
    ("book.transfer.hold_created", book()),
    ("check.incoming_debit.settled", check()),
    ("check.outgoing_debit.initiated", check(deposited_at=None)),
    ("account.frozen", {"id": "bacc_1"}),
    ("identity.updated", {"id": "enti_1"}),
]


def test_what_says_nothing_of_a_receipt_is_noted(connection: psycopg.Connection[Any]) -> None:
    stage(connection, *(event(kind, {**data, "id": f"x{n}"}) for n, (kind, data) in enumerate(SAYS_NOTHING)))
    assert set(verdicts(connection)) == {"noted"}
    (report,) = ingest_pending(connection)
    assert (report.received, report.noted, report.accepted, report.errors) == (
        len(SAYS_NOTHING),
        len(SAYS_NOTHING),
        0,
        0,
    )


def test_the_day_of_an_ach_transfer_is_pacific_and_that_of_a_wire_new_york(connection: psycopg.Connection[Any]) -> None:
    late = f"{DAY + timedelta(days=1)}T04:59:59.999999999Z"  # still the evening of DAY in New York
    stage(
        connection,
        event("ach.incoming_transfer.settled", ach(effective_on=effective(date(2026, 3, 8)))),  # clocks go forward
        event("wire.incoming_transfer.completed", wire(completed_at=late.replace("59.999999999", "59.5"))),
        event("ach.incoming_transfer.settled", ach(id="acht_2", effective_on="2026-03-02")),
    )
    found = dict(rows(connection, "transfer_id, value_date"))
    assert found == {ACH: date(2026, 3, 8), wire()["id"]: DAY, "acht_2": DAY}


# What is wrong -----------------------------------------------------------------------------------------------------------

BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"amount": None}, "data.amount"),
    ({"amount": -1}, "data.amount"),
    ({"amount": 12.5}, "data.amount"),
    ({"amount": 10**11}, "data.amount"),
    ({"amount": "much"}, "data.amount"),
    ({"amount": {"cents": 1}}, "data.amount"),
    ({"currency_code": "EUR"}, "data.currency_code"),
    ({"currency_code": None}, "data.currency_code"),
    ({"settled_at": None}, "data.settled_at"),
    ({"settled_at": "2026-02-30T00:00:00Z"}, "data.settled_at"),
    ({"settled_at": "2026-03-02T15:00:00"}, "data.settled_at"),
    ({"settled_at": "0000-00-00T00:00:00Z"}, "data.settled_at"),
    ({"settled_at": at(RECEIVED_AT.date() + timedelta(days=3))}, "data.settled_at"),
    ({"effective_on": None}, "data.effective_on"),
    ({"effective_on": "2199-01-01T08:00:00Z"}, "data.effective_on"),
    ({"effective_on": [1]}, "data.effective_on"),
    ({"type": "BOTH"}, "data.type"),
    ({"id": ""}, "data.id"),
]


def test_an_event_that_says_too_little_is_rejected_with_its_field(connection: psycopg.Connection[Any]) -> None:
    events = [
        event("ach.incoming_transfer.settled", ach(**{"id": f"acht_{n}", **changes}), event_id=f"evnt_{n:02d}")
        for n, (changes, _) in enumerate(BROKEN)
    ]
    stage(connection, *events)
    assert set(verdicts(connection)) == {"rejected"}
    found = connection.execute("select line - 1, column_name from ingestion.rejects order by line").fetchall()
    assert found == [(n, field) for n, (_, field) in enumerate(BROKEN)]
    assert len(cases(connection, "rejected_row")) == len(BROKEN)
    (report,) = ingest_pending(connection)
    assert report.errors == len(BROKEN)


def test_a_type_that_we_do_not_know_is_kept_and_is_one_case(connection: psycopg.Connection[Any]) -> None:
    stage(connection, *(event("ach.incoming_transfer.teleported", ach(id=f"acht_{n}")) for n in range(3)))
    stage(connection, event("ach.incoming_transfer.teleported", ach(id="acht_9")), event("", {"id": "x"}))
    assert verdicts(connection) == ["noted"] * 5
    (case, untyped) = cases(connection, "unknown_event")
    assert untyped[0] == "none"
    assert (case[0], case[1], case[3]["events"]) == ("ach.incoming_transfer.teleported", "open", 4)
    assert case[3]["first_event"] == "evnt_ach.incoming_transfer.teleported_acht_0"


def test_events_of_a_type_are_read_again_once_we_know_what_it_means(
    connection: psycopg.Connection[Any], database: Database
) -> None:
    settled, unknown = event("ach.incoming_transfer.settled", ach()), event("ach.incoming_transfer.teleported", ach(2))
    papers = event("identity.updated", {"id": "enti_1"})
    with database.connect("owner") as owner:
        owner.execute("delete from ingestion.event_types where type in ('ach.incoming_transfer.settled', 'identity.*')")
    stage(connection, settled, unknown, papers)
    connection.commit()
    again: dict[str, Any] = {"source": "column", "received_at": RECEIVED_AT + timedelta(days=1)}
    assert read_again(connection, **again) == 0, "nothing is known yet"
    first = rows(connection, "batch_id, line, raw, is_noted")
    assert [row[3] for row in first] == [True, True, True]
    with database.connect("owner") as owner:
        load_event_types(owner)
    connection.commit()
    assert read_again(connection, **again) == 2
    assert read_again(connection, **again) == 0
    assert rows(connection, "batch_id, line, raw, is_noted")[:3] == first, "what was stored stays as it is"
    assert rows(connection, "event, reference, loan_number, is_accepted, raw")[3:] == [
        ("settled", ACH, "LN0000000001", True, settled.text),
        (None, None, None, False, papers.text),
    ]
    assert connection.execute("select type from ingestion.unknown_events").fetchall() == [(unknown.type,)]
    assert {case[0]: case[1] for case in cases(connection, "unknown_event")} == {
        "ach.incoming_transfer.settled": "resolved",
        "ach.incoming_transfer.teleported": "open",
        "identity.updated": "resolved",
    }
    assert stage(connection, settled, unknown, papers).new == 0
    assert sum(report.accepted for report in ingest_pending(connection)) == 1
    connection.commit()
    # these books have no boarding
    assert {one.checked.name for one in check_all(connection) if not one.holds} <= {"the_terms_are_what_was_boarded"}


def test_a_type_that_is_unknown_once_more_is_a_case_once_more(
    connection: psycopg.Connection[Any], database: Database
) -> None:
    with database.connect("owner") as owner:
        owner.execute("delete from ingestion.event_types where type = 'identity.*'")
    stage(connection, event("identity.updated", {"id": "enti_1"}))
    connection.commit()
    with database.connect("owner") as owner:
        load_event_types(owner)
    read_again(connection, source="column", received_at=RECEIVED_AT)
    connection.commit()
    with database.connect("owner") as owner:
        owner.execute("delete from ingestion.event_types where type = 'identity.*'")
    stage(connection, event("identity.updated", {"id": "enti_2"}))
    ((kind, state, _, details),) = cases(connection, "unknown_event")
    assert (kind, state, details["events"]) == ("identity.updated", "open", 2)


def test_events_that_were_read_by_other_rules_are_not_stored(
    connection: psycopg.Connection[Any], database: Database
) -> None:
    rules = load_rules(connection)
    readings = [rules.read(event("ach.incoming_transfer.settled", ach()))]
    connection.commit()
    with database.connect("owner") as owner:
        owner.execute("delete from ingestion.event_types where type = 'identity.*'")
    with pytest.raises(EventTypesError, match="loaded anew"):
        stage_readings(connection, rules, readings, source="column", uri="column:events", received_at=RECEIVED_AT)
    assert rows(connection, "raw") == []


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared fixtures are not here")
def test_every_body_that_others_recorded_is_stored(connection: psycopg.Connection[Any]) -> None:
    files = sorted((FIXTURES / "formance-webhooks").glob("*.json"))
    assert len(files) >= 30
    for file in files:
        body = read_event(file.read_bytes())
        with connection.transaction(force_rollback=True):  # they all have the id 1
            assert stage(connection, body).new == 1
            assert rows(connection, "raw") == [(body.text,)]
            assert [case[0] for case in cases(connection, "unknown_event")] == ([] if body.type else ["none"]), (
                file.name
            )
            assert [report.received for report in ingest_pending(connection)] == [1]


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared fixtures are not here")
def test_the_transfers_that_others_recorded_are_understood(connection: psycopg.Connection[Any]) -> None:
    given = read_event(b'{"id":"evnt_1","data":' + (FIXTURES / "gem/ach_transfers/retrieve.json").read_bytes() + b"}")
    assert given.object_id == "acht_28LtyrWQ7d5CZTXOjKEwVJrnlTa"
    received_at = RECEIVED_AT.replace(year=2022, month=4, day=27)
    data = json.loads(given.text)["data"] | {"type": "CREDIT"}
    stage_events(
        connection,
        [event("ach.incoming_transfer.scheduled", data)],
        source="column",
        uri="column:events",
        received_at=received_at,
    )
    assert rows(connection, "event, value_date, amount_cents, loan_number") == [
        ("initiated", date(2022, 4, 26), 10_000, "UNMATCHED")
    ]


def test_what_looks_like_an_attack_is_kept_word_for_word(connection: psycopg.Connection[Any]) -> None:
    nasty = "tab\t newline\n return\r backslash\\ \\N \\. nul\0 quote\" '; drop table x; -- é 日 \U0001f600"
    given = [
        event("ach.incoming_transfer.settled", ach() | {"description": nasty, nasty: nasty}),
        event(nasty, {"id": nasty}, event_id=nasty, created_at=nasty),
    ]
    stage(connection, *given)
    assert sorted(text for (text,) in rows(connection, "raw")) == sorted(one.text for one in given)
    assert connection.execute("select event_id from ingestion.bank_events order by created_on").fetchone() == (
        nasty.replace("\0", "\ufffd"),
    )


# Whose it is -------------------------------------------------------------------------------------------------------------

TEXTS: list[tuple[dict[str, Any], str]] = [
    ({"description": "mortgage LN0000000002 march"}, "LN0000000002"),
    ({"payment_related_info": "ref:ln0000000003."}, "LN0000000003"),
    ({"receiver_id": "LN0000000002"}, "LN0000000002"),
    ({"description": "LN0000000002 and LN0000000002"}, "LN0000000002"),
    ({"description": "LN0000000002 or LN0000000003"}, "UNMATCHED"),
    ({"description": "LN0000000002 or LN0000000099"}, "LN0000000002"),
    ({"description": "LN00000000021"}, "UNMATCHED"),
    ({"description": "XLN0000000002"}, "UNMATCHED"),
    ({"description": "LN0000000099"}, "UNMATCHED"),
    ({"description": "LN000000002"}, "UNMATCHED"),
    ({"description": None}, "UNMATCHED"),
    ({"description": "LN0000000003", "account_number_id": account_number(2)}, "LN0000000002"),
    ({"description": "LN0000000003", "account_number_id": "acno_unknown"}, "LN0000000003"),
]


def test_a_transfer_is_matched_by_its_account_number_then_by_the_one_loan_it_names(
    connection: psycopg.Connection[Any],
) -> None:
    stage(
        connection,
        *(
            event("ach.incoming_transfer.settled", ach(None, **{"id": f"acht_{n:02d}", **changes}))
            for n, (changes, _) in enumerate(TEXTS)
        ),
    )
    found = rows(connection, "loan_number, transfer_id")
    assert sorted(found, key=lambda row: row[1]) == [(loan, f"acht_{n:02d}") for n, (_, loan) in enumerate(TEXTS)]


def test_a_transfer_stays_with_the_loan_under_which_it_is_known(
    connection: psycopg.Connection[Any], database: Database
) -> None:
    stage(connection, event("ach.incoming_transfer.scheduled", ach(4)))
    with database.connect("owner") as owner:
        add_loans(owner, 4)
    connection.commit()
    stage(connection, event("ach.incoming_transfer.settled", ach(4)))
    stage(connection, event("ach.incoming_transfer.settled", ach(4, id="acht_2")))
    assert rows(connection, "loan_number, transfer_id") != []
    assert dict(rows(connection, "event || ' ' || transfer_id, loan_number")) == {
        f"initiated {ACH}": "UNMATCHED",
        f"settled {ACH}": "UNMATCHED",
        "settled acht_2": "LN0000000004",
    }


def test_events_of_one_transfer_that_come_together_are_about_one_loan(connection: psycopg.Connection[Any]) -> None:
    stage(
        connection,
        event("ach.incoming_transfer.settled", ach(None, description="LN0000000002"), created_at=at(DAY, 16)),
        event("ach.incoming_transfer.scheduled", ach(None, description=""), created_at=at(DAY, 15)),
    )
    assert rows(connection, "loan_number") == [("UNMATCHED",), ("UNMATCHED",)]


def test_a_return_whose_text_no_longer_names_the_loan_is_about_the_payment_that_did(
    connection: psycopg.Connection[Any],
) -> None:
    stage(connection, event("ach.incoming_transfer.settled", ach(None, description="LN0000000002")))
    stage(connection, event("ach.incoming_transfer.returned", ach(None, description="", **RETURNED)))
    assert rows(connection, "event, loan_number") == [("settled", "LN0000000002"), ("returned", "LN0000000002")]
    stage(connection, event("ach.incoming_transfer.settled", ach(3, id="acht_by_number")))
    assert connection.execute("select transfer_id from ingestion.transfers").fetchall() == [(ACH,)]


def test_a_transfer_that_takes_a_payment_back_by_another_is_a_case_once(connection: psycopg.Connection[Any]) -> None:
    back = {"reversal_pair_transfer_id": ACH}
    for word in ("initiated", "settled"):
        ours = ach(id="acht_ours", type="CREDIT", account_number_id=account_number(2), **back)
        stage(connection, event(f"ach.outgoing_transfer.{word}", ours))
    for word in ("scheduled", "settled"):
        theirs = [
            ach(None, id="acht_theirs", type="DEBIT", **back),
            ach(3, id="acht_taken", type="DEBIT", reversal_pair_transfer_id=""),
            ach(None, id="acht_fee", type="DEBIT", reversal_pair_transfer_id=None),
        ]
        stage(connection, *(event(f"ach.incoming_transfer.{word}", one) for one in theirs))
    stage(connection, event("ach.outgoing_transfer.settled", ach(id="acht_payout", type="CREDIT")))
    stage(connection, event("ach.incoming_transfer.settled", ach(**back)))
    found = connection.execute(
        "select subcategory, loan_id, severity, details ->> 'transfer_id', details ->> 'reverses', summary"
        " from operations.exception_cases where category = 'ach_taken_back' order by 4"
    ).fetchall()
    assert [row[:-1] for row in found] == [
        ("reversal", 2, "high", "acht_ours", ACH),
        ("debit", 3, "high", "acht_taken", None),
        ("reversal", None, "high", "acht_theirs", ACH),
    ]
    assert found[0][-1] == (
        f"$1,234.56 went out by ACH with the transfer acht_ours, which takes back {ACH}; our books still have that payment."
    )


# Recalls, and returns that are transfers of their own --------------------------------------------------------------------

RECALL = event("wire.incoming_return_request.completed", recall(), created_at=at(LATER))
WIRE = event("wire.incoming_transfer.completed", wire(2))
PAIR = event(
    "realtime.outgoing_transfer.completed",
    realtime(id="rttr_back", return_pair_transfer_id=realtime()["id"], completed_at=at(LATER), is_incoming=False),
    created_at=at(LATER),
)
REALTIME = event("realtime.incoming_transfer.completed", realtime(3))
WENT_BACK = [
    ("completed", "wire", "LN0000000002", wire()["id"], DAY, 500_000, None, wire()["id"]),
    ("recalled", "wire", "LN0000000002", wire()["id"], DAY, 500_000, "FRAD", recall()["return_transfer_id"]),
    ("completed", "realtime", "LN0000000003", realtime()["id"], DAY, 70_000, None, realtime()["id"]),
    ("returned", "realtime", "LN0000000003", realtime()["id"], DAY, 70_000, None, "rttr_back"),
]
"""Each word with its payment, and last the transfer by which the money moved."""


@pytest.mark.parametrize(
    "batches",
    [
        [[WIRE, REALTIME], [RECALL, PAIR]],
        [[PAIR, RECALL, REALTIME, WIRE]],
        [[RECALL, PAIR], [WIRE, REALTIME]],
        [[RECALL], [PAIR], [REALTIME], [WIRE]],
    ],
    ids=["after", "together", "before", "one by one"],
)
def test_what_goes_back_finds_its_receipt_in_any_order(
    connection: psycopg.Connection[Any], batches: list[list[RawEvent]]
) -> None:
    for events in batches:
        stage(connection, *events)
    accepted = connection.execute(
        "select event, channel, loan_number, reference, value_date, amount_cents, return_code, transfer_id"
        " from ingestion.staged where is_accepted"
    ).fetchall()
    assert sorted(accepted, key=str) == sorted(WENT_BACK, key=str)
    assert connection.execute("select count(*) from ingestion.waiting_events").fetchone() == (0,)
    assert {case[1] for case in cases(connection, "orphan_return")} <= {"resolved"}
    reports = ingest_pending(connection)
    assert sum(report.accepted for report in reports) == len(WENT_BACK)
    assert query(connection, "operations/laws/every_batch_adds_up", first=DAY, last=RECEIVED_AT.date(), most=5) == []
    told = connection.execute(
        "select signal, channel, loan_number, source_reference, effective_on, amount_cents, return_code, transfer_id"
        " from ingestion.payment_ingestions"
    ).fetchall()
    assert sorted(told, key=str) == sorted(WENT_BACK, key=str)
    assert connection.execute("select count(distinct payment_id) from ingestion.payment_ingestions").fetchone() == (2,)


def test_a_recall_without_its_wire_waits_with_a_case(connection: psycopg.Connection[Any]) -> None:
    stage(connection, RECALL)
    assert verdicts(connection) == ["noted"]
    ((code, state, _, details),) = cases(connection, "orphan_return")
    assert (code, state, details["transfer_id"]) == ("FRAD", "open", wire()["id"])


def test_a_recall_that_names_no_wire_of_its_own_went_back_by_the_wire_it_came_by(
    connection: psycopg.Connection[Any],
) -> None:
    told = recall(return_transfer_id="", original_transfer_id=None, wire_transfer_id=wire()["id"], amount=500_000)
    stage(connection, WIRE, event("wire.incoming_return_request.completed", told, created_at=at(LATER)))
    assert rows(connection, "event, reference, transfer_id, amount_cents") == [
        (word, wire()["id"], wire()["id"], 500_000) for word in ("completed", "recalled")
    ]


def test_a_return_that_is_told_twice_is_one_with_the_transfer_that_was_told_first(
    connection: psycopg.Connection[Any],
) -> None:
    again = realtime(id="rttr_other", return_pair_transfer_id=realtime()["id"], completed_at=at(LATER))
    stage(connection, REALTIME, PAIR)
    stage(connection, event("realtime.outgoing_transfer.completed", again, created_at=at(LAST)))
    assert [report.duplicates for report in ingest_pending(connection)] == [0, 1]
    told = connection.execute("select transfer_id from ingestion.payment_ingestions where signal = 'returned'")
    assert told.fetchall() == [("rttr_back",)]


def test_a_recall_in_part_is_for_a_person(connection: psycopg.Connection[Any]) -> None:
    stage(connection, event("wire.incoming_return_request.completed", recall(amount=1)))
    stage(connection, WIRE)
    assert sorted(verdicts(connection)) == ["accepted", "noted", "rejected"]
    assert connection.execute("select column_name, found from ingestion.rejects").fetchall() == [("data.amount", "1")]


def test_no_event_is_stored_before_we_know_what_events_mean(connection: psycopg.Connection[Any]) -> None:
    connection.execute("delete from ingestion.event_types")
    with pytest.raises(EventTypesError, match="event_types is empty"):
        stage(connection, WIRE)
    assert rows(connection, "raw") == []


# Once ----------------------------------------------------------------------------------------------------------------------


def test_events_are_stored_once_in_whatever_order_and_however_often_they_come(
    connection: psycopg.Connection[Any],
) -> None:
    events = [event(kind, data, event_id=f"evnt_{n:03d}") for n, (kind, data, *_) in enumerate(WORDS)]
    rng = random.Random(3)
    for _ in range(12):
        some = rng.sample(events, 9)
        staged = stage(connection, *some, *some[:3])
        assert staged.known + staged.new == 12
    stage(connection, *events)
    stored = connection.execute("select event_id from ingestion.bank_events order by event_id").fetchall()
    assert stored == [(one.id,) for one in events]
    assert sorted(rows(connection, "raw")) == sorted((one.text,) for one in events)
    assert stage(connection, *events) == StagedEvents(len(events))


def test_the_same_new_events_make_the_same_batch_in_any_order(connection: psycopg.Connection[Any]) -> None:
    events = [event(kind, data, event_id=f"evnt_{n:03d}") for n, (kind, data, *_) in enumerate(WORDS)]
    batches = set()
    for seed in range(3):
        random.Random(seed).shuffle(events)
        with connection.transaction(force_rollback=True):
            batches.add(stage(connection, *events).batch_id)
    assert len(batches) == 1
