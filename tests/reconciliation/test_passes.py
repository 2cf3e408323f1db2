"""What a line may stand for: money of another day, a batch, a part of a payment; and what is never guessed."""

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest

from payments_pipeline.paths import DATA_DIR, SQL_DIR
from payments_pipeline.postgres.connect import Database
from payments_pipeline.reconciliation.days import PASSES, reconcile_day
from payments_pipeline.rules.settlement import RULES, fee_cents
from tests.reconciliation.desk import MONDAY, Desk, Row

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
CAPTURED = date(2026, 7, 2)  # by card, to be paid out on Monday


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with database.connect() as connection:
        desk = Desk(connection)
        yield desk
        # whatever a test has laid out: the laws hold of it
        assert desk.broken_laws() == []


def run_days(desk: Desk, *days: date) -> None:
    """Reconcile days in this order."""
    desk.connection.execute(
        "insert into settlement.calendar select channel, d::date, d::date from settlement.rules, "
        "generate_series('2026-06-29'::date, '2026-07-10'::date, interval '1 day') as d "
        "where extract(isodow from d) < 6 on conflict do nothing"
    )
    for day in days:
        reconcile_day(desk.connection, day)


def explained(desk: Desk, day: date = MONDAY) -> list[Row]:
    """The items of a day: side, cause, status, cents."""
    return desk.rows(
        "select side, cause, status, variance_cents from reconciliation.items where bank_day = %s order by 1, 2, 4", day
    )


def paid(desk: Desk) -> dict[UUID, set[tuple[str, str]]]:
    """By payment, its lines and how they were found."""
    found: dict[UUID, set[tuple[str, str]]] = {}
    for line, payment, _, method in desk.matches():
        found.setdefault(payment, set()).add((line, method))
    return found


def picture(desk: Desk) -> list[Row]:
    """All that a reconciliation leaves behind."""
    return [
        row
        for table in ("matches", "items", "days", "bridge", "suggestions")
        for row in desk.rows(f"select t::text from reconciliation.{table} as t order by 1")
    ]


# Another day --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown_on", [TUESDAY, date(2026, 7, 2)])
@pytest.mark.parametrize("is_line_first", [True, False])
def test_money_of_one_day_on_the_line_of_another_is_timing_whichever_day_is_run_last(
    desk: Desk, shown_on: date, is_line_first: bool
) -> None:
    payment, line = (
        desk.payment("REF-1", 10_000, transfer="acht_1"),
        desk.line("REF-1", 10_000, day=shown_on, transfer="acht_1"),
    )
    days = [shown_on, MONDAY] if is_line_first else [MONDAY, shown_on]
    run_days(desk, *days)
    assert paid(desk) == {payment: {(line, "transfer_id")}}
    assert explained(desk) == [("ours", "timing", "explained", -10_000)]
    assert explained(desk, shown_on) == [("bank", "timing", "explained", 10_000)]
    assert {row[0] for row in desk.rows("select status from reconciliation.days")} == {"balanced"}
    assert {row[0] for row in desk.rows("select state from operations.exception_cases")} <= {"resolved"}
    before = picture(desk)
    for day in (MONDAY, shown_on, MONDAY):
        run_days(desk, day)
        assert picture(desk) == before


def test_beyond_the_window_nothing_meets(desk: Desk) -> None:
    desk.payment("FED-1", 10_000, channel="wire")
    desk.line("FED-1", 10_000, channel="wire", day=WEDNESDAY)
    run_days(desk, MONDAY, WEDNESDAY)
    assert desk.matches() == []


