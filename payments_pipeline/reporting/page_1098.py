"""The review page of Form 1098 in the Dagster UI: what a compliance officer reads before putting a name to it.

Markdown, since that is what metadata shows. Neither borrowers nor numbers of theirs are on it: loans go by their numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from payments_pipeline.money import dollars
from payments_pipeline.postgres.run import query
from payments_pipeline.reporting.files_1098 import Desk
from payments_pipeline.reporting.form_1098 import bridge, differences
from payments_pipeline.reporting.lifecycle import Report, find_reports
from payments_pipeline.reporting.register_1098 import BOX_NAMES, SHOWN, TO_REVIEW, Review, label
from payments_pipeline.rules.form_1098 import correct_until, file_by, furnish_by
from payments_pipeline.words import counted

_LIFE: Final = ("drafted", "validated", "approved", "submitted")
_MEANING: Final = {
    "drafted": "The forms were computed from the ledger and agree with it.",
    "validated": "The file was written, and the validator found nothing that would be refused.",
    "approved": "A second person, not the one who prepared it, has looked at it.",
    "submitted": "The file went to the tax authority, whose reference is on record.",
}
_FORMAT: Final = {"fire": "the tax authority, by FIRE", "iris": "the tax authority, by IRIS"}
_FOR_PEOPLE: Final = "people here"

_EVIDENCE: Final = """\
## From a figure to the payments behind it

Each box of each form is the sum of ledger entries and of what rules take away or add. For one loan:

```sql
select box, what, effective_on, kind, subject_id, amount_cents
from compliance.form_1098_evidence
where tax_year = {year} and loan_id = 1 order by box, effective_on;
```

That they add up, for every box of every form, is shown by the checks of `reporting/form_1098_boxes` and
`reporting/form_1098_to_ledger`: the job `prove_the_tax_year`.

