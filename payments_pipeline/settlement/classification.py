"""Which rail a line of the bank is of, and whether it is a credit, a return, a fee or something else.

The rules are data: `data/statement_rules.csv`, the first that fits counts. A rule looks at the format, the code as given
(with `*` and `?`, several separated by blanks), the family, the sign, and a pattern in the text and the references. A
line that no rule fits is of the bank's own books, kind other, and counted as such, so that a rule can be added.
"""

import csv
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats.statements import Family, Line
from payments_pipeline.paths import DATA_DIR
from payments_pipeline.rules.envelope import METHODS

RULES_FILE: Final = DATA_DIR / "statement_rules.csv"

_COLUMNS: Final = ("format", "codes", "family", "sign", "text", "channel", "kind", "receipt", "description")
_KINDS: Final = frozenset({"credit", "return", "fee", "other"})
_FAMILIES: Final = frozenset({"", "credit", "debit", "return", "fee", "interest", "other"})
_RECEIPTS: Final = frozenset({"", "again"})
_FORMATS: Final = frozenset({"", "bai2", "mt940", "camt053", "nacha", "csv", "column"})


class Classified(NamedTuple):
    """What a line is to us."""

    channel: str
    kind: str
    has_rule: bool = True
    receipt: str = ""
    """`again` for money that is here once more after its return, or goes back from there: a receipt of its own."""


UNKNOWN: Final = Classified("book", "other", has_rule=False)


class RulesError(PaymentsError):
    """A rule that cannot be followed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the file."""

    format: str
    codes: tuple[str, ...]
    family: str
    sign: str
    text: re.Pattern[str] | None
    result: Classified

    def is_about(self, format_: str, code: str, family: str, sign: str) -> bool:
        """Whether it speaks of such lines, whatever their text."""
        return (
            self.format in ("", format_)
            and self.family in ("", family)
            and self.sign in ("", sign)
            and (not self.codes or any(fnmatchcase(code, pattern) for pattern in self.codes))
        )


class Classifier:
    """The rules for lines of one format. What kinds of line there are is looked up once a kind."""

    def __init__(self, format_: str, rules: tuple[Rule, ...]) -> None:
        self._format = format_
        self._rules = rules
        self._known: dict[tuple[str, Family, bool], tuple[Rule, ...]] = {}

    def __call__(self, line: Line) -> Classified:
        """The rail and kind of a line."""
        key = (line.type_code, line.family, line.amount_cents < 0)
        rules = self._known.get(key)
        if rules is None:
            sign = "-" if key[2] else "+"
            rules = tuple(rule for rule in self._rules if rule.is_about(self._format, key[0], key[1], sign))
            if len(self._known) < 10_000:  # codes come from the file: their number is not ours to bound
                self._known[key] = rules
        for rule in rules:
            if rule.text is None or rule.text.search(f"{line.text}\n{line.bank_reference}\n{line.customer_reference}"):
                return rule.result
        return UNKNOWN


def classifier(format_: str) -> Classifier:
    """The rules of the house for this format."""
    return Classifier(format_, _house_rules())


@cache
def _house_rules() -> tuple[Rule, ...]:
    return read_rules(RULES_FILE)


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a file; one that cannot be followed is refused with its line."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != _COLUMNS:
            raise RulesError(
                f"{path.name}, line 1: the columns are not {','.join(_COLUMNS)}.", "Put them into this order."
            )
        return tuple(_rule(row, f"{path.name}, line {reader.line_num}") for row in reader)


def _rule(row: dict[str, str], where: str) -> Rule:
    for column, known in (("format", _FORMATS), ("family", _FAMILIES), ("sign", {"", "+", "-"}), ("channel", METHODS),
                          ("kind", _KINDS), ("receipt", _RECEIPTS)):  # fmt: skip
        if row[column] not in known:
            raise RulesError(
                f"{where}: {column} is {row[column]!r}.", f"Write one of {', '.join(sorted(filter(None, known)))}."
            )
    try:
        text = re.compile(row["text"], re.IGNORECASE) if row["text"] else None
    except re.error as error:
        raise RulesError(f"{where}: text is no regular expression: {error}.", "Correct it.") from None
    return Rule(
        row["format"],
        tuple(row["codes"].split()),
        row["family"],
        row["sign"],
        text,
        Classified(row["channel"], row["kind"], receipt=row["receipt"]),
    )
