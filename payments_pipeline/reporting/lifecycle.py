"""The life of a report: drafted, validated, approved by somebody other than its preparer, submitted, corrected.

A version of a report is never changed. Every step is an entry of the audit log, each hashed over the one before, and
the status of a report is its last step: there is no column that could be set.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.four_eyes import same_person

Status = Literal["drafted", "validated", "approved", "submitted", "corrected"]

FILED_FORMATS: Final = frozenset({"fire", "iris", "csv", "lar"})
"""Formats that go to an authority; others are for people."""

COMMANDS: Final = {"form_1098": "1098", "hmda_lar": "hmda"}
"""The kinds of reports, and what each is called on the command line."""

_DID: Final = {"drafted": "prepared", "validated": "wrote files of", "written again": "wrote files of"}
"""Steps after which somebody may not approve the report, and how to say that they took them."""


class LifecycleError(PaymentsError):
    """A step that a report may not take now, or not by this person."""


@dataclass(frozen=True)
class Report:
    """One version of one report."""

    report_id: UUID
    kind: str
    period: str
    version: int
    prepared_by: str
    parameters: dict[str, Any]
    summary: dict[str, Any]
    content_hash: bytes
    status: Status

    def __str__(self) -> str:
        return f"{self.kind} {self.period}, version {self.version}"

    @property
    def preview_because(self) -> str | None:
        """Why it cannot be approved however often it is checked: what it is about may still change. None if it may not."""
        because: str | None = self.summary["preview_because"]
        return because

    @property
    def command(self) -> str:
        """What it is called on the command line: `payments report <command>`."""
        return COMMANDS.get(self.kind, self.kind)


def report_id(kind: str, period: str, version: int) -> UUID:
    """The id of a version of a report: a hash of what it is."""
    return UUID(bytes=hashlib.sha256(f"report|{kind}|{period}|{version}".encode()).digest()[:16])


def add_report(
    connection: psycopg.Connection[Any],
    *,
    kind: str,
    period: str,
    version: int,
    parameters: dict[str, Any],
    summary: dict[str, Any],
    content_hash: bytes,
    prepared_by: str,
    retain_until: date,
) -> Report:
    """A new version, drafted by this person."""
    identity = report_id(kind, period, version)
    run(
        connection,
        "reporting/reports",
        report_id=identity,
        kind=kind,
        period=period,
        version=version,
        parameters=json.dumps(parameters, sort_keys=True),
        summary=json.dumps(summary, sort_keys=True),
        content_hash=content_hash,
        prepared_by=prepared_by,
        retain_until=retain_until,
    )
    log(connection, identity, "drafted", prepared_by, {"content": content_hash.hex(), **parameters})
    return find_report(connection, kind, period, version)


def find_reports(
    connection: psycopg.Connection[Any], kind: str | None = None, period: str | None = None
) -> list[Report]:
    """All versions, by kind and period, the oldest first."""
    return [Report(**row) for row in query(connection, "reporting/report_list", kind=kind, period=period)]


def find_report(connection: psycopg.Connection[Any], kind: str, period: str, version: int | None = None) -> Report:
    """A version of a report, or its last."""
    found = [each for each in find_reports(connection, kind, period) if version in (None, each.version)]
    if not found:
        which = f"version {version} of " if version else ""
        raise LifecycleError(f"there is no {which}{kind} for {period}", "payments report status lists what there is.")
    return found[-1]


def validated(connection: psycopg.Connection[Any], report: Report, actor: str, files: list["WrittenFile"]) -> None:
    """Its files were accepted by the validator and have got their names."""
    refuse_what_nobody_approved(connection, report, files)
    for file in files:
        run(
            connection,
            "reporting/report_files",
            report_id=report.report_id,
            file_name=file.path.name,
            format=file.format,
            records=file.records,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
        )
    details = {"files": {file.path.name: file.sha256.hex() for file in files}, "records": sum(f.records for f in files)}
    action = "validated" if report.status in ("drafted", "validated") else "written again"
    log(connection, report.report_id, action, actor, details)


def refuse_what_nobody_approved(
    connection: psycopg.Connection[Any], report: Report, files: list["WrittenFile"]
) -> None:
    """Refuse files that differ from those that were approved; asked before they get their names.

    The file that was approved, or submitted, is evidence: nothing may take its place.
    """
    if report.status in ("drafted", "validated"):
        return
    known = {
        (row["file_name"], bytes(row["sha256"]))
        for row in query(connection, "reporting/report_file_hashes", report_id=report.report_id)
    }
    for file in files:
        if file.format in FILED_FORMATS and (file.path.name, file.sha256) not in known:
            raise LifecycleError(
                f"{file.path.name} is not what was approved: {report} is {report.status}",
                "write it as it was then: the same format, filer and mode (--test), or make a new version.",
            )


def approve(connection: psycopg.Connection[Any], report: Report, actor: str, note: str = "") -> None:
    """A second person has looked at it: neither who prepared it nor who wrote its files."""
    if report.status != "validated":
        raise LifecycleError(
            f"{report} is {report.status}, and only what is validated can be approved",
            f"write its files first: payments report {report.command}"
            if report.status == "drafted"
            else "see payments report status.",
        )
    _refuse_preparer(connection, report, actor)
    if report.preview_because:
        raise LifecycleError(
            f"{report} is a preview: {report.preview_because}",
            "wait until the days that may still change it are over and posted, and compute it again.",
        )
    newer = find_report(connection, report.kind, report.period)
    if newer.version > report.version:
        raise LifecycleError(f"{report} was replaced by version {newer.version}", f"approve version {newer.version}.")
    log(connection, report.report_id, "approved", actor, {"content": report.content_hash.hex(), "note": note})


def _refuse_preparer(connection: psycopg.Connection[Any], report: Report, actor: str) -> None:
    for step in query(connection, "reporting/report_preparers", report_id=report.report_id):
        if same_person(actor, step["actor"]):
            raise LifecycleError(
                f"{actor} {_DID[step['action']]} {report} and may not approve it",
                "let somebody approve it who neither prepared it nor wrote its files: --by NAME",
            )


def submit(connection: psycopg.Connection[Any], report: Report, actor: str, references: dict[str, str]) -> None:
    """Its files went to the authority, which gave a reference for each."""
    require_approved(report)
    formats = files_to_submit(connection, report)
    if unknown := references.keys() - formats.keys():
        raise LifecycleError(
            f"{report} has no file {', '.join(sorted(unknown))}", f"name one of: {', '.join(sorted(formats))}"
        )
    # a report may have been written in several formats; it is filed in one, and whole
    used = {formats[name] for name in references}
    if len(used) > 1:
        raise LifecycleError(
            f"{report} is filed in one format, and the references are to files in {' and '.join(sorted(used))}",
            "the authority would have each form twice: give the references of the files in one format, all of them.",
        )
    if missing := {name for name, format_ in formats.items() if format_ in used} - references.keys():
        raise LifecycleError(
            f"there is no reference for {', '.join(sorted(missing))}",
            "give one for each file: --reference FILE=REFERENCE",
        )
    for name, reference in references.items():
        run(
            connection,
            "reporting/filing_references",
            report_id=report.report_id,
            file_name=name,
            reference=reference,
            submitted_by=actor,
        )
    log(connection, report.report_id, "submitted", actor, {"references": references})
    for earlier in find_reports(connection, report.kind, report.period):
        if earlier.version < report.version and earlier.status == "submitted":
            log(connection, earlier.report_id, "corrected", actor, {"by_version": report.version})


def require_approved(report: Report) -> None:
    """What is submitted has been approved; what has been submitted is not submitted again."""
    if report.status != "approved":
        raise LifecycleError(
            f"{report} is {report.status}, not approved",
            "payments report status tells what is to do with it."
            if report.status in ("submitted", "corrected")
            else "approve it first: payments report approve",
        )


def files_to_submit(connection: psycopg.Connection[Any], report: Report) -> dict[str, str]:
    """The files of a report that go to the authority, with the format of each."""
    rows = query(connection, "reporting/report_file_list", report_id=report.report_id)
    return {row["file_name"]: row["format"] for row in rows if row["format"] in FILED_FORMATS}


def log(connection: psycopg.Connection[Any], about: UUID, action: str, actor: str, details: dict[str, Any]) -> None:
    """An entry of the audit log, chained to the last."""
    if not actor.strip():
        raise LifecycleError("nobody is named as the one who does this", "name the person: --by NAME")
    hold(connection, "compliance.compliance_audit_log")  # its entries form one chain
    run(
        connection,
        "reporting/compliance_audit_log",
        report_id=about,
        action=action,
        actor=actor.strip(),
        details=json.dumps(details, sort_keys=True),
        at=datetime.now(UTC),
    )


def broken_entries(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Entries of the log that are not what was hashed, or do not follow on the one before."""
    return query(connection, "reporting/audit_log_broken")


@dataclass(frozen=True)
class WrittenFile:
    """A file that the validator has accepted."""

    path: Path
    format: str
    records: int
    size_bytes: int
    sha256: bytes

    @classmethod
    def of(cls, path: Path, format_: str, records: int, part: Path | None = None) -> "WrittenFile":
        """Measured and hashed as it stands on the disk, at `part` while it has not got its name."""
        stands_at = part or path
        with stands_at.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        return cls(path, format_, records, stands_at.stat().st_size, digest)
