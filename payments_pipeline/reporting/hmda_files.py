"""The files of a register: written under a temporary name, held against every edit, and only then given their own.

As on CFPB's platform, formatting errors, syntactic and validity edits stop a file; quality and macro edits stop it until
somebody has confirmed, with a reason, that the rows are right as they are. A confirmation is of those very rows and
values: when they change, it lapses.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.hmda.census import Census
from payments_pipeline.hmda.check import Finding, InRows, RegisterCheck, Violation
from payments_pipeline.hmda.edits.model import EditKind
from payments_pipeline.hmda.institution import Filer
from payments_pipeline.hmda.layout import LAR_FIELDS, SEPARATOR
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.run import query, run
from payments_pipeline.reporting.files import becoming
from payments_pipeline.reporting.hmda_lar import lines, require_agreement
from payments_pipeline.reporting.lifecycle import Report, WrittenFile, log, refuse_what_nobody_approved
from payments_pipeline.rules.hmda import ActivityPeriod
from payments_pipeline.words import counted

_LISTED: Final = 1_000
"""Rows of an edit that are kept to be shown; whoever has more of them has another problem."""
_INDEX: Final = "hmda edits"


class BlockedRegisterError(PaymentsError):
    """A register that the platform would not take. It got no name."""


@dataclass(frozen=True)
class Desk:
    """What writing files takes: one version of a register, who files it, and where the files go."""

    connection: psycopg.Connection[Any]
    personal_data: PersonalData
    report: Report
    filer: Filer
    folder: Path
    census: Census | None = None

    @property
    def period(self) -> ActivityPeriod:
        """The year or quarter."""
        return ActivityPeriod.of(self.report.period)

    def path(self, suffix: str) -> Path:
        """Where a file of this version goes."""
        return self.folder / f"hmda-{self.period}-v{self.report.version}{suffix}"


@dataclass(frozen=True)
class Example:
    """A row that breaks an edit, with what stands in the fields that it names: for whoever may read the register."""

    line: int | None
    uli: str
    field: str
    value: str


@dataclass(frozen=True)
class Confirmation:
    """Who said that it is right, and why."""

    reason: str
    confirmed_by: str


@dataclass(frozen=True)
class Broken:
    """An edit that the register breaks."""

    edit: str
    kind: EditKind
    rows: int
    wording: str
    evidence: bytes
    examples: tuple[Example, ...] = field(repr=False)
    confirmation: Confirmation | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done about it."""
        return self.confirmation is None


@dataclass(frozen=True)
class Judgement:
    """A register as it would be filed, under a temporary name, and what the edits say of it."""

    part: Path
    rows: int
    broken: tuple[Broken, ...]

    def of_kind(self, *kinds: EditKind) -> list[Broken]:
        """The edits of these kinds."""
        return [each for each in self.broken if each.kind in kinds]

    @property
    def refusal(self) -> BlockedRegisterError | None:
        """Why it may not be filed, or nothing."""
        if blocking := [each for each in self.broken if each.kind.blocks_filing]:
            return BlockedRegisterError(
                f"the register breaks edits that block filing, and was given no name: {_listed(blocking)}",
                "correct the applications in the origination system, load them again and make the register anew; "
                "--format register shows the rows.",
            )
        if waiting := [each for each in self.broken if each.is_open]:
            return BlockedRegisterError(
                f"edits ask whether rows are right, and nobody has said so: {_listed(waiting)}",
                "mend the rows, or confirm each edit with a reason: --confirm EDIT=REASON. --format register shows them.",
            )
        return None


@contextmanager
def judged(desk: Desk) -> Iterator[Judgement]:
    """The register written beside its place and held against the edits of its period; it is gone when left.

    What the edits said is noted with the version.
    """
    require_agreement(desk.connection, desk.report)
    path = desk.path(".lar.txt")
    part = path.with_name(f".{path.name}.part")
    try:
        _write(desk, part)
        register = RegisterCheck(
            part,
            year=desk.period.year,
            quarter=desk.period.quarter,
            census=desk.census,
            institution=desk.filer.known_as,
        )
        broken = _with_confirmations(desk, _collected(register, desk.personal_data))
        for each in broken:
            run(
                desk.connection,
                "reporting/hmda_edits",
                report_id=desk.report.report_id,
                edit=each.edit,
                kind=each.kind.value,
                rows=each.rows,
                evidence=each.evidence,
                wording=each.wording,
            )
        yield Judgement(part, int(desk.report.summary["rows"]), tuple(broken))
    except OSError as error:
        raise PaymentsError(f"{path} cannot be written: {error.strerror}", "choose another place: --out") from error
    finally:
        part.unlink(missing_ok=True)


