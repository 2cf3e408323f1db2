"""The returns of a day: what is to be presented again, which accounts are to be corrected, and the return rates.

All of it is about ACH debits that we sent; what becomes of the money of a returned payment is posting's affair.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.returns import (
    DISHONOR_WITHIN,
    RETRY_DESCRIPTION,
    RETRY_WITHIN_DAYS,
    Correction,
    correct_by,
    is_routing_number,
    read_correction,
)


@dataclass(frozen=True, slots=True)
class Returns:
    """What a run of a day added."""

    representments: int
    accounts: int
    notices: int
    cases_opened: int
    cases_resolved: int


def follow_up_returns(connection: psycopg.Connection[Any], day: date) -> Returns:
    """Plan what is presented again, note accounts and corrections, count; running it again adds nothing."""
    # what is joined is a day's rows; the default would spill each of them to disk
    connection.execute("set local work_mem = '256MB'")
    returned = query(connection, "payments/returned_value_dates", day=day, returns_from=day)
    value_dates = [row["effective_on"] for row in returned]
    told = query(connection, "payments/days_told", day=day, value_dates=value_dates)
    booked_on = [row["booked_on"] for row in told]
    run(connection, "payments/debits", day=day, value_dates=value_dates, booked_on=booked_on)
    run(connection, "payments/return_counts", day=day)
    accounts = run(connection, "servicing/external_accounts")
    notices = take_notices(connection, day)
    representments = run(
        connection,
        "payments/representments",
        retry_within_days=RETRY_WITHIN_DAYS,
        retry_description=RETRY_DESCRIPTION,
    )
    cases = [
        query(connection, f"operations/exception_cases_{kind}", day=day, dishonor_within=DISHONOR_WITHIN)[0]
        for kind in ("late_returns", "notices_of_change", "return_rates")
    ]
    return Returns(
        representments,
        accounts,
        notices,
        sum(case["opened"] for case in cases),
        sum(case["resolved"] for case in cases),
    )


def take_notices(connection: psycopg.Connection[Any], day: date) -> int:
    """Note what the notices of change received by a day correct. There are few, and each is read with care."""
    notices = query(connection, "servicing/notices_of_change", day=day)
    for notice in notices:
        correction = _correction(notice)
        run(
            connection,
            "servicing/external_account_versions",
            **{
                name: notice[name]
                for name in (
                    "loan_id", "counterparty_id", "change_code", "transfer_id", "effective_on", "booked_on", "batch_id",
                    "line",
                )
            },
            account_last4=correction.account_number[-4:] if correction.account_number else None,
            account_fingerprint=_fingerprint(notice["counterparty_id"], correction.account_number),
            routing_number=correction.routing_number,
            account_type=correction.account_type,
            correct_by=correct_by(notice["booked_on"]),
        )  # fmt: skip
    return len(notices)


def _correction(notice: dict[str, Any]) -> Correction:
    """What a notice corrects: by its fields where it has them, or else by its corrected data."""
    told = read_correction(notice["corrects"], notice["corrected_data"])
    routing = notice["routing_number"]
    return Correction(
        routing if routing and is_routing_number(routing) else told.routing_number,
        notice["account_number"] or told.account_number,
        notice["account_type"] or told.account_type,
    )


def _fingerprint(counterparty_id: str, account_number: str | None) -> bytes | None:
    if account_number is None:
        return None
    return hashlib.sha256(f"{counterparty_id}|{account_number}".encode()).digest()
