"""The returns of a day: what is planned, noted, corrected and counted, and what people are told."""

from datetime import date, timedelta
from typing import Any

import pytest

from payments_pipeline.payments.checks import return_rates_are_within_their_limits
from payments_pipeline.rules.returns import Entry, Limit, correct_by, dishonor_by, retry_on, return_deadline
from tests.payments.debits import COUNTERPARTY, MONDAY, Collections, day
from tests.rules.test_returns import WAITS

# Presenting again


def test_a_debit_that_came_back_for_want_of_funds_is_planned_once_more(collections: Collections) -> None:
    debit = collections.returned(collections.debit(), day(2))
    assert collections.follow_up(day(2)).representments == 1
    assert collections.planned() == [(debit.payment_id, 1, day(7))]  # three bank days after Wednesday
    assert collections.rows("select latest_on from payments.representments") == [(MONDAY + timedelta(days=180),)]
    assert collections.follow_up(day(2)).representments == 0
    assert collections.follow_up(MONDAY).representments == 0


def test_news_of_a_return_that_comes_with_its_value_date_is_planned_too(collections: Collections) -> None:
    collections.returned(collections.debit(), day(2))
    assert collections.follow_up(MONDAY).representments == 1


@pytest.mark.parametrize("code", ["R02", "R08", "R10", "R11", "R16", None])
def test_a_debit_that_came_back_for_any_other_reason_is_not(collections: Collections, code: str | None) -> None:
    collections.returned(collections.debit(), day(2), code)
    collections.follow_up(day(2))
    assert collections.planned() == []


def test_what_somebody_else_sent_us_is_not_ours_to_present(collections: Collections) -> None:
    collections.returned(collections.debit(direction="incoming"), day(2))
    collections.follow_up(day(2))
    assert collections.planned() == []


def test_a_payment_whose_loan_nobody_knows_is_not_presented_again(collections: Collections) -> None:
    collections.returned(collections.debit(loan_id=0), day(2))
    collections.follow_up(day(2))
    assert collections.planned() == []


@pytest.mark.parametrize("code", ["R01", "R73", "CONTESTED"])
def test_a_return_that_was_undone_and_stood_after_all_is_one_debit_one_return_and_one_plan(
    collections: Collections, code: str
) -> None:
    debit = collections.returned(collections.debit(), day(2))
    collections.returned(collections.debit(day(4), transfer_id=f"{debit.transfer_id}/again"), day(6), code)
    for number in (0, 2, 4, 6):
        collections.follow_up(day(number))
    assert collections.planned() == [(debit.payment_id, 1, day(7))]
    assert rates(collections, day(6))["overall"] == (1, 1, "few")


@pytest.mark.parametrize("link", ["key", "transfer"])
def test_the_second_attempt_is_the_last_and_names_the_first_payment(collections: Collections, link: str) -> None:
    first = collections.returned(collections.debit(), day(2))
    collections.follow_up(day(2))
    debits = [first]
    for attempt in (1, 2):
        [(representment_id,)] = collections.rows(
            "select representment_id::text from payments.representments where attempt = %s", attempt
        )
        again = collections.debit(
            day(7 * attempt),
            transfer_id=f"acht_again{attempt}",
            idempotency_key=representment_id if link == "key" else "",
            company_entry_description="RETRY PYMT",
        )
        if link == "transfer":
            collections.connection.execute(
                "insert into payments.representment_outcomes values (1, %s, %s, 'sent', %s, null, %s)",
                (first.payment_id, attempt, again.transfer_id, day(7 * attempt)),
            )
        debits.append(collections.returned(again, day(7 * attempt + 2)))
        collections.follow_up(day(7 * attempt + 2))
    assert [row[:2] for row in collections.planned()] == [(first.payment_id, 1), (first.payment_id, 2)]
    assert collections.rows("select returned_payment_id, latest_on from payments.representments order by attempt") == [
        (debit.payment_id, MONDAY + timedelta(days=180)) for debit in debits[:2]
    ]


def test_a_retry_of_which_we_do_not_know_what_it_retries_is_not_presented_again(collections: Collections) -> None:
    collections.returned(collections.debit(company_entry_description="RETRY PYMT"), day(2))
    collections.follow_up(day(2))
    assert collections.planned() == []


