"""What people decide about a day, who must agree, and that reruns keep it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result

from payments_pipeline.cli import payments
from payments_pipeline.days_run import NeverRunError, NotReconciledError
from payments_pipeline.postgres.connect import Database
from payments_pipeline.reconciliation.days import reconcile_day
from payments_pipeline.reconciliation.decisions import DecisionError, decide, decisions_waiting, judge
from tests.reconciliation.desk import MONDAY, Desk, Row
from tests.reconciliation.test_passes import WEDNESDAY, explained, run_days

TUESDAY = MONDAY + timedelta(days=1)
BY_ANN = {"reason": "the payer sent the advice", "decided_by": "Ann"}
BY_BOB = {"reason": "seen the advice", "decided_by": "Bob"}

Ask = Callable[..., Result]


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with database.connect() as connection:
        desk = Desk(connection)
        yield desk
        assert desk.broken_laws() == []


@pytest.fixture
def ask(database: Database, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`payments reconcile` over the database of the test, on a wide screen or a narrow one."""
    monkeypatch.setattr("payments_pipeline.reconciliation.command.open_database", lambda _: database)

    def asked(*arguments: str, columns: int = 300) -> Result:
        return CliRunner().invoke(payments, ["reconcile", *arguments], env={"COLUMNS": str(columns)})

    return asked


def items(desk: Desk) -> list[Row]:
    return desk.rows("select side, cause, status, variance_cents from reconciliation.items order by bank_day, 1, 2, 4")


def status(desk: Desk) -> list[Row]:
    return desk.rows(
        "select status, matched_count, auto_matched_count, open_count from reconciliation.days order by bank_day"
    )


def waiting(desk: Desk) -> list[UUID]:
    """The decisions that a second person is asked for."""
    return [row["decision_id"] for row in decisions_waiting(desk.connection)]


def test_a_person_breaks_a_tie_and_every_rerun_keeps_it(desk: Desk) -> None:
    first, second = (desk.payment(f"REF-{name}", 10_000) for name in "AB")
    line = desk.line(None, 10_000)
    reconcile_day(desk.connection, MONDAY)
    assert desk.matches() == []
    stored = decide(desk.connection, "match", MONDAY, lines=[line], payments=[second], **BY_ANN)
    assert (stored.cents, stored.needs_approval) == (0, False)
    for _ in range(2):
        assert desk.matches() == [(line, second, "credit", "decision")]
        assert items(desk) == [("ours", "missing_at_bank", "open", -10_000)]
        assert status(desk) == [("variance", 1, 0, 1)]
        reconcile_day(desk.connection, MONDAY)
    assert desk.rows("select payment_id from reconciliation.items") == [(first,)]


def test_a_person_says_that_money_that_went_out_was_a_return(desk: Desk) -> None:
    payment = desk.payment("in", 10_000, channel="realtime", transfer="in", returned_on=MONDAY, returned_by="out")
    credit = desk.line(None, 10_000, channel="realtime", transfer="in")
    lines = [desk.line(None, -10_000, channel="realtime", kind="other") for _ in "AB"]  # of a statement without ids
    run_days(desk, MONDAY)
    for line in lines:  # the last word counts
        decide(desk.connection, "match", MONDAY, lines=[line], payments=[payment], **BY_ANN)
        expected = sorted([(credit, payment, "credit", "transfer_id"), (line, payment, "return", "decision")])
        for _ in range(2):
            assert desk.matches() == expected
            assert items(desk) == [("bank", "unknown", "open", -10_000)]
            reconcile_day(desk.connection, MONDAY)


