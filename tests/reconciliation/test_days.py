"""A reconciled day: who is paired with whom, what stays open, and what people are told of it."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from payments_pipeline.bench.reconcile import build_mart
from payments_pipeline.operations.laws import check
from payments_pipeline.postgres.connect import Database
from payments_pipeline.reconciliation.days import Reconciliation, reconcile_day, returns_from
from payments_pipeline.rules.calendar import next_bank_day
from payments_pipeline.settlement.statements import load_statement
from tests.formats.samples import BAI2, CAMT053, DAY, MT940, bai2_file, line, statement
from tests.reconciliation.desk import MONDAY, Desk, load_rules

SATURDAY = MONDAY - timedelta(days=2)


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with database.connect() as connection:
        yield Desk(connection)


@pytest.mark.parametrize("server_kind", ["embedded", "debian"])
def test_a_line_and_a_payment_that_agree_are_paired_and_the_day_balances(desk: Desk) -> None:
    payment, line = desk.payment("REF-1", 10_000), desk.line("REF-1", 10_000)
    found = reconcile_day(desk.connection, MONDAY)
    assert desk.matches() == [(line, payment, "credit", "reference_amount")]
    assert (found.items, found.variance_cents, found.is_balanced) == (0, 0, True)
    assert [(c.bank_cents, c.our_cents, c.matched_count, c.open_count) for c in found.channels] == [
        (10_000, 10_000, 1, 0)
    ]
    assert desk.cases() == []


def test_references_are_compared_without_blanks_and_case(desk: Desk) -> None:
    desk.payment("  Ref-Äb ", 10_000)
    desk.line("ref-Äb\t", 10_000)
    assert reconcile_day(desk.connection, MONDAY).items == 0


def test_letters_beyond_ascii_keep_their_case(desk: Desk) -> None:
    desk.payment("Ä", 10_000)
    desk.line("ä", 10_000)
    reconcile_day(desk.connection, MONDAY)
    assert desk.matches() == []


@pytest.mark.parametrize(
    ("differing", "cause"),
    [
        ({"channel": "wire"}, "missing_here"),
        ({"kind": "other"}, "unknown"),
        ({"reference": "REF-2"}, "missing_here"),
        ({"account": "lockbox"}, "missing_here"),
    ],
)
def test_lines_that_differ_in_rail_kind_account_or_reference_are_not_paired(
    desk: Desk, differing: dict[str, str], cause: str
) -> None:
    desk.payment("REF-1", 10_000)
    desk.line(**{"reference": "REF-1", "cents": 10_000} | differing)  # type: ignore[arg-type]
    reconcile_day(desk.connection, MONDAY)
    assert desk.matches() == []
    assert desk.items() == [("bank", cause, 10_000), ("ours", "missing_at_bank", -10_000)]


def test_a_pair_whose_amounts_differ_is_matched_and_the_difference_is_an_item(desk: Desk) -> None:
    payment, line = desk.payment("REF-1", 10_000), desk.line("REF-1", 10_250)
    found = reconcile_day(desk.connection, MONDAY)
    assert desk.matches() == [(line, payment, "credit", "reference_other_amount")]
    assert desk.items() == [("both", "amount_differs", 250)]
    assert found.channels[0].matched_count == 1
    assert found.variance_cents == 250


def test_the_exact_amount_has_precedence_over_the_reference_alone(desk: Desk) -> None:
    desk.payment("REF-1", 9_000)
    exact = desk.payment("REF-1", 10_000)
    line = desk.line("REF-1", 10_000)
    reconcile_day(desk.connection, MONDAY)
    assert desk.matches() == [(line, exact, "credit", "reference_amount")]


def test_a_line_told_twice_is_a_duplicate_at_the_bank(desk: Desk) -> None:
    desk.payment("REF-1", 10_000)
    desk.line("REF-1", 10_000)
    desk.line("ref-1", 10_000)
    reconcile_day(desk.connection, MONDAY)
    assert desk.items() == [("bank", "duplicate_at_bank", 10_000)]
    assert len(desk.matches()) == 1


@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_line_told_again_on_a_later_day_is_a_duplicate_whichever_day_is_run_first(
    desk: Desk, is_in_order: bool
) -> None:
    tuesday = MONDAY + timedelta(days=1)
    payment, line = desk.payment("REF-1", 10_000, transfer="acht_1"), desk.line("REF-1", 10_000, transfer="acht_1")
    desk.line("REF-1", 10_000, transfer="acht_1", day=tuesday)
    for day in (MONDAY, tuesday) if is_in_order else (tuesday, MONDAY):
        reconcile_day(desk.connection, day)
    assert desk.matches() == [(line, payment, "credit", "transfer_id")]
    assert desk.rows("select bank_day, cause, status from reconciliation.items") == [
        (tuesday, "duplicate_at_bank", "open")
    ]


def test_the_same_reference_on_a_later_day_may_be_another_payment(desk: Desk) -> None:
    tuesday = MONDAY + timedelta(days=1)
    desk.payment("RENT", 10_000)
    desk.line("RENT", 10_000)
    desk.line("RENT", 10_000, day=tuesday)
    for day in (MONDAY, tuesday):
        reconcile_day(desk.connection, day)
    assert desk.items() == [("bank", "missing_here", 10_000)]


def test_payments_that_look_alike_are_paired_one_to_one(desk: Desk) -> None:
    payments = {desk.payment("SAME", 10_000) for _ in range(2)}
    lines = {desk.line("same", 10_000) for _ in range(3)}
    reconcile_day(desk.connection, MONDAY)
    assert {row[1] for row in desk.matches()} == payments
    assert len({row[0] for row in desk.matches()} & lines) == 2
    assert desk.items() == [("bank", "duplicate_at_bank", 10_000)]


def test_with_fewer_lines_than_payments_that_look_alike_nobody_can_tell_which_is_missing(desk: Desk) -> None:
    payments = {desk.payment("SAME", 10_000) for _ in range(2)}
    line = desk.line("same", 10_000)
    reconcile_day(desk.connection, MONDAY)
    assert desk.matches() == []
    suggested = desk.rows("select line_ids, payment_ids, method, score from reconciliation.suggestions")
    assert {payment for _, [payment], *_ in suggested} == payments
    assert {(tuple(lines), method, score) for lines, _, method, score in suggested} == {
        ((line,), "reference_amount", 35)
    }


@pytest.mark.parametrize(
    "contents",
    [
        [BAI2],
        [MT940],  # opens with the day before
        [CAMT053],
        [bai2_file([statement([line(1, 100)])]), bai2_file([statement([line(1, 250)], opening=100)])],
    ],
    ids=["bai2", "mt940", "camt", "two that go on"],
)
def test_a_day_whose_statements_give_both_balances_is_proven(desk: Desk, contents: list[bytes]) -> None:
    for number, content in enumerate(contents):
        loaded = load_statement(
            desk.connection, io.BytesIO(content), f"file-{number}", received_at=datetime(2026, 3, 4, tzinfo=UTC)
        )
        assert not loaded.is_refused, loaded.refusal
    reconcile_day(desk.connection, DAY)
    assert desk.rows("select distinct proof from reconciliation.days") == [("proven",)]


def test_a_message_without_money_is_kept_and_is_nothing_to_look_into(desk: Desk) -> None:
    content = BAI2.replace(b"49,456500,7/", b"16,890,,,,,PLEASE CALL YOUR BANKER/\n49,456500,8/")
    content = content.replace(b"98,456500,1,9/", b"98,456500,1,10/").replace(b"99,456500,1,11/", b"99,456500,1,12/")
    loaded = load_statement(desk.connection, io.BytesIO(content), "file", received_at=datetime(2026, 3, 4, tzinfo=UTC))
    assert (loaded.lines, loaded.added, loaded.statements[0].line_count) == (4, 4, 4)
    reconcile_day(desk.connection, DAY)
    assert desk.rows("select distinct proof from reconciliation.days") == [("proven",)]
    assert desk.rows("select sum(line_count) from reconciliation.days") == [(3,)]
    assert 0 not in {cents for _, _, cents in desk.items()}


def test_a_payment_that_is_not_completed_is_not_expected(desk: Desk) -> None:
    desk.payment("REF-1", 10_000, is_completed=False)
    assert reconcile_day(desk.connection, MONDAY).channels == ()


def test_a_card_payment_counts_on_the_bank_day_of_its_payout(desk: Desk) -> None:
    desk.payment("CARD-1", 10_000, channel="card", value_date=MONDAY - timedelta(days=4))
    desk.line("CARD-1", 10_000, channel="card")
    assert reconcile_day(desk.connection, MONDAY).is_balanced
    assert reconcile_day(desk.connection, MONDAY - timedelta(days=4)).channels == ()


def test_a_return_of_the_weekend_shows_on_monday_below_zero(desk: Desk) -> None:
    old = MONDAY - timedelta(days=60)
    payment = desk.payment("REF-1", 10_000, value_date=old, returned_on=SATURDAY)
    line = desk.line("REF-1", -10_000, kind="return")
    found = reconcile_day(desk.connection, MONDAY)
    assert desk.matches() == [(line, payment, "return", "reference_amount")]
    assert found.is_balanced
    assert found.channels[0].our_cents == -10_000


def test_the_return_of_a_payment_that_never_arrived_takes_nothing_from_us(desk: Desk) -> None:
    desk.payment("REF-1", 10_000, is_completed=False, returned_on=MONDAY)
    assert reconcile_day(desk.connection, MONDAY).channels == ()


def test_a_payment_returned_on_its_own_day_shows_both_ways(desk: Desk) -> None:
    desk.payment("REF-1", 10_000, returned_on=MONDAY)
    desk.line("REF-1", 10_000)
    desk.line("REF-1", -10_000, kind="return")
    found = reconcile_day(desk.connection, MONDAY)
    assert found.is_balanced
    assert found.channels[0].matched_count == 2


def test_rails_do_not_make_up_for_each_other(desk: Desk) -> None:
    desk.payment("A", 10_000, channel="ach")
    desk.line("W", 10_000, channel="wire")
    found = reconcile_day(desk.connection, MONDAY)
    assert found.variance_cents == 0
    assert not found.is_balanced
    assert [(c.channel, c.variance_cents, c.status) for c in found.channels] == [
        ("ach", -10_000, "variance"), ("wire", 10_000, "variance"),
    ]  # fmt: skip


def test_a_variance_opens_one_case_and_asks_for_the_day_once(desk: Desk) -> None:
    desk.line("REF-1", 250_000)
    assert reconcile_day(desk.connection, MONDAY).cases_opened == 1
    assert reconcile_day(desk.connection, MONDAY).cases_opened == 0
    assert desk.cases() == [("reconcile_variance", "ach", "medium", "open")]
    [(summary,)] = desk.rows("select summary from operations.exception_cases")
    assert "$2,500.00 by ach and our books $0.00" in summary
    assert desk.rows("select reason, subject, satisfied_at from operations.day_requests") == [("variance", "ach", None)]


@pytest.mark.parametrize("server_kind", ["embedded", "debian"])
def test_the_rerun_after_the_missing_word_closes_the_case_and_says_what_healed_it(desk: Desk) -> None:
    payment = desk.payment("REF-1", 250_000, is_completed=False)
    desk.line("REF-1", 250_000)
    reconcile_day(desk.connection, MONDAY)
    desk.complete(payment)
    found = reconcile_day(desk.connection, MONDAY)
    assert (found.is_balanced, found.cases_resolved) == (True, 1)
    [(state, resolution)] = desk.rows("select state, resolution from operations.exception_cases")
    assert state == "resolved"
    assert "bank and books both show $2,500.00 without an open item" in resolution
    assert "the bank moved by $0.00 and our books by $2,500.00" in resolution
    assert desk.rows("select count(*) from operations.day_requests where satisfied_at is null") == [(0,)]


def test_a_healed_case_that_breaks_again_is_the_same_case_reopened(desk: Desk) -> None:
    payment = desk.payment("REF-1", 250_000, is_completed=False)
    desk.line("REF-1", 250_000)
    reconcile_day(desk.connection, MONDAY)
    desk.complete(payment)
    reconcile_day(desk.connection, MONDAY)
    desk.line("REF-9", 500)
    assert reconcile_day(desk.connection, MONDAY).cases_opened == 1
    assert desk.cases() == [("reconcile_variance", "ach", "low", "open")]
    assert desk.rows("select count(*) from operations.day_requests where satisfied_at is null") == [(1,)]


def test_a_case_that_a_person_closed_stays_closed_until_the_figures_change(desk: Desk) -> None:
    desk.line("REF-1", 500)
    reconcile_day(desk.connection, MONDAY)
    desk.connection.execute("update operations.exception_cases set state = 'resolved', resolution = 'written off'")
    assert reconcile_day(desk.connection, MONDAY).cases_opened == 0
    desk.line("REF-2", 500)
    assert reconcile_day(desk.connection, MONDAY).cases_opened == 1


def test_a_case_that_someone_works_on_stays_theirs_while_its_figures_follow(desk: Desk) -> None:
    desk.line("REF-1", 500)
    reconcile_day(desk.connection, MONDAY)
    desk.connection.execute("update operations.exception_cases set state = 'pending', assigned_to = 'someone'")
    desk.line("REF-2", 250_000)
    reconcile_day(desk.connection, MONDAY)
    assert desk.rows("select state, assigned_to, severity, details -> 'items' from operations.exception_cases") == [
        ("pending", "someone", "medium", 2)
    ]


def test_finance_counts_the_case_of_a_rail_on_two_accounts_once(database: Database) -> None:
    with database.connect("owner") as connection:
        desk = Desk(connection)
        desk.payment("REF-1", 10_000)
        desk.line("REF-1", 20_000, account="lockbox")
        reconcile_day(connection, MONDAY)
        build_mart(connection)
        assert desk.rows("select account, status, open_cases from reporting.daily_reconciliation order by 1") == [
            ("collections", "variance", 1), ("lockbox", "variance", 0),
        ]  # fmt: skip


def test_open_items_that_cancel_out_leave_the_day_balanced_and_are_told(desk: Desk) -> None:
    desk.payment("REF-1", 10_000)
    desk.line("REF-2", 10_000)
    found = reconcile_day(desk.connection, MONDAY)
    assert (found.is_balanced, found.items) == (True, 2)
    assert desk.cases() == [("reconcile_offsetting", "ach", "low", "open")]
    assert desk.rows("select count(*) from operations.day_requests") == [(0,)]


def test_a_variance_that_turns_into_offsetting_items_changes_cases(desk: Desk) -> None:
    desk.payment("REF-1", 10_000)
    reconcile_day(desk.connection, MONDAY)
    desk.line("REF-2", 10_000)
    reconcile_day(desk.connection, MONDAY)
    assert desk.cases() == [
        ("reconcile_offsetting", "ach", "low", "open"), ("reconcile_variance", "ach", "low", "resolved"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cents", "severity"),
    [(99_999, "low"), (100_000, "medium"), (-1_000_000, "high"), (99_999_999, "high"), (100_000_000, "critical")],
)
def test_the_severity_goes_by_the_size_of_the_variance(desk: Desk, cents: int, severity: str) -> None:
    desk.line("REF-1", cents)
    reconcile_day(desk.connection, MONDAY)
    assert desk.cases() == [("reconcile_variance", "ach", severity, "open")]


def test_returns_show_on_the_first_bank_day_on_or_after_them() -> None:
    for offset in range(800):
        day = date(2026, 1, 1) + timedelta(days=offset)
        shown = [
            happened
            for back in range(12)
            if next_bank_day(happened := day - timedelta(days=back)) == day
        ]  # fmt: skip
        assert (min(shown) if shown else day + timedelta(days=1)) == returns_from(day)


# Random days -----------------------------------------------------------------------------------------------------------

REFERENCES = st.sampled_from(["A", "a", " a ", "B", "C", None])
CENTS = st.sampled_from([1, 100, 101, 5_000])
CHANNELS = st.sampled_from(["ach", "wire"])
PAYMENTS = st.lists(
    st.tuples(REFERENCES.filter(bool), CENTS, CHANNELS, st.booleans(), st.sampled_from([None, MONDAY, SATURDAY])),
    max_size=12,
)
LINES = st.lists(st.tuples(REFERENCES, CENTS, CHANNELS, st.sampled_from(["credit", "return", "fee"])), max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payments=PAYMENTS, lines=LINES, late=LINES)
@example(
    payments=[("A", 1, "ach", False, None), ("A", 101, "ach", True, None)],
    lines=[("A", 1, "ach", "credit"), ("A", 100, "ach", "credit")],
    late=[],
).via("one payment in two lines of the bank")
def test_on_any_day_each_side_is_used_once_and_the_items_explain_the_variance(
    desk: Desk,
    payments: list[tuple[str, int, str, bool, date | None]],
    lines: list[tuple[str | None, int, str, str]],
    late: list[tuple[str | None, int, str, str]],
) -> None:
    desk.connection.rollback()
    load_rules(desk.connection)
    for reference, cents, channel, is_completed, returned_on in payments:
        desk.payment(reference, cents, channel=channel, is_completed=is_completed, returned_on=returned_on)
    _lay_out(desk, lines)
    _holds(desk, reconcile_day(desk.connection, MONDAY))
    first = _picture(desk)
    again = reconcile_day(desk.connection, MONDAY)
    assert _picture(desk) == first
    assert (again.cases_opened, again.cases_resolved) == (0, 0)

    # what comes late meets the same statements on a day with matches and indexes in place
    _lay_out(desk, late)
    _holds(desk, reconcile_day(desk.connection, MONDAY))


def _lay_out(desk: Desk, lines: list[tuple[str | None, int, str, str]]) -> None:
    for reference, cents, channel, kind in lines:
        desk.line(reference, cents if kind == "credit" else -cents, channel=channel, kind=kind)


def _picture(desk: Desk) -> list[object]:
    return [
        desk.matches(),
        desk.rows("select * from reconciliation.items order by side, item_id"),
        desk.rows("select * from reconciliation.days order by channel"),
        desk.rows("select * from operations.exception_cases order by case_id"),
        desk.rows("select * from operations.day_requests order by subject"),
    ]


def _holds(desk: Desk, found: Reconciliation) -> None:
    bank: dict[str, int] = dict(
        desk.rows("select channel, sum(amount_cents)::bigint from settlement.bank_lines group by 1")
    )
    ours: dict[str, int] = dict(
        desk.rows(
            "select p.channel, sum(p.amount_cents * case t.status when 'completed' then 1 else -1 end)::bigint "
            "from payments.payments p join payments.transitions t using (effective_on, loan_id, payment_id) "
            "where exists (select from payments.transitions c where c.payment_id = p.payment_id and c.status = 'completed') "
            "group by 1"
        )
    )
    assert {c.channel: c.bank_cents for c in found.channels if c.channel in bank} == bank
    assert {c.channel: c.our_cents for c in found.channels if c.channel in ours} == ours
    explained: dict[str, int] = dict(
        desk.rows("select channel, sum(variance_cents)::bigint from reconciliation.items group by 1")
    )  # fmt: skip
    for channel in found.channels:
        assert channel.variance_cents == channel.bank_cents - channel.our_cents == explained.get(channel.channel, 0)
        unexplained = desk.rows(
            "select coalesce(sum(variance_cents), 0)::bigint from reconciliation.items "
            "where status = 'open' and channel = %s", channel.channel
        )  # fmt: skip
        assert (channel.status == "balanced") == (unexplained == [(0,)])
    assert desk.rows("select count(*) from reconciliation.items where status = 'open'") == [
        (sum(channel.open_count for channel in found.channels),)
    ]
    # a payment may be shown in parts, by several lines of one group; the law says that its shares are its amount
    assert check(desk.connection, "nothing_is_matched_twice") == []
    movements = {(payment, kind) for _, payment, kind, _ in desk.matches()}
    assert sum(channel.matched_count for channel in found.channels) == len(movements)
    # whatever could have been paired has been: of open items that agree in rail, kind, amount and reference there are
    # more of ours, and nobody can tell which the bank shows
    assert not desk.rows(
        "select l.channel, l.kind, l.amount_cents, lower(btrim(l.reference)) "
        "from reconciliation.items b join settlement.bank_lines l on l.line_id = b.item_id "
        "join reconciliation.items o on o.side = 'ours' and o.channel = l.channel "
        "join payments.payments p on p.payment_id = o.payment_id "
        "where b.side = 'bank' and o.item_id = p.payment_id || ' ' || l.kind and -o.variance_cents = l.amount_cents "
        "and lower(btrim(l.reference)) = lower(btrim(p.reference)) "
        "group by 1, 2, 3, 4 having count(distinct b.item_id) >= count(distinct o.item_id)"
    )
    cases = {
        row[1] for row in desk.rows("select category, subcategory from operations.exception_cases where state = 'open'")
    }
    assert cases == {c.channel for c in found.channels if c.open_count}