def test_when_the_line_of_its_own_day_turns_up_money_leaves_the_line_of_another(desk: Desk) -> None:
    payment = desk.payment("REF-1", 10_000)
    late = desk.line("REF-1", 10_000, day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    assert paid(desk) == {payment: {(late, "reference_amount")}}
    own = desk.line("REF-1", 10_000)
    run_days(desk, MONDAY)
    assert paid(desk) == {payment: {(own, "reference_amount")}}
    assert explained(desk) == []
    assert explained(desk, TUESDAY) == [("bank", "missing_here", "open", 10_000)]


# Returns that are transfers of their own ----------------------------------------------------------------------------------

SATURDAY = MONDAY - timedelta(days=2)


@pytest.mark.parametrize("kind", ["other", "return"])  # what a statement says of money that went out
@pytest.mark.parametrize("channel", ["realtime", "wire"])
def test_a_return_is_known_by_the_transfer_by_which_the_money_went_back(desk: Desk, channel: str, kind: str) -> None:
    lines = {}
    for name in ("1", "2", "3"):  # of one amount, so that nothing but the id tells them apart
        payment = desk.payment(
            f"in_{name}", 70_000, channel=channel, transfer=f"in_{name}", returned_on=TUESDAY, returned_by=f"out_{name}"
        )
        credit = desk.line(None, 70_000, channel=channel, transfer=f"in_{name}")
        returned = desk.line(None, -70_000, channel=channel, kind=kind, day=TUESDAY, transfer=f"out_{name}")
        lines[payment] = {(credit, "transfer_id"), (returned, "transfer_id")}
    run_days(desk, MONDAY, TUESDAY)
    assert paid(desk) == lines
    assert {row[2] for row in desk.matches()} == {"credit", "return"}
    assert desk.items() == []
    assert {row[0] for row in desk.rows("select status from reconciliation.days")} == {"balanced"}
    before = picture(desk)
    run_days(desk, TUESDAY, MONDAY)
    assert picture(desk) == before


@pytest.mark.parametrize("order", [(SATURDAY, MONDAY), (MONDAY, SATURDAY)])
def test_a_return_of_the_weekend_that_the_bank_shows_at_once_is_timing(desk: Desk, order: tuple[date, date]) -> None:
    payment = desk.payment(
        "in", 70_000, channel="realtime", value_date=SATURDAY, transfer="in", returned_on=SATURDAY, returned_by="out"
    )
    credit = desk.line(None, 70_000, channel="realtime", day=SATURDAY, transfer="in")
    returned = desk.line(None, -70_000, channel="realtime", kind="other", day=SATURDAY, transfer="out")
    desk.connection.execute("insert into settlement.calendar values ('ach', %s, %s)", [SATURDAY, MONDAY])
    run_days(desk, *order)
    assert paid(desk) == {payment: {(credit, "transfer_id"), (returned, "transfer_id")}}
    assert explained(desk, SATURDAY) == [("bank", "timing", "explained", -70_000)]
    assert explained(desk, MONDAY) == [("ours", "timing", "explained", 70_000)]
    before = picture(desk)
    for day in (SATURDAY, MONDAY):
        run_days(desk, day)
        assert picture(desk) == before


def test_a_return_that_is_told_late_takes_its_line(desk: Desk) -> None:
    """And leaves it when it comes to light that the money had gone back before, by another transfer."""
    desk.payment("in", 70_000, channel="realtime", value_date=SATURDAY, transfer="in")
    desk.line(None, 70_000, channel="realtime", day=SATURDAY, transfer="in")
    desk.line(None, -70_000, channel="realtime", kind="other", transfer="out")
    run_days(desk, SATURDAY, MONDAY)
    assert explained(desk) == [("bank", "unknown", "open", -70_000)]
    desk.give_back("in", MONDAY, "out")
    run_days(desk, MONDAY)
    assert explained(desk) == []
    desk.connection.execute(
        "insert into payments.reversals select loan_id, payment_id, 2, effective_on, signal, occurred_at, happened_on, code, "
        "'out_before', booked_on, batch_id, 2 from payments.reversals"
    )
    run_days(desk, MONDAY)
    assert explained(desk) == [("bank", "unknown", "open", -70_000), ("ours", "missing_at_bank", "open", 70_000)]


def test_money_that_went_out_is_no_return_because_of_its_amount(desk: Desk) -> None:
    payment = desk.payment("in", 70_000, channel="realtime", transfer="in", returned_on=MONDAY, returned_by="out")
    credit = desk.line(None, 70_000, channel="realtime", transfer="in")
    desk.line(None, -70_000, channel="realtime", kind="other", transfer="payout")
    run_days(desk, MONDAY)
    assert paid(desk) == {payment: {(credit, "transfer_id")}}
    assert desk.items() == [("bank", "unknown", -70_000), ("ours", "missing_at_bank", 70_000)]


def test_a_return_shown_twice_or_with_another_amount_is_told_as_that(desk: Desk) -> None:
    for name, cents in (("1", 70_000), ("2", 80_000)):
        desk.payment(
            f"in_{name}", cents, channel="wire", transfer=f"in_{name}", returned_on=MONDAY, returned_by=f"out_{name}"
        )
        desk.line(None, cents, channel="wire", transfer=f"in_{name}")
    for name, cents in (("1", 70_000), ("1", 70_000), ("2", 80_900)):
        desk.line(None, -cents, channel="wire", kind="other", transfer=f"out_{name}")
    run_days(desk, MONDAY)
    assert sorted(row[3] for row in desk.matches()) == ["transfer_id"] * 3 + ["transfer_id_other_amount"]
    assert desk.items() == [("bank", "duplicate_at_bank", -70_000), ("both", "amount_differs", -900)]


# What a line says of itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "method"),
    [
        ("TRC09101234567809", "like_reference"),  # two neighbours swapped
        ("TRC0910123456", "like_reference"),  # cut off
        ("TRC0910 1234567890", "like_reference"),  # torn
        (None, "amount_window"),
        ("TRC09105555555555", None),  # another's
    ],
)
def test_a_reference_that_suffered_is_known_again_and_another_is_not(
    desk: Desk, reference: str | None, method: str | None
) -> None:
    payment, line = desk.payment("Trc09101234567890", 10_000), desk.line(reference, 10_000)
    run_days(desk, MONDAY)
    assert paid(desk) == ({payment: {(line, method)}} if method else {})


