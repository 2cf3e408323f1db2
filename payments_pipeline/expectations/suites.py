"""What is expected of a day's tables as wholes, written down for those who know the business.

An expectation that fails asks someone to look; it stops nothing. What must never be stored is refused by the database,
and what must always hold is a law. The figures are those of an ordinary book: change them here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from payments_pipeline.rules.envelope import METHODS

RAILS: Final = list(METHODS)
EVENTS: Final = ["initiated", "settled", "completed", "captured", "returned", "recalled", "canceled"]


@dataclass(frozen=True)
class Expectation:
    """One expectation: Great Expectations' name for it, its arguments, and the sentence that people read."""

    says: str
    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """What is expected of the rows that `sql/<wing>/expectations/<name>.sql` selects for the days of a run."""

    table: str
    name: str
    expectations: tuple[Expectation, ...]

    @property
    def statement(self) -> str:
        """The name of its statement."""
        return f"{self.table.partition('.')[0]}/expectations/{self.name}"


def expect(says: str, kind: str, **arguments: Any) -> Expectation:
    """An expectation that reads from left to right."""
    return Expectation(says, kind, arguments)


SUITES: Final = (
    Suite(
        "ingestion.staged",
        "rows",
        (
            expect("Something was delivered.", "ExpectTableRowCountToBeBetween", min_value=1),
            expect("Nine of ten rows can be read.", "ExpectColumnMeanToBeBetween", column="accepted", min_value=0.9),
            expect(
                "What rows tell is known.", "ExpectColumnValuesToBeInSet", column="event", value_set=EVENTS, mostly=0.95
            ),
            expect("Rails are known.", "ExpectColumnValuesToBeInSet", column="channel", value_set=RAILS, mostly=0.95),
            expect(
                "Hardly any row lacks its amount.", "ExpectColumnValuesToNotBeNull", column="amount_cents", mostly=0.95
            ),
        ),
    ),
    Suite(
        "payments.payments",
        "payments",
        (
            expect("Every rail is one of ours.", "ExpectColumnValuesToBeInSet", column="channel", value_set=RAILS),
            expect(
                "Payments are of one dollar to fifty thousand.",
                "ExpectColumnValuesToBeBetween",
                column="amount_cents",
                min_value=1_00,
                max_value=50_000_00,
                mostly=0.98,
            ),
            expect(
                "Half of them are between three hundred and ten thousand dollars.",
                "ExpectColumnMedianToBeBetween",
                column="amount_cents",
                min_value=300_00,
                max_value=10_000_00,
            ),
            expect(
                "One in twenty at most is for no loan of ours.",
                "ExpectColumnMeanToBeBetween",
                column="loan_unknown",
                max_value=0.05,
            ),
            expect(
                "A quarter at most came late.", "ExpectColumnMeanToBeBetween", column="learned_later", max_value=0.25
            ),
            expect(
                "No money settles before it counts.",
                "ExpectColumnPairValuesAToBeGreaterThanB",
                column_A="settles_on",
                column_B="effective_on",
                or_equal=True,
            ),
            expect("Payments are told apart.", "ExpectColumnValuesToBeUnique", column="payment_id"),
        ),
    ),
    Suite(
        "payments.payments",
        "volumes",
        (
            expect("There are payments on every day.", "ExpectTableRowCountToBeBetween", min_value=1),
            expect(
                "A day has between a fifth and five times the usual number.",
                "ExpectColumnValuesToBeBetween",
                column="times_usual",
                min_value=0.2,
                max_value=5,
            ),
        ),
    ),
    Suite(
        "ledger.allocations",
        "allocations",
        (
            expect("Each receipt is applied by a policy.", "ExpectColumnValuesToNotBeNull", column="policy"),
            expect("A receipt brings money.", "ExpectColumnValuesToBeBetween", column="cash_cents", min_value=1),
            expect(
                "Less than a third of the money has to wait in suspense.",
                "ExpectColumnMeanToBeBetween",
                column="suspense_share",
                max_value=0.33,
            ),
        ),
    ),
    Suite(
        "ledger.entries",
        "turnover",
        (
            expect(
                "Debits equal credits on every day.",
                "ExpectColumnPairValuesToBeEqual",
                column_A="debit_cents",
                column_B="credit_cents",
            ),
            expect(
                "Entries move at least two accounts.", "ExpectColumnValuesToBeBetween", column="accounts", min_value=2
            ),
        ),
    ),
    Suite(
        "settlement.bank_lines",
        "bank_lines",
        (
            expect("Every rail is one of ours.", "ExpectColumnValuesToBeInSet", column="channel", value_set=RAILS),
            expect(
                "Lines are credits and returns; fees and others are few.",
                "ExpectColumnValuesToBeInSet",
                column="kind",
                value_set=["credit", "return"],
                mostly=0.9,
            ),
            expect(
                "Nine of ten lines quote a reference.", "ExpectColumnValuesToNotBeNull", column="reference", mostly=0.9
            ),
        ),
    ),
    Suite(
        "settlement.bank_lines",
        "bank_days",
        (
            expect(
                "The bank sent lines for every bank day.", "ExpectColumnValuesToBeBetween", column="lines", min_value=1
            ),
        ),
    ),
    Suite(
        "reconciliation.days",
        "days",
        (
            expect(
                "Nine of ten movements are matched.",
                "ExpectColumnMeanToBeBetween",
                column="matched_share",
                min_value=0.9,
            ),
            expect(
                "On nine of ten rails and days bank and books are within five per cent of each other.",
                "ExpectColumnValuesToBeBetween",
                column="variance_share",
                max_value=0.05,
                mostly=0.9,
            ),
        ),
    ),
    Suite(
        "servicing.delinquency",
        "delinquency",
        (
            expect(
                "Less than a third of the book is behind.",
                "ExpectColumnValuesToBeBetween",
                column="behind_share",
                max_value=0.33,
            ),
            expect(
                "Less than a twentieth of the book is in default.",
                "ExpectColumnValuesToBeBetween",
                column="default_share",
                max_value=0.05,
            ),
        ),
    ),
)

TABLES: Final = tuple(dict.fromkeys(suite.table for suite in SUITES))