Content of this version: `{content}`."""


@dataclass(frozen=True)
class Page:
    """What the page is made from, gathered once."""

    desk: Desk
    review: Review
    lines: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    files: list[dict[str, Any]]
    versions: list[Report]
    differing: int

    @classmethod
    def of(cls, desk: Desk, review: Review) -> "Page":
        """Read from the database as it stands."""
        connection, report, year = desk.connection, desk.report, desk.tax_year
        found = differences(connection, year, report.version)
        return cls(
            desk,
            review,
            bridge(connection, year, report.version),
            query(connection, "reporting/report_steps", kind=report.kind, period=report.period),
            query(connection, "reporting/report_file_list", report_id=report.report_id),
            find_reports(connection, report.kind, report.period),
            found[0]["differences"] if found else 0,
        )

    @property
    def items(self) -> int:
        """How many things somebody must look at."""
        return sum(self.review.found.values())

    @property
    def is_in_agreement(self) -> bool:
        """Whether forms and general ledger agree, in the sum and for each loan."""
        return not self.differing and self._side("ledger") == self._side("forms")

    def text(self) -> str:
        """The page."""
        parts = (self._head(), self._life(), self._ledger(), self._boxes(), self._to_look_at(), self._files())
        return "\n\n".join([*parts, self._evidence()])

    def _head(self) -> str:
        report, year = self.desk.report, self.desk.tax_year
        due = sum(line["forms"] or 0 for line in self.lines if line["what"] == "reportable")
        what = (
            f"**{counted(due, 'return is', 'returns are')} due** for the {counted(self.review.forms, 'mortgage')} that we serviced in {year}. "
            f"Borrowers must have their statements by **{furnish_by(year):%B %-d, %Y}**; returns are filed by "
            f"**{file_by(year):%B %-d, %Y}** and may be corrected until {correct_until(year):%B %-d, %Y}."
        )
        lines = [f"# Form 1098 for {year}, version {report.version}: {report.status}", what]
        if report.preview_because:
            lines.append(
                f"**This is a preview.** The books are posted to {report.summary['posted_until']}; a "
                f"return or a release in January {year + 1} may still change the forms, so it cannot be approved before "
                f"January 31, {year + 1} is posted."
            )
        return "\n\n".join(lines)

    def _life(self) -> str:
        report = self.desk.report
        lines = ["## Where it stands", "| step | | by | when (New York) | what it means |", "|---|---|---|---|---|"]
        own = {step["action"]: step for step in self.steps if step["version"] == report.version}
        for name in _LIFE:
            step = own.get(name)
            by, at = (step["actor"], step["at"]) if step else ("", "")
            lines.append(f"| {name} | {'done' if step else 'open'} | {_cell(by)} | {at} | {_MEANING[name]} |")
        lines += ["", f"**Next:** {self._next()}"]
        if len(self.versions) > 1:
            lines += ["", "Versions so far:", "", "| version | status | prepared by |", "|---:|---|---|"]
            lines += [f"| {each.version} | {each.status} | {_cell(each.prepared_by)} |" for each in self.versions]
        return "\n".join(lines)

    def _next(self) -> str:
        year, status = self.desk.tax_year, self.desk.report.status
        if status in ("submitted", "corrected"):
            return "nothing. What changes from now on is the next version, and is filed as a correction."
        if self.desk.report.preview_because:
            return f"compute it again when the days up to January 31, {year + 1} are posted."
        return {
            "drafted": "write its file: materialize `compliance/report_files` for this year.",
            "validated": "somebody who neither prepared it nor wrote its file reads this page, then "
            f"`payments report approve 1098 --year {year} --by NAME`.",
            "approved": f"submit the file, then `payments report submit 1098 --year {year} --reference REFERENCE`.",
        }[status]

    def _ledger(self) -> str:
        lines = [
            "## Do the forms agree with the general ledger?",
            "**Yes, to the cent, in the sum and for each loan.**"
            if self.is_in_agreement
            else f"**No: {counted(self.differing, 'loan differs', 'loans differ')}.** Nothing may be filed.",
            "",
            "| | forms | amount |",
            "|---|---:|---:|",
        ]
        for side, closing in (
            ("ledger", "received by the general ledger"),
            ("forms", "explained by forms and rules"),
        ):
            for line in (line for line in self.lines if line["side"] == side):
                count = "" if line["forms"] is None else f"{line['forms']:,}"
                lines.append(f"| {label(line['what'])} | {count} | {dollars(line['cents'])} |")
            lines.append(f"| **{closing}** | | **{dollars(self._side(side))}** |")
        return "\n".join(lines)

    def _side(self, side: str) -> int:
        return sum(line["cents"] for line in self.lines if line["side"] == side)

    def _boxes(self) -> str:
        lines = ["## What the returns will say", "| box | total of the forms that are due |", "|---|---:|"]
        lines += [f"| {BOX_NAMES[box]} | {dollars(cents)} |" for box, cents in self.review.boxes.items()]
        return "\n".join(lines)

    def _to_look_at(self) -> str:
        lines = ["## What somebody must look at"]
        if not self.items:
            return lines[0] + "\nNothing."
        lines += ["| loans | why | which |", "|---:|---|---|"]
        for reason, text in TO_REVIEW.items():
            if count := self.review.found[reason]:
                more = f" and {count - SHOWN:,} more, in the register" if count > SHOWN else ""
                lines.append(f"| {count:,} | {text} | {', '.join(self.review.first[reason])}{more} |")
        return "\n".join(lines)

    def _files(self) -> str:
        lines = ["## Files"]
        if not self.files:
            return lines[0] + "\nNone of this version has been written."
        lines += [f"In `{self.desk.folder}`, readable by their owner only.", ""]
        lines += ["| file | for | returns | bytes | sha256 | reference |", "|---|---|---:|---:|---|---|"]
        lines += [
            f"| {file['file_name']} | {_FORMAT.get(file['format'], _FOR_PEOPLE)} | {file['records']:,} | "
            f"{file['size_bytes']:,} | `{bytes(file['sha256']).hex()[:16]}` | {_cell(file['reference'] or '')} |"
            for file in self.files
        ]
        return "\n".join(lines)

    def _evidence(self) -> str:
        return _EVIDENCE.format(year=self.desk.tax_year, content=self.desk.report.content_hash.hex())


def fault_table(faults: Sequence[tuple[str, str, str]]) -> str:
    """What the validator found, a row a fault: where, what it expected, what it found in its place."""
    lines = ["| where | expected | found |", "|---|---|---|"]
    return "\n".join(lines + [f"| {' | '.join(_cell(part) for part in fault)} |" for fault in faults])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
