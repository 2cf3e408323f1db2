"""The rules of returned debits, held against the calendar and against the committed data."""

import csv
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_pipeline.paths import DATA_DIR
from payments_pipeline.rules.calendar import is_bank_day
from payments_pipeline.rules.returns import (
    FOR_WANT_OF_FUNDS,
    MOST_ATTEMPTS,
    Entry,
    Limit,
    bank_days_after,
    contest_by,
    correct_by,
    dishonor_by,
    is_routing_number,
    latest_correction,
    latest_retry,
    read_correction,
    refusals,
    retry_on,
    return_deadline,
)

SETTLED = date(2026, 6, 29)
RETURNED = date(2026, 7, 1)
ON = date(2026, 7, 8)


def rows(file: str) -> list[dict[str, str]]:
    with (DATA_DIR / file).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


WAITS = {(row["code"], int(row["attempt"])): int(row["wait_bank_days"]) for row in rows("representment_rules.csv")}


def entry(code: str = "R01", attempts: int = 0) -> Entry:
    return Entry(code, SETTLED, RETURNED, attempts)


# Presenting again


@pytest.mark.parametrize("code", ["R01", "R09"])
def test_what_came_back_for_want_of_funds_may_be_presented_again_twice(code: str) -> None:
    assert [bool(refusals(entry(code, attempts), ON)) for attempts in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("code", [row["code"] for row in rows("return_codes.csv") if row["code"] not in ("R01", "R09")])
def test_nothing_else_may(code: str) -> None:
    assert refusals(entry(code), ON) != ()
    assert retry_on(entry(code), dict.fromkeys([(code, 1), (code, 2)], 1)) is None


def test_180_days_after_it_settled_first_it_is_too_late() -> None:
    last = SETTLED + timedelta(days=180)
    assert refusals(entry(), last) == () != refusals(entry(), last + timedelta(days=1))
    assert last == latest_retry(SETTLED)


def test_a_stopped_payment_needs_a_new_authorization_and_nothing_else() -> None:
    assert "new authorization" in refusals(entry("R08"), ON)[0]
    assert refusals(entry("R08", 7), ON + timedelta(days=900), has_new_authorization=True) == ()
    assert refusals(entry("R01", 2), ON, has_new_authorization=True) != ()  # of other reasons it makes nothing good


def test_a_defective_entry_is_corrected_and_sent_within_60_days_of_its_return() -> None:
    last = RETURNED + timedelta(days=60)
    assert last == latest_correction(RETURNED)
    assert refusals(entry("R11"), ON) != ()
    assert refusals(entry("R11"), last, is_corrected=True) == ()
    assert "last day" in refusals(entry("R11"), last + timedelta(days=1), is_corrected=True)[0]


def test_the_retry_waits_as_many_bank_days_as_the_rule_says() -> None:
    # 3 July 2026 is a Friday on which banks are open, 4 July a Saturday
    assert retry_on(entry("R01"), {("R01", 1): 3}) == date(2026, 7, 6)
    assert retry_on(entry("R01", 1), {("R01", 1): 3, ("R01", 2): 5}) == date(2026, 7, 8)
    assert retry_on(entry("R01", 1), {("R01", 1): 3}) is None


def test_no_retry_is_planned_for_a_day_on_which_it_would_be_too_late() -> None:
    late = Entry("R01", SETTLED, SETTLED + timedelta(days=179), 1)
    assert retry_on(late, {("R01", 2): 5}) is None


def test_our_own_rules_ask_for_nothing_that_the_network_forbids() -> None:
    assert WAITS
    assert {code for code, _ in WAITS} <= FOR_WANT_OF_FUNDS
    assert {attempt for _, attempt in WAITS} <= set(range(1, MOST_ATTEMPTS + 1))
    assert min(WAITS.values()) > 0


@given(st.dates(date(2016, 1, 1), date(2034, 1, 1)), st.integers(1, 30))
def test_bank_days_after_a_day_are_that_many_bank_days(day: date, count: int) -> None:
    found = bank_days_after(day, count)
    between = [day + timedelta(days=n) for n in range(1, (found - day).days + 1)]
    assert sum(map(is_bank_day, between)) == count
    assert is_bank_day(found)


# Deadlines


def test_most_returns_are_due_two_bank_days_after_settlement() -> None:
    assert return_deadline(date(2026, 7, 2), 2, "bank") == date(2026, 7, 6)  # Thursday: Friday is a bank day


def test_sixty_days_are_calendar_days_and_end_when_banks_open() -> None:
    assert return_deadline(date(2026, 7, 6), 60, "calendar") == date(2026, 9, 4)
    assert return_deadline(date(2026, 7, 7), 60, "calendar") == date(2026, 9, 8)  # Saturday before Labor Day


def test_what_we_and_they_must_do_is_due_in_bank_days() -> None:
    friday = date(2026, 7, 10)
    assert dishonor_by(friday) == date(2026, 7, 17)
    assert contest_by(friday) == date(2026, 7, 14)
    assert correct_by(friday) == date(2026, 7, 20)


def test_the_codes_with_sixty_days_are_those_of_the_rules() -> None:
    sixty = {row["code"] for row in rows("return_codes.csv") if row["deadline_days"] == "60"}
    assert sixty == {"R05", "R07", "R10", "R11", "R33", "R37", "R38", "R51", "R52", "R53"}
    assert {row["deadline_unit"] for row in rows("return_codes.csv") if row["deadline_days"] == "2"} == {"bank"}


def test_every_ach_return_code_from_r01_to_r85_is_there() -> None:
    numbers = [*range(1, 48), *range(50, 54), 61, 62, *range(67, 78), *range(80, 86)]
    found = [row["code"] for row in rows("return_codes.csv")]
    assert [code for code in found if len(code) == 3 and code[1:].isdigit()] == [f"R{number:02}" for number in numbers]
    assert len(found) == len(set(found))


def test_every_check_letter_that_means_something_is_there() -> None:
    letters = "".join(row["code"] for row in rows("return_codes.csv") if len(row["code"]) == 1)
    assert letters == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


# Rates

UNAUTHORIZED = Limit(5_000, 4_000, 100, frozenset({"R05", "R07", "R10", "R29", "R51"}))


@pytest.mark.parametrize(
    ("returns", "debits", "status"),
    [
        (0, 0, "few"),
        (99, 99, "few"),
        (4, 1_000, "within"),
        (41, 10_000, "near"),
        (50, 10_000, "near"),  # at the limit, not above it
        (51, 10_000, "over"),
        (5_001, 1_000_000, "over"),
    ],
)
def test_a_limit_is_broken_above_it_and_judged_with_enough_debits_only(returns: int, debits: int, status: str) -> None:
    assert UNAUTHORIZED.status(returns, debits) == status


def test_a_monitor_counts_its_codes_and_one_without_codes_counts_all() -> None:
    returns = {"R01": 5, "R10": 2, "R29": 1, "none": 1}
    assert UNAUTHORIZED.counted(returns) == 3
    assert Limit(150_000, 120_000, 100).counted(returns) == 9


def test_the_limits_are_those_of_the_network_and_name_codes_that_there_are() -> None:
    known = {row["code"] for row in rows("return_codes.csv")}
    limits = {row["monitor"]: row for row in rows("return_rate_limits.csv")}
    assert {name: int(row["limit_ppm"]) for name, row in limits.items()} == {
        "unauthorized": 5_000,
        "administrative": 30_000,
        "overall": 150_000,
    }
    assert {int(row["window_days"]) for row in limits.values()} == {60}
    assert {code for row in limits.values() for code in row["codes"].split("|")} - {""} <= known
    assert set(limits["unauthorized"]["codes"].split("|")) >= {"R05", "R07", "R10", "R29", "R51"}


# Notices of change


@pytest.mark.parametrize(
    ("code", "data", "routing", "account", "kind"),
    [
        ("C01", "1918171614                   ", None, "1918171614", None),
        ("C02", "121042882", "121042882", None, None),
        ("C03", "121042882          1918171614", "121042882", "1918171614", None),
        ("C05", "22", None, None, "checking"),
        ("C05", "37", None, None, "savings"),
        ("C06", "1918171614                 27", None, "1918171614", "checking"),
        ("C07", "1210428821234567890123456732", "121042882", "12345678901234567", "savings"),
        ("C04", "A. Person", None, None, None),
        ("C02", "121042883", None, None, None),  # the check digit is wrong
        ("C02", "", None, None, None),
        ("C06", "", None, None, None),
    ],
)
def test_corrected_data_is_read_by_what_its_code_corrects(
    code: str, data: str, routing: str | None, account: str | None, kind: str | None
) -> None:
    corrects = {row["code"]: row["corrects"] for row in rows("notice_of_change_codes.csv")}
    found = read_correction(corrects[code], data)
    assert (found.routing_number, found.account_number, found.account_type) == (routing, account, kind)


def test_a_correction_never_shows_the_number_of_the_account() -> None:
    assert "1918171614" not in repr(read_correction("account_number", "1918171614"))


@pytest.mark.parametrize("number", ["021000021", "121042882", "091000019"])
def test_a_routing_number_keeps_its_check_digit(number: str) -> None:
    assert is_routing_number(number)
    changed = str((int(number[0]) + 1) % 10) + number[1:]
    assert not is_routing_number(changed)
    assert not is_routing_number(number[:8])