@pytest.mark.parametrize("other", ["payment", "line"])
def test_a_tie_is_suggested_and_never_guessed(desk: Desk, other: str) -> None:
    desk.payment("REF-AAAAAA", 10_000)
    desk.line(None, 10_000)
    if other == "payment":
        desk.payment("REF-BBBBBB", 10_000, value_date=TUESDAY)
    else:
        desk.line(None, 10_000, day=TUESDAY)
    run_days(desk, TUESDAY, MONDAY)
    assert desk.matches() == []
    suggested = desk.rows("select method, score, evidence from reconciliation.suggestions where bank_day = %s", MONDAY)
    assert len(suggested) == 2
    assert {row[:2] for row in suggested} == {("amount_window", 22)}
    assert "and the line names nothing" in suggested[0][2]


def test_ids_of_transfers_that_differ_speak_against_a_match(desk: Desk) -> None:
    desk.payment("REF-1", 10_000, transfer="acht_1")
    desk.line(None, 10_000, transfer="acht_2")
    run_days(desk, MONDAY)
    assert desk.matches() == []


def test_one_transfer_with_another_amount_is_matched_and_the_difference_stays_open(desk: Desk) -> None:
    payment = desk.payment("REF-1", 12_300, transfer="acht_1")
    line = desk.line("REF-1", 13_200, transfer="acht_1", day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    assert paid(desk) == {payment: {(line, "transfer_id_other_amount")}}
    assert explained(desk) == [("ours", "timing", "explained", -12_300)]
    assert explained(desk, TUESDAY) == [
        ("bank", "timing", "explained", 12_300), ("both", "amount_differs", "open", 900),
    ]  # fmt: skip


# Batches ------------------------------------------------------------------------------------------------------------------


def test_a_payout_less_fees_is_the_payments_that_name_it_and_the_fee_is_a_cause_of_its_own(desk: Desk) -> None:
    amounts = [10_000, 12_345, 99_999]
    payments = {desk.payment(f"A{n}", n, channel="card", value_date=CAPTURED, batch="stl1") for n in amounts}
    kept = sum(fee_cents(cents, RULES["card"]) for cents in amounts)
    line = desk.line("STL1", sum(amounts) - kept, channel="card")
    run_days(desk, MONDAY)
    assert paid(desk) == {payment: {(line, "batch_net")} for payment in payments}
    assert explained(desk) == [("both", "fee", "explained", -kept)]
    assert desk.rows("select sum(bank_cents)::bigint, sum(our_cents)::bigint from reconciliation.matches") == [
        (sum(amounts) - kept, sum(amounts))
    ]
    assert desk.rows("select status, matched_count, auto_matched_count, open_count from reconciliation.days") == [
        ("balanced", 3, 3, 0)
    ]


def test_a_payout_in_full_and_its_fees_on_a_line_of_their_own_balance_too(desk: Desk) -> None:
    amounts = [900_000, 1_234_500]
    for cents in amounts:
        desk.payment(f"P{cents}", cents, channel="paypal", value_date=date(2026, 7, 3), batch="PPB1")
    kept = sum(fee_cents(cents, RULES["paypal"]) for cents in amounts)
    desk.line("PPB1", sum(amounts), channel="paypal")
    desk.line("PPB1", -kept, channel="paypal", kind="fee")
    run_days(desk, MONDAY)
    assert {method for _, _, _, method in desk.matches()} == {"batch_gross"}
    assert explained(desk) == [("bank", "fee", "explained", -kept)]


def test_a_large_fee_that_no_rule_explains_is_looked_at(desk: Desk) -> None:
    desk.line(None, -1_500, kind="fee", channel="check")
    desk.line(None, -60_000, kind="fee", channel="check")
    run_days(desk, MONDAY)
    assert explained(desk) == [("bank", "fee", "open", -60_000), ("bank", "fee", "explained", -1_500)]


@pytest.mark.parametrize("said_twice", [False, True])
def test_a_deposit_in_two_lines_is_shared_out_cent_by_cent(desk: Desk, said_twice: bool) -> None:
    payments = [desk.payment(f"C{n}", 1_000 * n, channel="check", batch="DEP1") for n in (1, 2, 3)]
    lines = {desk.line("DEP1", 2_500, channel="check"), desk.line("DEP1", 3_500, channel="check")}
    if said_twice:
        desk.line("DEP1", 3_500, channel="check")
    run_days(desk, MONDAY)
    found = paid(desk)
    assert set(found) == set(payments)
    assert {line for shares in found.values() for line, _ in shares} == lines
    assert {method for shares in found.values() for _, method in shares} == {"batch_of_several_lines"}
    assert explained(desk) == ([("bank", "duplicate_at_bank", "open", 3_500)] if said_twice else [])


def test_one_payment_in_two_lines_that_name_it(desk: Desk) -> None:
    payment = desk.payment("FED-1", 10_000, channel="wire")
    lines = {desk.line("FED-1", 4_000, channel="wire"), desk.line("fed-1", 6_000, channel="wire")}
    run_days(desk, MONDAY)
    assert paid(desk) == {payment: {(line, "batch_of_several_lines") for line in lines}}
    assert explained(desk) == []


def deposit(desk: Desk, *amounts: int, batch: str | None = "DEP1") -> list[UUID]:
    return [desk.payment(f"C{cents}", cents, channel="check", batch=batch) for cents in amounts]


@pytest.mark.parametrize(
    ("reference", "batch", "method"),
    [
        (None, "DEP000001", "batch_of_the_day"),
        ("DEP000010", "DEP000001", "batch_gross"),
        ("DEP9", None, "batch_of_the_day"),
    ],
)
def test_a_deposit_whose_number_is_missing_or_spoiled_is_found_by_its_sum(
    desk: Desk, reference: str | None, batch: str | None, method: str
) -> None:
    payments = deposit(desk, 1_000, 2_000, batch=batch)
    line = desk.line(reference, 3_000, channel="check", day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    assert paid(desk) == {payment: {(line, method)} for payment in payments}


def test_two_deposits_of_one_sum_are_a_tie(desk: Desk) -> None:
    deposit(desk, 1_000, 2_000, batch="DEP000001")
    deposit(desk, 1_300, 1_700, batch="DEP777777")
    desk.line(None, 3_000, channel="check")
    run_days(desk, MONDAY)
    assert desk.matches() == []


def test_the_one_payment_that_a_deposit_lacks_stays_open(desk: Desk) -> None:
    first, lacking, last = deposit(desk, 1_000, 2_000, 4_000)
    line = desk.line("DEP1", 5_000, channel="check")
    run_days(desk, MONDAY)
    assert paid(desk) == {first: {(line, "batch_less_one")}, last: {(line, "batch_less_one")}}
    assert explained(desk) == [("ours", "missing_at_bank", "open", -2_000)]
    assert str(lacking) in desk.rows("select item_id from reconciliation.items")[0][0]


def test_who_could_be_the_one_that_is_lacking_stays_out_of_the_match(desk: Desk) -> None:
    one, other, third = deposit(desk, 2_000, 2_000, 4_000)
    line = desk.line("DEP1", 6_000, channel="check")
    run_days(desk, MONDAY)
    assert paid(desk) == {third: {(line, "batch_in_part")}}
    assert explained(desk) == [
        ("both", "amount_differs", "open", 2_000), ("ours", "missing_at_bank", "open", -2_000),
        ("ours", "missing_at_bank", "open", -2_000),
    ]  # fmt: skip
    assert {one, other}.isdisjoint(paid(desk))


def test_the_one_payment_without_a_number_that_fits_is_in_the_deposit(desk: Desk) -> None:
    payments = deposit(desk, 1_000, 2_000) + deposit(desk, 3_500, batch=None)
    line = desk.line("DEP1", 6_500, channel="check")
    run_days(desk, MONDAY)
    assert paid(desk) == {payment: {(line, "batch_and_one")} for payment in payments}


def test_a_payout_that_is_less_by_a_payment_of_the_days_before_names_the_return(desk: Desk) -> None:
    before = desk.payment("OLD", 7_777, channel="venmo", value_date=date(2026, 6, 30), batch="VNC0")
    now = [desk.payment(f"V{n}", n, channel="venmo", value_date=date(2026, 7, 3), batch="VNC1") for n in (9_000, 8_000)]
    kept = sum(fee_cents(cents, RULES["venmo"]) for cents in (9_000, 8_000))
    line = desk.line("VNC1", 17_000 - kept - 7_777, channel="venmo")
    run_days(desk, MONDAY)
    assert paid(desk) == {payment: {(line, "batch_with_return")} for payment in now}
    assert before not in paid(desk)
    assert explained(desk) == [("both", "fee", "explained", -kept), ("both", "return", "open", -7_777)]


def test_a_batch_that_nothing_explains_is_suggested_and_not_matched(desk: Desk) -> None:
    payments = deposit(desk, 1_000, 2_000, 3_000)
    line = desk.line("DEP1", 5_432, channel="check")
    run_days(desk, MONDAY)
    assert desk.matches() == []
    [(lines, suggested, score)] = desk.rows("select line_ids, payment_ids, score from reconciliation.suggestions")
    assert (lines, set(suggested), score) == ([line], set(payments), 51)


def test_a_batch_a_day_late_heals_when_a_payment_of_it_is_told_at_last(desk: Desk) -> None:
    payments = deposit(desk, 1_000, 2_000)
    line = desk.line("DEP1", 6_000, channel="check", day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    assert desk.matches() == []
    payments += deposit(desk, 3_000)
    run_days(desk, MONDAY)
    assert paid(desk) == {payment: {(line, "batch_gross")} for payment in payments}
    assert explained(desk, TUESDAY) == [("bank", "timing", "explained", 6_000)]
    before = picture(desk)
    run_days(desk, TUESDAY, MONDAY)
    assert picture(desk) == before


def test_a_return_that_nobody_told_us_of_names_its_payment(desk: Desk) -> None:
    payment = desk.payment("REF-1", 10_000, value_date=date(2026, 7, 2))
    desk.line("REF-1", -10_000, kind="return")
    run_days(desk, MONDAY)
    assert desk.rows("select cause, payment_id, status from reconciliation.items") == [("return", payment, "open")]


# Proofs and rules ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("closing", "proof"), [(110_000, "proven"), (110_001, "broken")])
def test_balances_prove_that_no_line_is_missing(desk: Desk, closing: int, proof: str) -> None:
    desk.payment("REF-1", 10_000)
    desk.line("REF-1", 10_000)
    desk.connection.execute(
        "insert into settlement.statements (statement_id, account, as_of, version, from_on, nature, is_final, format, bank, "
        "reference, currency, opening_cents, closing_cents, line_count, lines_cents, content_sha256, file_sha256, number, "
        "record, file_line, source, size_bytes, received_at) values (gen_random_uuid(), 'main', %s, 1, %s, 'new', true, "
        "'csv', '', '', 'USD', 100000, %s, 1, 10000, '', '', 1, 1, 1, '', 0, now())",
        (MONDAY, MONDAY, closing),
    )
    run_days(desk, MONDAY)
    assert desk.rows("select account, opening_cents, closing_cents, proof from reconciliation.days") == [
        ("collections", 100_000, closing, proof)
    ]


def test_fees_are_the_same_in_sql_and_in_python(desk: Desk) -> None:
    amounts = [-5_000, 0, 1, 17, 10**12, *range(999, 250_000, 997)]
    for rule in RULES.values():
        rows = desk.rows(
            "select settlement.fee_cents(a, %s, %s) from unnest(%s::bigint[]) with ordinality as t (a, n) order by n",
            rule.fee_ppm, rule.fee_cents_each, amounts,
        )  # fmt: skip
        assert [cents for (cents,) in rows] == [fee_cents(cents, rule) for cents in amounts]


def test_every_method_has_its_evidence_and_no_evidence_is_without_a_method() -> None:
    with (DATA_DIR / "match_methods.csv").open(encoding="utf-8", newline="") as lines:
        described = {row["method"] for row in csv.DictReader(lines)}
    passes = (SQL_DIR / "reconciliation" / "passes").rglob("*.sql")
    written = "".join(path.read_text(encoding="utf-8") for path in passes)
    of_passes = {method for _, method in PASSES if method and method != "reference_of_the_day"}  # is reference_amount
    assert described == of_passes | {"decision"} | set(re.findall(r"'(batch_\w+)'", written))