def test_a_match_with_a_large_difference_takes_a_second_person(desk: Desk) -> None:
    payment, line = desk.payment("REF-A", 50_000), desk.line("OTHER", 30_000)
    reconcile_day(desk.connection, MONDAY)
    stored = decide(desk.connection, "match", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    assert (stored.cents, stored.needs_approval) == (20_000, True)
    assert desk.matches() == []
    with pytest.raises(DecisionError, match="decided by Ann"):
        judge(desk.connection, "approve", stored.decision_id, reason="sure", decided_by=" ann ")
    judge(desk.connection, "approve", stored.decision_id, **BY_BOB)
    assert desk.matches() == [(line, payment, "credit", "decision")]
    assert items(desk) == [("both", "write_off", "settled_by_person", -20_000)]
    assert status(desk) == [("balanced", 1, 0, 0)]
    with pytest.raises(DecisionError, match="already"):
        judge(desk.connection, "approve", stored.decision_id, **BY_BOB)
    judge(desk.connection, "reject", stored.decision_id, reason="it was wrong", decided_by="Cy")
    assert desk.matches() == []


def test_what_is_taken_apart_stays_apart_until_somebody_matches_it(desk: Desk) -> None:
    payment, line = desk.payment("REF-A", 10_000), desk.line("REF-A", 10_000)
    reconcile_day(desk.connection, MONDAY)
    decide(desk.connection, "unmatch", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    reconcile_day(desk.connection, MONDAY)
    assert desk.matches() == []
    decide(desk.connection, "match", MONDAY, lines=[line], payments=[payment], **BY_BOB)
    assert desk.matches() == [(line, payment, "credit", "decision")]
    decide(desk.connection, "unmatch", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    assert desk.matches() == []


@pytest.mark.parametrize("reference", ["REF-A", None])
def test_a_line_that_is_taken_apart_leaves_its_payment_to_another_that_says_the_same(
    desk: Desk, reference: str | None
) -> None:
    payment = desk.payment("REF-A", 10_000)
    first, second = desk.line(reference, 10_000), desk.line(reference, 10_000)
    run_days(desk, MONDAY)
    decide(desk.connection, "unmatch", MONDAY, lines=[first], payments=[payment], **BY_ANN)
    for _ in range(2):
        assert [row[:2] for row in desk.matches()] == [(second, payment)]
        run_days(desk, MONDAY)


@pytest.mark.parametrize(("cents", "waits"), [(10_000, False), (10_001, True)])
def test_a_write_off_settles_an_item_and_above_the_limit_takes_two(desk: Desk, cents: int, waits: bool) -> None:
    line = desk.line("REF-A", cents)
    reconcile_day(desk.connection, MONDAY)
    stored = decide(desk.connection, "write_off", MONDAY, lines=[line], reason="small", decided_by="Ann")
    assert stored.needs_approval is waits
    if waits:
        assert items(desk) == [("bank", "missing_here", "open", cents)]
        judge(desk.connection, "approve", stored.decision_id, **BY_BOB)
    assert items(desk) == [("bank", "write_off", "settled_by_person", cents)]
    assert status(desk) == [("balanced", 0, 0, 0)]
    assert desk.rows("select cause, cents from reconciliation.bridge") == [("write_off", cents)]


def test_money_that_was_written_off_and_comes_after_all_is_matched(desk: Desk) -> None:
    payment = desk.payment("REF-A", 5_000)
    reconcile_day(desk.connection, MONDAY)
    decide(desk.connection, "write_off", MONDAY, payments=[payment], **BY_ANN)
    line = desk.line("REF-A", 5_000, day=TUESDAY)
    reconcile_day(desk.connection, TUESDAY)
    assert desk.matches() == [(line, payment, "credit", "reference_amount")]
    assert {row[1] for row in items(desk)} == {"timing"}


def test_a_write_off_that_a_match_has_overtaken_does_not_come_back_when_the_match_is_taken_apart(desk: Desk) -> None:
    payment, line = desk.payment("REF-A", 5_000), desk.line("OTHER", 5_000)
    run_days(desk, MONDAY)
    both = [("bank", "missing_here", "open", 5_000), ("ours", "missing_at_bank", "open", -5_000)]
    written_off = [
        ("bank", "write_off", "settled_by_person", 5_000),
        ("ours", "write_off", "settled_by_person", -5_000),
    ]
    decide(desk.connection, "write_off", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    assert items(desk) == written_off
    decide(desk.connection, "match", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    assert items(desk) == []
    decide(desk.connection, "unmatch", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    assert items(desk) == both
    decide(desk.connection, "write_off", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    assert items(desk) == written_off


def test_a_return_that_a_person_matches_leaves_the_write_off_of_its_payment(desk: Desk) -> None:
    payment = desk.payment("REF-A", 5_000, returned_on=TUESDAY)
    back = desk.line("Y", -5_000, kind="return", day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    decide(desk.connection, "write_off", MONDAY, payments=[payment], **BY_ANN)
    decide(desk.connection, "match", TUESDAY, lines=[back], payments=[payment], **BY_ANN)
    assert items(desk) == [("ours", "write_off", "settled_by_person", -5_000)]


def test_several_payments_across_days_are_matched_with_one_line(desk: Desk) -> None:
    payments = [desk.payment("A", 1_000), desk.payment("B", 2_500, value_date=TUESDAY)]
    line = desk.line("BOTH", 3_500, day=TUESDAY)
    for day in (MONDAY, TUESDAY):
        reconcile_day(desk.connection, day)
    decide(desk.connection, "match", TUESDAY, lines=[line], payments=payments, **BY_ANN)
    before = items(desk)
    assert before == [("ours", "timing", "explained", -1_000), ("bank", "timing", "explained", 1_000)]
    for day in (MONDAY, TUESDAY):
        reconcile_day(desk.connection, day)
        assert (items(desk), len(desk.matches())) == (before, 2)


def test_a_payment_and_its_return_are_matched_each_by_itself(desk: Desk) -> None:
    payment = desk.payment("REF-A", 10_000, returned_on=TUESDAY)
    credit, back = desk.line("X", 10_000), desk.line("Y", -10_000, kind="return", day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    decide(desk.connection, "match", MONDAY, lines=[credit], payments=[payment], **BY_ANN)
    decide(desk.connection, "match", TUESDAY, lines=[back], payments=[payment], **BY_ANN)
    run_days(desk, MONDAY, TUESDAY)
    assert sorted(desk.matches()) == sorted(
        [(credit, payment, "credit", "decision"), (back, payment, "return", "decision")]
    )


def test_a_payment_that_is_matched_on_another_day_comes_over_at_once(desk: Desk) -> None:
    payment = desk.payment("REF-1", 10_000, value_date=TUESDAY)
    desk.line("REF-1", 10_000, day=TUESDAY)
    line = desk.line("X", 10_000)
    run_days(desk, MONDAY, TUESDAY)
    decide(desk.connection, "match", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    assert desk.matches() == [(line, payment, "credit", "decision")]


def test_who_writes_off_a_payment_does_not_write_off_its_return(desk: Desk) -> None:
    payment = desk.payment("REF-A", 5_000, returned_on=TUESDAY)
    run_days(desk, MONDAY)
    decide(desk.connection, "write_off", MONDAY, payments=[payment], **BY_ANN)
    run_days(desk, TUESDAY)
    assert explained(desk, TUESDAY) == [("ours", "missing_at_bank", "open", 5_000)]


def test_a_write_off_is_of_its_day_though_another_day_has_a_line_of_that_name(desk: Desk) -> None:
    for day, cents in ((MONDAY, 500), (TUESDAY, 9_000_000)):
        desk.connection.execute("select operations.open_day('settlement.bank_lines', %s)", (day,))
        desk.connection.execute(
            "insert into settlement.bank_lines (bank_day, line_id, account, channel, kind, amount_cents, reference, source) "
            "values (%s, 'L1', 'main', 'ach', 'credit', %s, %s, 'by hand')",
            (day, cents, f"R{day}"),
        )
    run_days(desk, MONDAY, TUESDAY)
    decide(desk.connection, "write_off", MONDAY, lines=["L1"], reason="small", decided_by="Ann")
    run_days(desk, TUESDAY)
    assert explained(desk, TUESDAY) == [("bank", "missing_here", "open", 9_000_000)]


def test_what_people_matched_is_counted_whichever_day_is_run_last(desk: Desk) -> None:
    payment, line = desk.payment("REF-1", 10_000), desk.line("X", 10_000, day=MONDAY - timedelta(days=4))
    desk.payment("REF-2", 20_000)
    desk.line("REF-2", 20_000, day=WEDNESDAY)
    run_days(desk, MONDAY - timedelta(days=4), MONDAY)
    decide(desk.connection, "match", MONDAY - timedelta(days=4), lines=[line], payments=[payment], **BY_ANN)
    run_days(desk, WEDNESDAY)
    assert desk.rows(
        "select matched_count, auto_matched_count from reconciliation.days where bank_day = %s", MONDAY
    ) == [(2, 1)]


def test_what_people_matched_is_counted_on_the_account_of_its_rail_alone(desk: Desk) -> None:
    payment, line = desk.payment("REF-1", 10_000), desk.line("X", 10_000)
    desk.line("Y", 700, account="lockbox")
    run_days(desk, MONDAY)
    decide(desk.connection, "match", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    assert desk.rows(
        "select account, movement_count, matched_count, auto_matched_count from reconciliation.days order by 1"
    ) == [("collections", 1, 1, 0), ("lockbox", 0, 0, 0)]


def test_what_is_written_off_is_not_written_off_again(desk: Desk) -> None:
    line = desk.line("X", 5_000)
    run_days(desk, MONDAY)
    decide(desk.connection, "write_off", MONDAY, lines=[line], reason="small", decided_by="Ann")
    with pytest.raises(DecisionError, match="Only what is open"):
        decide(desk.connection, "write_off", MONDAY, lines=[line], reason="also small", decided_by="Bob")


def test_what_a_later_decision_has_overtaken_is_not_approved_as_if_it_counted(desk: Desk) -> None:
    one, other, line = desk.payment("REF-A", 50_000), desk.payment("REF-B", 30_000), desk.line("X", 30_000)
    run_days(desk, MONDAY)
    waits = decide(desk.connection, "match", MONDAY, lines=[line], payments=[one], **BY_ANN)
    assert waiting(desk) == [waits.decision_id]
    later = decide(desk.connection, "match", MONDAY, lines=[line], payments=[other], **BY_BOB)
    assert waiting(desk) == []
    with pytest.raises(DecisionError, match="overtaken by a later decision"):
        judge(desk.connection, "approve", waits.decision_id, reason="agreed", decided_by="Cy")
    assert desk.matches() == [(line, other, "credit", "decision")]
    judge(desk.connection, "reject", later.decision_id, reason="it was wrong", decided_by="Cy")
    assert waiting(desk) == [waits.decision_id]
    judge(desk.connection, "reject", waits.decision_id, reason="so was this", decided_by="Cy")
    assert waiting(desk) == []


def test_a_write_off_whose_line_found_its_payment_meanwhile_is_not_approved(desk: Desk) -> None:
    line = desk.line("REF-A", 30_000)
    run_days(desk, MONDAY)
    waits = decide(desk.connection, "write_off", MONDAY, lines=[line], reason="small", decided_by="Ann")
    assert waiting(desk) == [waits.decision_id]
    desk.payment("REF-A", 30_000)
    run_days(desk, MONDAY)
    assert waiting(desk) == []
    with pytest.raises(DecisionError, match="not there any more as it was"):
        judge(desk.connection, "approve", waits.decision_id, **BY_BOB)


def test_a_line_of_another_day_is_told_from_one_that_there_is_not(desk: Desk) -> None:
    payment, line = desk.payment("REF-A", 30_000), desk.line("X", 30_000, day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    with pytest.raises(DecisionError, match=f"There is no line {line} on {MONDAY}") as refused:
        decide(desk.connection, "match", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    assert "of the day of its line" in refused.value.remedy


def test_of_two_who_decide_about_a_line_at_once_the_second_sees_what_the_first_decided(
    desk: Desk, database: Database
) -> None:
    payment, line = desk.payment("REF-A", 5_000), desk.line("OTHER", 5_000)
    run_days(desk, MONDAY)
    desk.connection.commit()
    decide(desk.connection, "match", MONDAY, lines=[line], payments=[payment], **BY_ANN)
    with database.connect() as another, ThreadPoolExecutor(1) as people:
        bob = people.submit(decide, another, "write_off", MONDAY, lines=[line], reason="small", decided_by="Bob")
        with database.connect(autocommit=True) as looking:
            waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            while looking.execute(waiting).fetchone() == (0,) and not bob.done():
                sleep(0.05)
        desk.connection.commit()
        with pytest.raises(DecisionError, match="Only what is open"):
            bob.result(60)


@pytest.mark.parametrize(("one", "other"), [("Jos\u00e9", "Jose\u0301"), ("Ann", "Ann\u200b"), ("Ann Lee", "lee, ann")])
def test_another_spelling_is_no_second_person(desk: Desk, one: str, other: str) -> None:
    line = desk.line("X", 20_000)
    run_days(desk, MONDAY)
    stored = decide(desk.connection, "write_off", MONDAY, lines=[line], reason="small", decided_by=one)
    with pytest.raises(DecisionError, match="somebody else"):
        judge(desk.connection, "approve", stored.decision_id, reason="agreed", decided_by=other)


def test_a_line_on_the_wrong_account_is_no_match(desk: Desk) -> None:
    payment, line = desk.payment("REF-1", 10_000), desk.line("REF-1", 10_000, account="lockbox")
    run_days(desk, MONDAY)
    with pytest.raises(DecisionError, match="another account"):
        decide(desk.connection, "match", MONDAY, lines=[line], payments=[payment], **BY_ANN)


def test_decisions_that_make_no_sense_are_refused(desk: Desk) -> None:
    payment, wire = desk.payment("A", 1_000), desk.payment("W", 1_000, channel="wire")
    line, matched = desk.line("X", 1_000), desk.line("A2", 700)
    desk.payment("A2", 700)
    reconcile_day(desk.connection, MONDAY)

    def refused(kind: str, lines: list[str], whose: list[UUID], said: str, **why: str) -> None:
        with pytest.raises(DecisionError, match=said):
            decide(desk.connection, kind, MONDAY, lines=lines, payments=whose, **(BY_ANN | why))  # type: ignore[arg-type]

    refused("match", ["nowhere"], [payment], "There is no line nowhere")
    refused("match", [line], [UUID(int=9)], "There is no payment")
    refused("match", [line], [], "takes lines and payments")
    refused("match", [line], [wire], "several rails")
    refused("match", [line, matched], [payment], "differ from the payments by 700 cents")
    refused("write_off", [matched], [], "Only what is open")
    refused("match", [line], [payment], "Expected a reason", reason=" - ")
    assert desk.rows("select count(*) from reconciliation.decisions") == [(0,)]


def test_a_decision_is_a_fact(desk: Desk) -> None:
    line = desk.line("REF-A", 100)
    reconcile_day(desk.connection, MONDAY)
    decide(desk.connection, "write_off", MONDAY, lines=[line], reason="small", decided_by="Ann")
    desk.connection.commit()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        desk.connection.execute("update reconciliation.decisions set reason = 'another'")
    desk.connection.rollback()


def test_the_command_shows_what_is_open_and_decides(desk: Desk, ask: Ask) -> None:
    line = desk.line("REF-A", 25_000)
    reconcile_day(desk.connection, MONDAY)
    desk.connection.commit()

    def said(*arguments: str) -> str:
        result = ask(*arguments)
        assert result.exit_code == 0, result.output
        return result.output

    assert "missing_here" in said("show", "--date", str(MONDAY))
    told = said("write-off", "--date", str(MONDAY), "--line", line, "--reason", "small", "--by", "Ann")
    assert "it counts once somebody else approves it" in told
    assert "small" in said("waiting")
    said("approve", told.split()[1].rstrip(","), "--reason", "agreed", "--by", "Bob")
    assert said("waiting") == "no decision waits for approval\n"
    assert "nothing is open" in said("show", "--date", str(MONDAY))
    assert "ach: balanced" in said("day", "--date", str(MONDAY))
    assert "nothing is suggested" in said("suggestions", "--date", str(MONDAY))


def test_what_is_shown_can_be_pasted_into_a_decision_however_narrow_the_screen_is(desk: Desk, ask: Ask) -> None:
    payment, line = desk.payment("REF-A", 10_000), desk.line("OTHER", 25_000)
    reconcile_day(desk.connection, MONDAY)
    desk.connection.commit()

    def said(*arguments: str) -> str:
        result = ask(*arguments, columns=40)
        assert result.exit_code == 0, result.output
        return result.output

    shown = said("show", "--date", str(MONDAY))
    pasted = [f"--line {line}", f"--payment {payment}"]
    assert [option for option in pasted if option not in shown] == []
    options = " ".join(pasted).split()
    said("match", "--date", str(MONDAY), *options, "--reason", "advice", "--by", "Ann")
    assert "match" in said("waiting")


def test_a_day_that_was_never_run_is_not_told_as_one_on_which_nothing_is_open(desk: Desk, ask: Ask) -> None:
    desk.connection.commit()

    def refusal(command: str, day: str = str(TUESDAY)) -> str:
        result = ask(command, "--date", day)
        assert isinstance(result.exception, NeverRunError), result.output
        assert "run it: materialize its partition" in result.exception.remedy
        return result.exception.message

    assert refusal("show") == f"{TUESDAY} has not been run: no day has been yet"
    desk.line("REF-A", 25_000)
    reconcile_day(desk.connection, MONDAY)
    saturday = MONDAY - timedelta(days=2)
    desk.connection.execute("insert into ledger.days (business_date) values (%s)", (saturday,))
    desk.connection.commit()
    for command in ("show", "suggestions", "day"):
        assert refusal(command) == (f"{TUESDAY} has not been run: the days that have been run are {saturday}, {MONDAY}")
        assert "9999-12-31 has not been run" in refusal(command, "9999-12-31")
    decision = ("write-off", "--date", "9999-12-31", "--line", "x", "--reason", "small", "--by", "Ann")
    assert isinstance(ask(*decision).exception, NeverRunError)
    quiet = ask("day", "--date", str(saturday))
    assert quiet.output == f"{saturday}: nothing was expected at the bank, and the bank shows nothing\n"
    assert "nothing is open" in ask("show", "--date", str(saturday)).output


def test_a_day_whose_run_broke_off_is_not_told_as_one_on_which_nothing_is_open(desk: Desk, ask: Ask) -> None:
    desk.connection.execute("insert into ledger.days (business_date) values (%s)", (MONDAY,))
    desk.connection.execute("insert into operations.day_requests values (%s, 'unfinished', 'a run')", (MONDAY,))
    desk.line("REF-A", 25_000)
    desk.connection.commit()

    def told(*command: str) -> Result:
        return ask(*command, "--date", str(MONDAY))

    for command in ("show", "suggestions"):
        refused = told(command)
        assert isinstance(refused.exception, NotReconciledError), refused.output
        assert refused.exception.message == (
            f"{MONDAY} has not been reconciled: it was posted, but its run has not come to its end"
        )
    assert "ach: variance" in told("day").output
    assert "has not come to its end" in told("show").stderr
    assert "missing_here" in told("show").stdout
    desk.connection.execute("update operations.day_requests set satisfied_at = now() where reason = 'unfinished'")
    desk.connection.commit()
    assert told("show").stderr == ""
    desk.connection.execute("insert into operations.day_requests values (%s, 'reposted', 'bank lines')", (MONDAY,))
    desk.connection.commit()
    assert "waits to be run again" in told("show").stderr