def test_the_days_are_those_of_the_rules_and_end_after_180_days(collections: Collections) -> None:
    returned_after = [1, 5, 173, 176, 178]
    expected = {}
    for number in returned_after:
        for code in ("R01", "R09"):
            debit = collections.returned(collections.debit(), day(number), code)
            if retry := retry_on(Entry(code, MONDAY, day(number), 0), WAITS):
                expected[debit.payment_id] = retry
    for number in returned_after:
        collections.follow_up(day(number))
    assert {payment: on for payment, _, on in collections.planned()} == expected
    assert 0 < len(expected) < 2 * len(returned_after)


# Returns that come too late


@pytest.mark.parametrize(
    ("code", "returned_on", "is_late"),
    [
        ("R01", day(2), False),  # settled on a Monday, back by Wednesday
        ("R01", day(3), True),
        ("R10", day(60), False),  # sixty days end on the Friday before Labor Day
        ("R10", day(61), True),
        ("R06", day(90), False),  # we asked for it
        (None, day(90), False),
    ],
)
def test_a_return_after_its_last_day_may_be_refused_and_is_a_case(
    collections: Collections, code: str | None, returned_on: date, is_late: bool
) -> None:
    collections.returned(collections.debit(), returned_on, code)
    collections.returned(collections.debit(direction="incoming"), returned_on, code)
    collections.follow_up(returned_on)
    cases = collections.rows("select category, severity, next_step from operations.exception_cases")
    assert bool(cases) == is_late
    if is_late:
        [(category, severity, next_step)] = cases
        assert (category, severity) == ("late_return", "high")
        assert str(dishonor_by(returned_on)) in next_step
        rule = {"R01": (2, "bank"), "R10": (60, "calendar")}[str(code)]
        assert return_deadline(MONDAY, *rule) < returned_on  # type: ignore[arg-type]


# Accounts


def test_the_account_behind_a_debit_is_noted_once(collections: Collections) -> None:
    collections.debit()
    collections.debit()
    collections.debit(counterparty_id="cpty_2")
    collections.debit(loan_id=2)
    collections.debit(loan_id=3, counterparty_id="")
    assert collections.follow_up(MONDAY).accounts == 3
    collections.debit(day(30))
    assert collections.follow_up(day(30)).accounts == 0
    assert collections.rows(
        "select loan_id, counterparty_id, version from servicing.external_accounts order by 1, 2"
    ) == [
        (1, COUNTERPARTY, 1),
        (1, "cpty_2", 1),
        (2, COUNTERPARTY, 1),
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"code": "C01", "corrected_data": "1918171614"}, ("C01", "1614", None, None)),
        ([{"code": "C01", "corrected_data": "1"}, {"code": "C02", "corrected_data": "121042882"}], ("C02", None, "121042882", None)),
        ({"change_code": "c03", "account_number": "99887766", "routing_number": "021000021"}, ("C03", "7766", "021000021", None)),
        ({"code": "C05", "corrected_data": "37"}, ("C05", None, None, "savings")),
        ({"code": "C44", "corrected_data": "something new"}, ("C44", None, None, None)),
        (None, ("UNKNOWN", None, None, None)),
    ],
)  # fmt: skip
def test_a_notice_of_change_gives_the_account_its_next_version_and_a_deadline(
    collections: Collections, change: Any, expected: tuple[str, ...]
) -> None:
    collections.debit()
    collections.follow_up(MONDAY)
    collections.notice(day(2), change)
    assert collections.follow_up(day(2)).notices == 1
    assert collections.follow_up(day(2)).notices == 0
    code, last4, routing, kind = expected
    assert collections.rows(
        "select upper(change_code), account_last4, routing_number, account_type, correct_by, loan_id "
        "from servicing.external_accounts where version = 2"
    ) == [(code, last4, routing, kind, correct_by(day(2)), 1)]
    [(category, severity, state, next_step)] = collections.rows(
        "select category, severity, state, next_step from operations.exception_cases"
    )
    assert (category, severity, state) == ("notice_of_change", "medium", "open")
    assert str(correct_by(day(2))) in next_step


