"""Form 1098 for a tax year: computed from the ledger, versioned, and read back a return at a time.

The work is in `sql/reporting/form_1098_*.sql`: one pass over what the ledger holds for the year gives the raw figures,
the rules that touch few loans are rows beside them, and the forms that differ from their last version are appended. The
rules themselves, with their sources, are in `rules/form_1098.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats.tax_identity import Address, Identity, address_place, identity_place
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.run import query, run
from payments_pipeline.reporting.lifecycle import Report, add_report, find_reports
from payments_pipeline.reporting.whole_books import bound_memory, stream
from payments_pipeline.rules.form_1098 import FIRST_TAX_YEAR, Policy, file_by
from payments_pipeline.words import counted

KIND: Final = "form_1098"

Transaction = Literal["original", "corrected", "withdrawn", "replaced"]
CORRECTIONS: Final[tuple[Transaction, ...]] = ("corrected", "withdrawn", "replaced")

RETENTION_YEARS: Final = 4
"""How long the returns, or the means to make them again, are kept from their due date."""

_SHOWN: Final = 10


class Form1098Error(PaymentsError):
    """Forms that cannot be computed, or do not agree with the ledger."""


@dataclass(frozen=True, slots=True)
class Return:
    """One record to file: a form as it is, or as far as a correction says."""

    loan_id: int
    version: int
    part: int
    transaction: Transaction
    unique_record_id: str | None
    """The authority's id of the record that this one corrects."""
    loan_number: str
    tin_type: str
    identity: Identity
    address: Address
    box_1_cents: int
    box_2_cents: int
    box_3_on: date
    box_4_cents: int
    box_5_cents: int
    box_6_cents: int
    box_7_is_mailing_address: bool
    box_8_property: str | None
    box_9_properties: int | None
    box_10_other: str | None
    box_11_on: date | None

    @property
    def amounts(self) -> dict[int, int]:
        """The boxes that hold amounts, in cents."""
        return {
            1: self.box_1_cents,
            2: self.box_2_cents,
            4: self.box_4_cents,
            5: self.box_5_cents,
            6: self.box_6_cents,
        }


def draft(connection: psycopg.Connection[Any], tax_year: int, policy: Policy, prepared_by: str) -> Report:
    """The forms of the year as the ledger has them now, as the next version of the report.

    Where nothing differs from the last version, that is given and nothing is added. The forms must agree with the
    general ledger to the cent, or there is no version.
    """
    posted_until = _posted_until(connection, tax_year)
    _refuse_other_option(connection, tax_year, policy)
    hold(connection, "compliance.forms_1098")  # two at once would number the versions of a year alike
    bound_memory(connection)
    year = _parameters(tax_year) | {"uses_january_15": policy.uses_january_15}
    for step in ("received", "adjustments", "wanted"):
        run(connection, f"reporting/form_1098_{step}", **year)
    known = find_reports(connection, KIND, str(tax_year))
    version = known[-1].version + 1 if known else 1
    changed = run(connection, "reporting/forms_1098", **year, report_version=version)
    if changed:
        # without it the forms just added count as none, and reading them back takes a nested loop over millions
        connection.execute("select operations.analyze_table('compliance.forms_1098')")
    parameters = {"uses_january_15": policy.uses_january_15}
    is_over = posted_until >= date(tax_year + 1, 1, 31)
    is_same = bool(known) and not changed and known[-1].parameters == parameters
    if is_same and known[-1].status in ("validated", "approved"):
        # where its records stand in the files is noted once, and corrections refer to it
        is_same = not query(
            connection,
            "reporting/report_overtaken",
            report_id=known[-1].report_id,
            kind=KIND,
            period=str(tax_year),
            version=known[-1].version,
        )[0]["is_overtaken"]
    # what was a preview becomes a report when the last day that may change it has been posted
    if is_same and (known[-1].preview_because is None or not is_over):
        return known[-1]
    _refuse_difference(connection, tax_year, version)
    due = file_by(tax_year)
    return add_report(
        connection,
        kind=KIND,
        period=str(tax_year),
        version=version,
        parameters=parameters,
        summary={
            "posted_until": posted_until.isoformat(),
            "preview_because": None if is_over else f"the books are posted to {posted_until}",
            "changed_forms": changed,
            "lines": bridge(connection, tax_year, version),
        },
        content_hash=content_hash(connection, tax_year, version),
        prepared_by=prepared_by,
        retain_until=due.replace(year=due.year + RETENTION_YEARS),
    )