def confirm(desk: Desk, judgement: Judgement, reasons: Mapping[str, str], actor: str) -> Judgement:
    """Note that somebody says that what these edits ask about is right; the judgement as it is then."""
    askable = {each.edit: each for each in judgement.broken if not each.kind.blocks_filing}
    if unknown := sorted(reasons.keys() - askable.keys()):
        raise BlockedRegisterError(
            f"{', '.join(unknown)}: there is nothing to confirm",
            f"quality and macro edits that the register breaks can be: {', '.join(sorted(askable)) or 'there are none'}.",
        )
    for edit, reason in reasons.items():
        if not reason.strip():
            raise BlockedRegisterError(f"{edit} was confirmed without a reason", "say why: --confirm EDIT=REASON")
        broken = askable[edit]
        written = run(
            desk.connection,
            "reporting/hmda_confirmations",
            period=desk.report.period,
            edit=edit,
            evidence=broken.evidence,
            reason=reason.strip(),
            confirmed_by=actor.strip(),
        )
        if written:
            details = {"edit": edit, "rows": broken.rows, "reason": reason.strip()}
            log(desk.connection, desk.report.report_id, "edit confirmed", actor, details)
    return replace(judgement, broken=tuple(_with_confirmations(desk, judgement.broken)))


def write_lar(desk: Desk, judgement: Judgement) -> list[WrittenFile]:
    """The file to upload."""
    if judgement.refusal:
        raise judgement.refusal
    path = desk.path(".lar.txt")
    file = WrittenFile.of(path, "lar", judgement.rows, judgement.part)
    refuse_what_nobody_approved(desk.connection, desk.report, [file])
    judgement.part.replace(path)
    return [file]


def write_csv(desk: Desk, judgement: Judgement) -> list[WrittenFile]:
    """The same rows as a table with the names of the fields, for people; it cannot be uploaded."""
    if judgement.refusal:
        raise judgement.refusal
    path = desk.path(".csv")
    with becoming(path) as part, part.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([each.name for each in LAR_FIELDS])
        with judgement.part.open(encoding="utf-8", newline="\n") as register:
            next(register)
            writer.writerows(line.rstrip("\n").split(SEPARATOR) for line in register)
    return [WrittenFile.of(path, "table", judgement.rows)]


def _write(desk: Desk, part: Path) -> None:
    sheet = desk.filer.sheet(desk.period, int(desk.report.summary["rows"]))
    part.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with part.open("w", encoding="utf-8", newline="\n") as out:
        out.write(f"{sheet.line()}\n")
        out.writelines(f"{line}\n" for line in lines(desk.connection, desk.personal_data, desk.report))


def _collected(register: RegisterCheck, personal_data: PersonalData) -> list[Broken]:
    """The edits, each with all its rows counted and hashed, whatever chunks they were found in."""
    found: dict[str, _Gathered] = {}
    for findings in register.findings():
        for finding in findings:
            found.setdefault(finding.edit, _Gathered(finding.kind, finding.text)).add(finding)
    return [
        Broken(
            edit,
            each.kind,
            each.rows,
            "A field does not hold what it must." if each.kind is EditKind.PARSER else each.wording,
            personal_data.index(each.digest.hexdigest(), _INDEX),
            tuple(each.examples),
        )
        for edit, each in sorted(found.items(), key=lambda item: (item[1].kind.order, item[0]))
    ]


class _Gathered:
    """What is known of an edit so far."""

    def __init__(self, kind: EditKind, wording: str) -> None:
        self.kind = kind
        self.wording = wording
        self.rows = 0
        self.examples: list[Example] = []
        self.digest = hashlib.sha256()

    def add(self, finding: Finding) -> None:
        self.rows += finding.count
        self._show(finding)
        if isinstance(finding, InRows):
            # by identifier, not by line: another row before it changes nothing about this one
            told = finding.rows.select("uli", *finding.broken.fields)[finding.at]
            for row in told.iter_rows():
                self.digest.update(repr(row).encode())
        else:
            self.digest.update(repr((finding.row, finding.field, finding.value)).encode())

    def _show(self, finding: Finding) -> None:
        shown: list[Violation] = list(finding.violations(_LISTED - len(self.examples)))
        ulis = (
            finding.rows["uli"].gather(finding.at[: len(shown)]) if isinstance(finding, InRows) else [""] * len(shown)
        )
        self.examples += [Example(each.row, uli, each.field, each.value) for each, uli in zip(shown, ulis, strict=True)]


def _with_confirmations(desk: Desk, broken: Iterable[Broken]) -> list[Broken]:
    rows = query(desk.connection, "reporting/hmda_confirmation_list", period=desk.report.period)
    known = {(row["edit"], bytes(row["evidence"])): Confirmation(row["reason"], row["confirmed_by"]) for row in rows}
    return [
        replace(each, confirmation=None if each.kind.blocks_filing else known.get((each.edit, each.evidence)))
        for each in broken
    ]


def _listed(broken: list[Broken]) -> str:
    return "; ".join(f"{each.edit} ({counted(each.rows, 'row')})" for each in broken)