def test_what_a_notice_does_not_speak_of_stays_and_no_account_number_is_kept_whole(collections: Collections) -> None:
    collections.debit()
    collections.follow_up(MONDAY)
    for number, (code, data) in enumerate([("C01", "1918171614"), ("C02", "121042882"), ("C01", "1918171614")]):
        collections.notice(day(1 + number), {"code": code, "corrected_data": data})
        collections.follow_up(day(1 + number))
    versions = collections.rows(
        "select version, account_last4, routing_number, account_fingerprint from servicing.external_accounts order by 1"
    )
    assert [row[:3] for row in versions] == [
        (1, None, None), (2, "1614", None), (3, "1614", "121042882"), (4, "1614", "121042882")
    ]  # fmt: skip
    assert versions[1][3] == versions[3][3] is not None
    for table in ("servicing.external_accounts", "operations.exception_cases"):
        assert collections.rows(f"select count(*) from {table} as t where t::text like '%%1918171614%%'") == [(0,)]


def test_a_notice_finds_its_loan_by_the_account_and_is_kept_where_it_does_not(collections: Collections) -> None:
    collections.debit(loan_id=4, counterparty_id="cpty_4")
    collections.follow_up(MONDAY)
    collections.notice(day(1), {"code": "C05", "corrected_data": "37"}, counterparty_id="cpty_4", loan_id=None)
    collections.notice(day(1), {"code": "C05", "corrected_data": "37"}, counterparty_id="cpty_x", loan_id=None)
    assert collections.follow_up(day(1)).notices == 2
    assert collections.rows(
        "select loan_id, counterparty_id from servicing.external_accounts where version = 2 order by 1"
    ) == [(0, "cpty_x"), (4, "cpty_4")]


def test_a_notice_that_was_booked_after_the_days_run_is_taken_by_the_next(collections: Collections) -> None:
    collections.follow_up(day(1))
    collections.notice(day(1), {"code": "C05", "corrected_data": "37"})
    assert collections.follow_up(day(2)).notices == 1


def test_the_case_of_a_notice_becomes_urgent_and_closes_when_the_account_is_changed(collections: Collections) -> None:
    collections.debit()
    collections.follow_up(MONDAY)
    collections.notice(day(1), {"code": "C02", "corrected_data": "121042882"})
    collections.follow_up(day(1))

    def case() -> list[Any]:
        return collections.rows("select severity, state from operations.exception_cases")

    collections.follow_up(correct_by(day(1)))
    assert case() == [("medium", "open")]
    collections.follow_up(correct_by(day(1)) + timedelta(days=1))
    assert case() == [("high", "open")]
    collections.debit(day(31))
    collections.follow_up(day(31))
    assert case() == [("high", "open")]  # from the old account still
    collections.debit(day(62), counterparty_id="cpty_corrected")
    collections.follow_up(day(62))
    assert case() == [("high", "resolved")]


# Rates


def many_debits(collections: Collections, count: int, on: date) -> None:
    """What the days before left behind, without its rows."""
    collections.connection.execute(
        "insert into operations.return_counts values (%s, 'debits', %s) on conflict (business_date, outcome) do update "
        "set entries = excluded.entries",
        (on, count),
    )


def rates(collections: Collections, on: date) -> dict[str, tuple[int, int, str]]:
    found = collections.rows(
        "select monitor, debits, returns, status from operations.return_rates where business_date = %s", on
    )
    return {monitor: (debits, returns, status) for monitor, debits, returns, status in found}


def test_debits_count_on_the_day_they_settle_and_returns_on_the_day_they_come_back(collections: Collections) -> None:
    for code in ("R01", "R10", "R10", "R03", None):
        collections.returned(collections.debit(), day(2), code)
    collections.debit()
    collections.debit(is_canceled=True)
    collections.returned(collections.debit(direction="incoming"), day(2), "R10")
    collections.returned(collections.debit(day(2)), day(3), "R29")
    for number in (0, 2, 3, 2, 0):
        collections.follow_up(day(number))
    assert collections.rows("select business_date, outcome, entries from operations.return_counts order by 1, 2") == [
        (MONDAY, "debits", 6),
        (day(2), "R01", 1), (day(2), "R03", 1), (day(2), "R10", 2), (day(2), "debits", 1), (day(2), "none", 1),
        (day(3), "R29", 1), (day(3), "debits", 0),
    ]  # fmt: skip
    assert rates(collections, day(2)) == {
        "unauthorized": (7, 2, "few"), "administrative": (7, 1, "few"), "overall": (7, 5, "few"),
    }  # fmt: skip
    assert rates(collections, day(3))["unauthorized"] == (7, 3, "few")
    assert rates(collections, MONDAY)["overall"] == (6, 0, "few")


