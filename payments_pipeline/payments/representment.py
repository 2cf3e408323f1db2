"""Presenting returned debits again: the one thing in this wing that moves money.

No asset does this, so that running or backfilling a day never collects anything: `payments represent` does, or whoever
calls `represent`. What is allowed is asked anew on the day itself, since much may have changed since it was planned.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

import psycopg

from payments_pipeline.column.client import ColumnClient
from payments_pipeline.column.connection import ColumnError
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.returns import RETRY_DESCRIPTION, RETRY_WITHIN_DAYS, Entry, refusals

_LOCK: Final = "payments.representments"
"""One at a time."""

_REFUSED: Final = frozenset({400, 404, 422})
"""Answers that will not change by asking again. Any other error leaves the re-presentment planned."""

_WITHOUT_CODE: Final = "a return without a code"

Outcome = Literal["sent", "refused", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Represented:
    """What became of the re-presentments whose day had come."""

    sent: int
    refused: int
    withdrawn: int
    waiting: int
    """Accounts that a notice of change wants corrected are not debited before they are."""


def represent(
    connection: psycopg.Connection[Any], client: ColumnClient, day: date, *, due_by: date | None = None
) -> Represented:
    """Present again what is due on a day and still allowed and needed, each in transactions of this function's own.

    `due_by` leaves out what fell due after that date. What is allowed is asked of the day itself all the same: it is then
    that the money moves.

    That the bank will be asked is committed before it is. Whoever is killed before the outcome is, leaves a request
    without one: the next call looks first whether the bank has the transfer, whatever speaks against it by then. An
    answer that may still change is raised, and what was done so far stays done.
    """
    with connection.transaction():
        due = query(connection, "payments/representments_due", day=due_by or day)
    outcomes = [_represent_one(connection, client, day, planned) for planned in due]
    return Represented(
        outcomes.count("sent"), outcomes.count("refused"), outcomes.count("withdrawn"), outcomes.count(None)
    )


def _represent_one(
    connection: psycopg.Connection[Any], client: ColumnClient, day: date, planned: dict[str, Any]
) -> Outcome | None:
    with connection.transaction():
        hold(connection, _LOCK)
        if _is_decided(connection, planned):
            return None
        requested_on = _requested_on(connection, planned)
        if requested_on and (transfer_id := _at_the_bank(client, planned, requested_on)):
            return _note(connection, day, planned, "sent", transfer_id=transfer_id)
        facts = _facts(connection, day, planned)
        reasons = list(_objections(facts, day, planned))
        if reasons:
            return _note(connection, day, planned, "withdrawn", reason="; ".join(reasons))
        if facts["is_to_be_corrected"]:
            return None
        if not requested_on:
            run(connection, "payments/representment_requests", day=day, **_key(planned))
    with connection.transaction():
        hold(connection, _LOCK)
        if _is_decided(connection, planned):
            return None
        try:
            transfer = client.create_ach_transfer(
                _transfer(facts, planned), idempotency_key=str(planned["representment_id"])
            )
        except ColumnError as error:
            if error.status not in _REFUSED:
                raise
            reason = f"the bank refused it ({error.status}{f', {error.code}' if error.code else ''})"
            return _note(connection, day, planned, "refused", reason=reason)
        return _note(connection, day, planned, "sent", transfer_id=str(transfer["id"]))


def _is_decided(connection: psycopg.Connection[Any], planned: dict[str, Any]) -> bool:
    """Whether somebody else was quicker."""
    found = connection.execute(
        "select from payments.representment_outcomes "
        "where loan_id = %(loan_id)s and payment_id = %(payment_id)s and attempt = %(attempt)s",
        _key(planned),
    )
    return found.rowcount > 0


def _requested_on(connection: psycopg.Connection[Any], planned: dict[str, Any]) -> date | None:
    """The day on which an earlier call was about to ask the bank; none if none was."""
    row = connection.execute(
        "select requested_on from payments.representment_requests "
        "where loan_id = %(loan_id)s and payment_id = %(payment_id)s and attempt = %(attempt)s",
        _key(planned),
    ).fetchone()
    return row[0] if row else None


def _at_the_bank(client: ColumnClient, planned: dict[str, Any], requested_on: date) -> str | None:
    """The transfer that a request made whose answer we do not have; none if it never got to the bank.

    Looked for in the bank's own list, not by asking again with the same key: the bank forgets keys after a month, and
    would collect the money twice.
    """
    before = str(requested_on - timedelta(days=1))  # their clock may be a little behind ours
    for transfer in client.ach_transfers():
        if transfer.get("idempotency_key") == str(planned["representment_id"]):
            return str(transfer["id"])
        if str(transfer.get("created_at") or before)[: len(before)] < before:
            break
    return None


def _facts(connection: psycopg.Connection[Any], day: date, planned: dict[str, Any]) -> dict[str, Any]:
    """How the debit was presented, and what speaks against doing so again."""
    told = connection.execute(
        "select booked_on from payments.payments where effective_on = %s and loan_id = %s and payment_id = %s",
        (planned["returned_effective_on"], planned["loan_id"], planned["returned_payment_id"]),
    ).fetchall()
    (facts,) = query(
        connection,
        "payments/representment",
        day=day,
        loan_id=planned["loan_id"],
        payment_id=planned["returned_payment_id"],
        effective_on=planned["returned_effective_on"],
        told_on=[row[0] for row in told],
    )
    return facts


def _objections(facts: dict[str, Any], day: date, planned: dict[str, Any]) -> Iterator[str]:
    """Why it may not, or need not, be presented again after all.

    The code asked about is that of the return that counts today, which may tell another reason than the one it was
    planned for; a return without a code may be for any reason.
    """
    entry = Entry(
        facts["code"] or _WITHOUT_CODE,
        planned["latest_on"] - timedelta(days=RETRY_WITHIN_DAYS),
        planned["returned_on"],
        planned["attempt"] - 1,
    )
    yield from refusals(entry, day)
    if not facts["is_returned"] or facts["is_paid_again"]:
        yield "the return was undone, and the money is here"
    if facts["status"] != "active":
        yield f"the loan is not active but {facts['status'].replace('_', ' ')}"
    if not facts["is_owed"]:
        yield "nothing is owed any more"


def _transfer(facts: dict[str, Any], planned: dict[str, Any]) -> dict[str, Any]:
    """The transfer: as it was presented first, but for its description. Nothing of the day goes in, so that a repeat
    under the same key asks for the same.
    """
    kept = (
        "counterparty_id", "entry_class_code", "company_name", "company_id", "company_discretionary_data",
        "receiver_name", "receiver_id", "description",
    )  # fmt: skip
    ours = "account_number_id" if facts["account_number_id"] else "bank_account_id"  # the bank takes one of them
    return {
        "type": "DEBIT",
        "amount": planned["amount_cents"],
        "currency_code": "USD",
        "company_entry_description": RETRY_DESCRIPTION,
        "same_day": False,
        **{name: facts[name] for name in (ours, *kept) if facts[name]},
    }


def _note(
    connection: psycopg.Connection[Any],
    day: date,
    planned: dict[str, Any],
    outcome: Outcome,
    *,
    transfer_id: str | None = None,
    reason: str | None = None,
) -> Outcome:
    run(
        connection,
        "payments/representment_outcomes",
        day=day,
        **_key(planned),
        outcome=outcome,
        transfer_id=transfer_id,
        reason=reason,
    )
    return outcome


def _key(planned: dict[str, Any]) -> dict[str, Any]:
    """By which a re-presentment is known."""
    return {name: planned[name] for name in ("loan_id", "payment_id", "attempt")}
