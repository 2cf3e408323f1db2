"""What is read out of an event, before the database sees it: nothing that is read may stop those that come with it."""

import csv
from itertools import product
from typing import Any

import pytest

from payments_pipeline.ingestion.column_events import stage_events
from payments_pipeline.ingestion.column_reading import COLUMNS, EventRules, Reading
from payments_pipeline.paths import DATA_DIR
from payments_pipeline.postgres.connect import Database
from tests.ingestion.events import RECEIVED_AT, ach, check, event, load_event_types, recall, wire

NULL = r"\N"


@pytest.fixture(scope="module")
def rules() -> EventRules:
    with (DATA_DIR / "column_events.csv").open(encoding="utf-8", newline="") as file:
        return EventRules(({name: text or None for name, text in row.items()} for row in csv.DictReader(file)), "1")


def read(rules: EventRules, **changes: Any) -> dict[str, str]:
    return columns(rules.read(event("ach.outgoing_transfer.returned", ach(type="DEBIT", **changes))))


def columns(reading: Reading) -> dict[str, str]:
    return dict(zip(COLUMNS, [*reading.fields.split("\t"), reading.text], strict=True))


DATES: tuple[str, ...] = (
    "2026-03-02",
    "2024-02-29",
    "2026-02-29",
    "2100-02-29",
    "2026-02-30",
    "2026-04-31",
    "2026-12-31",
    "1899-01-01",
)
DATES += ("2026-13-01", "2026-1-02", "20260302", "2026-W10-1")
TIMES = ("15:04:05", "23:59:59.9999999", "00:00:00.123456789012", "24:00:00", "15:04", "15:04:60", "15:04:05.")
ZONES = ("Z", "z", "+00:00", "-0800", "+14:59", "+15:00", "", "-08", " America/New_York")
INSTANTS = [f"{day}{gap}{hour}{zone}" for day, gap, hour, zone in product(DATES, "Tt ", TIMES, ZONES)]


def test_what_is_read_as_an_instant_is_one_to_the_database_too(rules: EventRules, database: Database) -> None:
    found = {text: read(rules, returned_at=text)["happened_at"] for text in INSTANTS}
    accepted = sorted(instant for instant in found.values() if instant != NULL)
    assert len(accepted) == 3 * 3 * 3 * 5  # days that exist, gaps, times and zones that are written well
    with database.connect() as connection:
        cast = connection.execute("select t::timestamptz from unnest(%s::text[]) as g (t)", [accepted]).fetchall()
    assert len(cast) == len(accepted)


@pytest.mark.parametrize(
    ("amount", "cents"),
    [(1, "1"), ("123", "123"), (99_999_999_999, "99999999999"), (0, NULL), (True, NULL), ("1.0", NULL), ([5], NULL)],
)
def test_an_amount_is_whole_cents_in_quotes_or_without(rules: EventRules, amount: object, cents: str) -> None:
    assert read(rules, amount=amount)["amount_cents"] == cents


def test_an_id_that_is_too_long_to_be_one_is_none(rules: EventRules) -> None:
    told = {"return_pair_transfer_id": "x" * 256, "amount": 1}
    assert columns(rules.read(event("realtime.outgoing_transfer.completed", told)))["original_id"] == NULL


def test_the_first_return_has_the_first_reason_whatever_their_order(rules: EventRules) -> None:
    codes = {1: "r01", 2: "r68", 3: "r73", 4: "r74"}
    details = [{"created_at": f"2026-03-0{day}", "return_code": codes[day]} for day in (3, 1, 4, 2)]
    assert read(rules, return_details=details)["return_code"] == "R01"
    contested = event("ach.outgoing_transfer.return_contested", ach(type="DEBIT", return_details=details))
    assert columns(rules.read(contested))["return_code"] == "R74"
    # R70 is our own bank's word against the return
    contested = event(
        "ach.outgoing_transfer.return_contested", ach(type="DEBIT", return_details=[{"return_code": "R70"}])
    )
    assert columns(rules.read(contested))["return_code"] == "CONTESTED"
    assert read(rules, return_details=["R01", {"return_code": "no code!"}])["return_code"] == NULL


@pytest.mark.parametrize("field", ["originator_to_beneficiary_info", "originator_to_beneficiary_information"])
def test_a_loan_that_only_the_text_of_a_wire_names_is_found(rules: EventRules, field: str) -> None:
    told = columns(rules.read(event("wire.incoming_transfer.completed", wire() | {field: "for ln0000000002"})))
    assert told["loans_named"] == "LN0000000002"


@pytest.mark.parametrize("reason", [None, "", "the customer asked for it", "fraud"])
def test_a_recall_without_a_code_has_the_code_for_that(rules: EventRules, reason: str | None) -> None:
    told = columns(rules.read(event("wire.incoming_return_request.completed", recall(return_request_reason=reason))))
    assert told["return_code"] == ("FRAUD" if reason == "fraud" else "RECALL")


def test_a_type_goes_by_its_own_name_or_by_its_narrowest_family(rules: EventRules) -> None:
    listed = {
        kind: columns(rules.read(event(kind, check())))["listed_as"]
        for kind in (
            "check.incoming_debit.delivery.mailed",
            "check.incoming_debit.settled",
            "identity.x",
            "x.identity.y",
        )
    }
    assert list(listed.values()) == [
        "check.incoming_debit.delivery.*",
        "check.incoming_debit.settled",
        "identity.*",
        NULL,
    ]


def test_a_reading_that_is_shown_shows_no_one(rules: EventRules) -> None:
    reading = rules.read(event("ach.incoming_transfer.settled", ach(description="Jane Doe")))
    assert "Jane" in reading.text
    assert "Jane" not in f"{reading} {[reading]!r}"


def test_no_event_stops_those_that_come_with_it(database: Database) -> None:
    odd: list[Any] = [
        None,
        "",
        "\\N",
        "\\.",
        "a\tb\nc\\",
        "\u2028",
        1.5,
        -1,
        1e30,
        [],
        {"a": [1]},
        "9" * 400,
        "2026-02-30",
    ]
    fields = sorted(set(ach()) - {"id"})
    events = [
        event("ach.incoming_transfer.settled", ach() | {"id": f"{field}{n}", field: value})
        for field in fields
        for n, value in enumerate(odd)
    ]
    with database.connect("owner") as owner:
        load_event_types(owner)
        staged = stage_events(owner, events, source="column", uri="column:events", received_at=RECEIVED_AT)
        texts = owner.execute("select raw from ingestion.staged").fetchall()
    assert staged.new == len(events) == len(fields) * len(odd)
    assert sorted(text for (text,) in texts) == sorted(one.text for one in events)