def test_a_window_holds_sixty_days_and_no_more(collections: Collections) -> None:
    collections.returned(collections.debit(), MONDAY, "R10")
    collections.follow_up(MONDAY)
    for number in (59, 60):
        many_debits(collections, 10, day(number))
    assert rates(collections, day(59))["unauthorized"] == (11, 1, "few")
    assert rates(collections, day(60))["unauthorized"] == (20, 0, "few")


@pytest.mark.parametrize(("debits", "status"), [(99, "few"), (199, "over"), (201, "near"), (251, "within")])
def test_a_rate_is_what_the_rules_make_of_it(collections: Collections, debits: int, status: str) -> None:
    collections.returned(collections.debit(day(1)), day(1), "R10")
    many_debits(collections, debits - 1, MONDAY)
    collections.follow_up(day(1))
    assert rates(collections, day(1))["unauthorized"] == (debits, 1, status)
    assert Limit(5_000, 4_000, 100).status(1, debits) == status


def test_whether_r11_counts_is_a_matter_of_the_file(collections: Collections) -> None:
    collections.returned(collections.debit(), MONDAY, "R11")
    collections.follow_up(MONDAY)
    assert rates(collections, MONDAY)["unauthorized"] == (1, 0, "few")
    collections.connection.execute(
        "update payments.return_rate_limits set codes = codes || '|R11' where monitor = 'unauthorized'"
    )
    assert rates(collections, MONDAY)["unauthorized"] == (1, 1, "few")


def test_a_rate_above_its_limit_is_a_case_until_it_is_within_it_again(collections: Collections) -> None:
    for _ in range(2):
        collections.returned(collections.debit(day(1)), day(1), "R10")
    many_debits(collections, 198, MONDAY)
    assert collections.follow_up(day(1)).cases_opened == 1
    assert collections.follow_up(day(1)).cases_opened == 0
    [(category, monitor, severity, summary)] = collections.rows(
        "select category, subcategory, severity, summary from operations.exception_cases where state = 'open'"
    )
    assert (category, monitor, severity) == ("return_rate", "unauthorized", "critical")
    assert summary.startswith("1.00% of the debits of the 60 days to 2026-07-07 came back (2 of 200)")
    many_debits(collections, 10_000, MONDAY)
    assert collections.follow_up(day(2)).cases_resolved == 1
    many_debits(collections, 198, MONDAY)
    assert collections.follow_up(day(3)).cases_opened == 1
    collections.connection.execute(
        "update operations.exception_cases set state = 'resolved', resolution = 'our bank knows', details = details - 'healed'"
    )
    assert collections.follow_up(day(4)).cases_opened == 0


def test_the_check_is_of_the_rates_and_stops_nothing() -> None:
    [spec] = return_rates_are_within_their_limits.check_specs
    assert spec.asset_key.to_user_string() == "operations/return_rates"
    assert spec.blocking is False


# Cost


def test_a_day_looks_at_the_days_that_it_concerns_and_at_no_other(collections: Collections) -> None:
    for number in range(40):
        for table in ("payments.payments", "payments.transitions", "ingestion.staged"):
            collections.connection.execute("select operations.open_day(%s, %s)", (table, day(number)))
    collections.returned(collections.debit(day(5)), day(20))
    collections.debit(day(20))
    before = set(collections.rows(_LOCKED))
    collections.follow_up(day(20))
    days = {name[-8:] for (name,) in set(collections.rows(_LOCKED)) - before}
    assert collections.planned() != []
    # the day, the value date of what came back, and the week in which a notice may have been received
    assert days <= {f"{day(number):%Y%m%d}" for number in (5, *range(13, 21))}


_LOCKED = """
select c.oid::regclass::text
from pg_locks as l inner join pg_class as c on l.relation = c.oid
where l.pid = pg_backend_pid() and c.relispartition and c.relkind = 'r' and l.mode = 'AccessShareLock'
"""
