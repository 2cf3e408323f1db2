"""A reconciled day with something of everything, and the month before it, laid out by hand in the tables of the engine."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg

from payments_pipeline.bench.reconcile import build_mart

DAY = date(2026, 7, 8)

Connection = psycopg.Connection[Any]

# account, rail, ours, and what makes the bank's total of it: cause, items, cents, how many of them are open
RAILS: tuple[tuple[str, str, int, tuple[tuple[str, int, int, int], ...]], ...] = (
    ("collections", "ach", 125_382_270, (
        ("timing", 2, 214_410, 0), ("missing_here", 1, 132_573, 1), ("missing_at_bank", 1, -109_630, 1),
        ("duplicate_at_bank", 1, 96_120, 1), ("return", 1, -148_031, 0),
    )),
    ("collections", "wire", 8_120_651, ()),
    ("collections", "realtime", 1_318_202, (("missing_at_bank", 1, -256_501, 1),)),
    ("lockbox", "check", 11_264_843, (("amount_differs", 1, -900, 1), ("write_off", 1, 12, 0))),
    ("processors", "card", 5_687_492, (("fee", 2, -167_312, 0),)),
    ("processors", "paypal", 2_401_190, (("fee", 1, -84_245, 0),)),
    ("processors", "venmo", 433_224, (("fee", 1, -8_241, 0),)),
)  # fmt: skip

DESCRIPTIONS = {
    "timing": "The bank posted {} by {} on 2026-07-09, a bank day after it was expected.",
    "missing_here": "The bank shows a credit of {} by {}, reference acht_KOe5z7QKZAFsayhCDcb2K1VLP06; no payment of ours accounts for it.",
    "missing_at_bank": "The bank does not show a payment of {} by {}, reference acht_q9QSkiY1TMDDKhEZ8tXBGdB2GsW, that it should have shown on this day.",
    "duplicate_at_bank": "The bank shows a credit of {} by {}, reference <b>acht_ItnEd1jz6Nw2</b>, more often than we do.",
    "return": "The bank took back {} by {}, which we still hold as paid.",
    "amount_differs": "In deposit DEP0042817 by {1} the bank shows {0} less than its checks.",
    "write_off": "{} by {} was written off: the bank rounded a check.",
    "fee": "Of a payout of {1} the processor kept {0}.",
}
STEPS = {
    "missing_here": "Look for the payment at the bank by its reference; when it comes, the day is run again by itself.",
    "missing_at_bank": "Ask the bank for the transfer; if it was never sent, reverse the payment.",
    "duplicate_at_bank": "Ask the bank to take one of them back.",
    "amount_differs": "Compare the image of the check with what the lockbox keyed.",
}


def lay_out(connection: Connection, day: date = DAY, *, days_before: int = 25) -> None:
    """The month: bank days with fees and now and then an open item, then the day."""
    _seal(connection, day)
    for back in range(days_before, 0, -1):
        before = day - timedelta(days=back)
        if before.weekday() < 5:
            _an_earlier_day(connection, before, back)
    for account, channel, ours, causes in RAILS:
        bank = ours + sum(cents for _, _, cents, _ in causes)
        opened = sum(is_open for *_, is_open in causes)
        movements = max(ours // 250_000, 1)
        total(connection, day, account, channel, bank, ours, movements, opened, _is_balanced(causes))
        for cause, items, cents, is_open in causes:
            bridge(connection, day, account, channel, cause, items, cents)
            for number in range(items):
                share = cents // items + (cents % items if number == 0 else 0)
                item(connection, day, account, channel, cause, share, number, is_open=bool(is_open))
    connection.execute("select operations.open_day('settlement.bank_lines', %s)", (day,))
    connection.execute(
        "insert into settlement.bank_lines (bank_day, line_id, account, channel, kind, amount_cents, source) "
        "select bank_day, channel, account, channel, 'credit', bank_cents, '' from reconciliation.days where bank_day = %s",
        (day,),
    )
    shown: dict[str, int] = dict(
        connection.execute(
            "select account, sum(bank_cents)::bigint from reconciliation.days where bank_day = %s group by 1", (day,)
        ).fetchall()
    )
    statement(connection, day - timedelta(days=1), "collections", 412_305_519, 412_305_519)
    statement(connection, day, "collections", 412_305_519, 412_305_519 + shown["collections"])
    statement(connection, day, "lockbox", 88_012, 88_012 + shown["lockbox"] - 100)
    _matches(connection, day)
    _cases(connection, day)
    _people(connection, day)
    build_mart(connection)


def _is_balanced(causes: tuple[tuple[str, int, int, int], ...]) -> bool:
    return sum(cents for _, _, cents, is_open in causes if is_open) == 0


def _an_earlier_day(connection: Connection, day: date, back: int) -> None:
    ours, fee = 6_000_000 + back * 91_173, -110_000 - back * 1_307
    opened = {2: -78_045, 12: 131_200, 19: 22_000}.get(back, 0)
    total(connection, day, "processors", "card", ours + fee, ours, 60, 0, True)
    bridge(connection, day, "processors", "card", "fee", 1, fee)
    total(connection, day, "collections", "ach", ours * 9 + opened, ours * 9, 900 + back, int(bool(opened)), not opened)
    if opened:
        cause = "missing_here" if opened > 0 else "missing_at_bank"
        bridge(connection, day, "collections", "ach", cause, 1, opened)
        item(connection, day, "collections", "ach", cause, opened, 0, is_open=True)


def total(
    connection: Connection, day: date, account: str, channel: str, bank: int, ours: int, movements: int, opened: int,
    is_balanced: bool,
) -> None:  # fmt: skip
    connection.execute(
        "insert into reconciliation.days (bank_day, account, channel, bank_cents, our_cents, matched_count, open_count, "
        "status, movement_count, line_count, auto_matched_count) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            day, account, channel, bank, ours, movements - opened, opened, "balanced" if is_balanced else "variance",
            movements, max(movements // (1 if account == "collections" else 50), 1), movements - opened,
        ),
    )  # fmt: skip
    connection.execute(
        "insert into settlement.batches (bank_day, account, channel, expected_count, expected_cents, expected_fee_cents, "
        "actual_count, actual_cents, status, late_bank_days) values (%s, %s, %s, %s, %s, 0, %s, %s, %s, %s)",
        (
            day, account, channel, movements, ours, movements, bank,
            "settled" if is_balanced else "variance" if channel != "realtime" else "late", int(channel == "realtime"),
        ),
    )  # fmt: skip


def bridge(connection: Connection, day: date, account: str, channel: str, cause: str, items: int, cents: int) -> None:
    connection.execute(
        "insert into reconciliation.bridge values (%s, %s, %s, %s, %s, %s)",
        (day, account, channel, cause, items, cents),
    )


def item(
    connection: Connection, day: date, account: str, channel: str, cause: str, cents: int, number: int, *, is_open: bool
) -> None:
    status = "open" if is_open else "settled_by_person" if cause == "write_off" else "explained"
    amount = f"${abs(cents) / 100:,.2f}"
    connection.execute(
        "insert into reconciliation.items (bank_day, account, channel, side, item_id, cause, variance_cents, description, "
        "status, kind, opened_on, next_step) values (%s, %s, %s, 'bank', %s, %s, %s, %s, %s, 'credit', %s, %s)",
        (
            day, account, channel, f"{channel} {cause} {number}", cause, cents,
            DESCRIPTIONS[cause].format(amount, channel), status, day, STEPS.get(cause),
        ),
    )  # fmt: skip


def statement(connection: Connection, day: date, account: str, opening: int, closing: int) -> None:
    """What a statement of an account says of a day: its balances."""
    connection.execute(
        "insert into settlement.statements (statement_id, account, as_of, version, from_on, nature, is_final, format, bank, "
        "reference, currency, opening_cents, closing_cents, line_count, lines_cents, content_sha256, file_sha256, number, "
        "record, file_line, source, size_bytes, received_at) values (gen_random_uuid(), %s, %s, 1, %s, 'new', true, 'bai2', "
        "'bank', '1', 'USD', %s, %s, 45, %s, sha256('c'), %s, 1, 1, 1, %s, 1, '2026-07-09 02:15+00')",
        (
            account, day, day, opening, closing, closing - opening, f"{account} {day}".encode(),
            f"file:///inbox/statements/{account}-{day}.bai",
        ),
    )  # fmt: skip


def _seal(connection: Connection, day: date) -> None:
    connection.execute(
        "insert into ledger.seals (run_no, business_date, chains, events, root, hash, sealed_at) "
        "values (57, %s, 1, 1, sha256('a'), sha256('b'), '2026-07-09 03:31:07+00')",
        (day,),
    )
    connection.execute("insert into ledger.days (business_date) values (%s)", (day,))
    connection.execute("insert into ledger.days (business_date) values (%s)", (day + timedelta(days=1),))


def _matches(connection: Connection, day: date) -> None:
    connection.execute("select operations.open_day('reconciliation.matches', %s)", (day,))
    connection.execute(
        "insert into reconciliation.methods (method, tier, confidence, is_automatic, description) values "
        "('transfer_id', 1, 100, true, 'The bank names the transfer, and rail, kind and amount are the same'), "
        "('batch_net', 4, 99, true, 'The bank names the payout; its payments, less the processor''s fees, add up to it'), "
        "('decision', 0, 100, false, 'A person matched them and said why') on conflict do nothing"
    )
    for method, count, cents in (("transfer_id", 510, 250_000), ("batch_net", 33, 240_000), ("decision", 1, 44_000)):
        connection.execute(
            "insert into reconciliation.matches (bank_day, line_id, loan_id, payment_id, kind, bank_cents, our_cents, "
            "method, our_day) select %(day)s, %(method)s || n, n, gen_random_uuid(), 'credit', %(cents)s, %(cents)s, "
            "%(method)s, %(day)s - (n %% 17 = 0)::integer from generate_series(1, %(count)s) as n",
            {"day": day, "method": method, "count": count, "cents": cents},
        )


def _cases(connection: Connection, day: date) -> None:
    for number, (category, channel, severity, state, resolution) in enumerate(
        (
            ("reconcile_variance", "ach", "medium", "open", None),
            ("reconcile_variance", "realtime", "medium", "pending", None),
            ("reconcile_variance", "venmo", "medium", "resolved",
             "After run 55 of the ledger the day was reconciled again: bank and books both show $4,332.24."),
        )
    ):  # fmt: skip
        connection.execute(
            "insert into operations.exception_cases (case_id, category, subcategory, severity, state, business_date, "
            "summary, next_step, details, resolution, created_at, resolved_at, assigned_to) values "
            "(%s, %s, %s, %s, %s, %s, %s, 'Look at the items of this day and rail, and bring in what is missing.', %s, %s, "
            "'2026-07-09 03:31+00', %s, %s)",
            (
                UUID(int=number), category, channel, severity, state, day,
                f"On {day} bank and books differ by {channel}.", '{"healed": true}' if resolution else "{}", resolution,
                "2026-07-09 11:02+00" if resolution else None, "dana" if state == "pending" else None,
            ),
        )  # fmt: skip
    connection.execute(
        "insert into operations.day_requests values (%s, 'variance', 'ach', '2026-07-09 03:31+00', null), "
        "(%s, 'ingested', 'batch 7f1c', '2026-07-09 10:58+00', '2026-07-09 11:02+00')",
        (day, day),
    )


def _people(connection: Connection, day: date) -> None:
    connection.execute(
        "insert into reconciliation.suggestions values (%s, %s, '{L1,L2}', %s, 'amount_window', 50, "
        "'Two credits of $1,204.11 by ach without a reference, and two payments of that amount: either could be either.')",
        (day, UUID(int=1), [UUID(int=2), UUID(int=3)]),
    )
    decisions: tuple[tuple[str, int, bool, str, str, int | None], ...] = (
        ("write_off", 12, False, "The bank rounded a check down; twelve cents are not pursued.", "dana", None),
        ("match", 44_000, True, "The sender confirmed both parts by telephone.", "dana", None),
        ("approve", 44_000, False, "Seen the confirmation.", "robin", 2),
        ("write_off", 25_000, True, "A fee that the bank will not give back.", "dana", None),
    )
    for number, (decision, cents, needs, reason, who, about) in enumerate(decisions, start=1):
        connection.execute(
            "insert into reconciliation.decisions (decision_id, decision_no, decided_at, decision, bank_day, line_ids, "
            "payment_ids, cents, needs_approval, reason, decided_by, approves) "
            "values (%s, %s, %s, %s, %s, '{L1}', %s, %s, %s, %s, %s, %s)",
            (
                UUID(int=number), number, f"2026-07-09 1{number}:20+00", decision, day,
                [UUID(int=9)] if decision == "match" else [], cents, needs, reason, who,
                UUID(int=about) if about else None,
            ),
        )  # fmt: skip