def _posted_until(connection: psycopg.Connection[Any], tax_year: int) -> date:
    """How far the books are posted, for a year that is in them: of any other, forms would say that nothing is due."""
    if not FIRST_TAX_YEAR <= tax_year <= 2100:
        raise Form1098Error(f"{tax_year} is no tax year of this form", f"give a year from {FIRST_TAX_YEAR} on.")
    found = query(connection, "reporting/form_1098_horizon")[0]
    begins_on: date | None = found["begins_on"]
    posted_until: date | None = found["posted_until"]
    if begins_on is None or posted_until is None:
        raise Form1098Error(
            f"there are no forms of {tax_year}: no day has been posted",
            "run the days first: materialize their partitions in the Dagster UI (payments up).",
        )
    if not begins_on.year <= tax_year <= posted_until.year:
        raise Form1098Error(
            f"{tax_year} is not a year of the books: they begin on {begins_on} and are posted to {posted_until}",
            "give a year that is in them; one that has begun and is not over makes a preview.",
        )
    return posted_until


def bridge(connection: psycopg.Connection[Any], tax_year: int, version: int) -> list[dict[str, Any]]:
    """From the general ledger's receipts to the forms, line by line."""
    return query(connection, "reporting/form_1098_bridge", **_parameters(tax_year), report_version=version)


def content_hash(connection: psycopg.Connection[Any], tax_year: int, version: int) -> bytes:
    """The hash over all forms of a version, to hold against the one that was approved."""
    found = query(connection, "reporting/form_1098_content", tax_year=tax_year, report_version=version)
    return bytes(found[0]["content_hash"])


def differences(connection: psycopg.Connection[Any], tax_year: int, version: int) -> list[dict[str, Any]]:
    """Loans whose form and ledger differ; empty where all agree to the cent."""
    return query(
        connection, "reporting/form_1098_control", **_parameters(tax_year), report_version=version, most=_SHOWN
    )


def returns(
    connection: psycopg.Connection[Any],
    personal_data: PersonalData,
    report: Report,
    transactions: Sequence[Transaction],
) -> Iterator[Return]:
    """What a version of the report files, a record at a time, in order of loans. Memory holds a few thousand."""
    if set(transactions) <= set(CORRECTIONS) and not has_been_filed(connection, report):
        return
    rows = stream(
        connection,
        "reporting/form_1098_returns",
        tax_year=int(report.period),
        report_version=report.version,
        transactions=list(transactions),
    )
    for row in rows:
        (
            loan_id, version, part, transaction, unique_record_id, loan_number, borrower_id, identity_version, tin_type,
            identity, address, *boxes,
        ) = row  # fmt: skip
        who = personal_data.decrypt(bytes(identity), identity_place(borrower_id, identity_version))
        where = personal_data.decrypt(bytes(address), address_place(borrower_id, identity_version))
        yield Return(
            loan_id,
            version,
            part,
            transaction,
            unique_record_id,
            loan_number,
            tin_type,
            Identity.of_text(who),
            Address.of_text(where),
            *boxes,
        )


def has_been_filed(connection: psycopg.Connection[Any], report: Report) -> bool:
    """Whether an earlier version of the report was submitted, so that there may be something to correct."""
    earlier = find_reports(connection, report.kind, report.period)
    return any(each.version < report.version and each.status in ("submitted", "corrected") for each in earlier)


def require_agreement(connection: psycopg.Connection[Any], report: Report) -> None:
    """The forms of a version are what was hashed when it was made."""
    if content_hash(connection, int(report.period), report.version) != report.content_hash:
        raise Form1098Error(
            f"the forms of {report} are not what they were when it was drafted",
            "somebody changed the table compliance.forms_1098: restore it from a backup.",
        )


def _refuse_difference(connection: psycopg.Connection[Any], tax_year: int, version: int) -> None:
    found = differences(connection, tax_year, version)
    if not found:
        return
    shown = "; ".join(
        f"loan {row['loan_id']}: interest {row['booked_interest_cents']} by the ledger, {row['form_interest_cents']} by "
        f"the form; fees {row['booked_fees_cents']} and {row['form_fees_cents']}"
        for row in found
    )
    raise Form1098Error(
        f"the forms of {tax_year} and the general ledger differ for {counted(found[0]['differences'], 'loan')}, in cents: {shown}",
        "payments verify names what is wrong with the ledger.",
    )


def _refuse_other_option(connection: psycopg.Connection[Any], tax_year: int, policy: Policy) -> None:
    """A year takes out what the year before put in for January, so both have to go by the same option."""
    before = find_reports(connection, KIND, str(tax_year - 1))
    filed = [each.parameters["uses_january_15"] for each in before if each.status in ("submitted", "corrected")]
    if filed and filed[-1] != policy.uses_january_15:
        option = "--january-15" if filed[-1] else "--no-january-15"
        raise Form1098Error(
            f"the forms of {tax_year - 1} were submitted with {option}, and those of {tax_year} take out what they put in",
            f"give {option} for {tax_year} too (in Dagster uses_january_15: {str(filed[-1]).lower()}).",
        )


def _parameters(tax_year: int) -> dict[str, Any]:
    return {
        "tax_year": tax_year,
        "year_begins": date(tax_year, 1, 1),
        "next_year_begins": date(tax_year + 1, 1, 1),
    }
