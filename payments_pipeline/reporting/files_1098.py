"""The files of Form 1098, each written under a temporary name, validated, and only then given its own.

What the validator refuses never stands there as if it could be filed, and what differs from what was approved never
takes its place. Where the year has been filed before, the files hold what differs from what was filed: forms that were
missing, and the corrections of the others.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, NoReturn, Self

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats import fire, iris, iris_schema
from payments_pipeline.formats.tax_identity import Address, Identity, address_place, co_borrower_place, identity_place
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.run import run
from payments_pipeline.reporting import fire_1098, iris_1098
from payments_pipeline.reporting.filer import Filer
from payments_pipeline.reporting.files import becoming, becoming_together
from payments_pipeline.reporting.form_1098 import Return, Transaction, require_agreement, returns
from payments_pipeline.reporting.lifecycle import Report, WrittenFile, refuse_what_nobody_approved
from payments_pipeline.reporting.statement_1098 import Statement, write_statement
from payments_pipeline.reporting.whole_books import stream

_FAULTS_SHOWN: Final = 20
_ROWS_AT_A_TIME: Final = 50_000
_MOST_UPLOADS: Final = 100

Fault = fire.Fault | iris.Fault


class RefusedFileError(PaymentsError):
    """A file that the authority would refuse. It was not kept."""

    def __init__(self, message: str, remedy: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message, remedy)
        self.faults = tuple(faults)
        """The first faults that the validator found; they show the shape of what is personal, never the value."""


@dataclass(frozen=True)
class Desk:
    """What writing files takes: the forms of one version, who files, and where the files go."""

    connection: psycopg.Connection[Any]
    personal_data: PersonalData
    report: Report
    filer: Filer
    folder: Path
    is_test: bool = False
    """Whether the authority is to look at the files and file nothing: they have names of their own and file nothing here."""
    is_prior_year: bool = False
    """Whether it is filed later than in the year after its own."""

    @property
    def tax_year(self) -> int:
        """The year of the forms."""
        return int(self.report.period)

    def returns(self, *transactions: Transaction) -> Iterator[Return]:
        """What is to be filed, of these kinds."""
        return returns(self.connection, self.personal_data, self.report, transactions)

    def path(self, suffix: str) -> Path:
        """Where a file of this version goes."""
        kind = ".test" if self.is_test else ""
        return self.folder / f"1098-{self.tax_year}-v{self.report.version}{kind}{suffix}"


@dataclass
class Filed:
    """Notes where each form stands in the files, for corrections to refer to; memory holds a batch of notes."""

    desk: Desk
    _rows: list[tuple[Any, ...]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.desk.connection.execute(
            "create temporary table if not exists newly_filed_1098 (loan_id bigint, part smallint, version smallint, "
            "transaction text, file_name text, submission_id text, record_id text) on commit drop"
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
            run(
                self.desk.connection,
                "reporting/filed_1098",
                report_id=self.desk.report.report_id,
                tax_year=self.desk.tax_year,
            )

    def note(self, form: Return, file_name: str, submission_id: str, record_id: str) -> None:
        """A return stands here; in a file that is only a test it does not."""
        if self.desk.is_test:
            return
        self._rows.append(
            (form.loan_id, form.part, form.version, form.transaction, file_name, submission_id, record_id)
        )
        if len(self._rows) == _ROWS_AT_A_TIME:
            self._flush()

    def _flush(self) -> None:
        with self.desk.connection.cursor() as cursor, cursor.copy("copy newly_filed_1098 from stdin") as copy:
            for row in self._rows:
                copy.write_row(row)
        self._rows.clear()


def write_fire(desk: Desk) -> list[WrittenFile]:
    """The FIRE file: originals, then the corrections of what was filed, each kind in a group of its own."""
    if desk.tax_year > fire.LAST_TAX_YEAR:
        raise RefusedFileError(
            f"FIRE takes no returns of {desk.tax_year}: its last tax year is {fire.LAST_TAX_YEAR}",
            "write them for IRIS: --format iris",
        )
    require_agreement(desk.connection, desk.report)
    path = desk.path(".fire.txt")
    written = dict.fromkeys(fire.AMOUNTS, 0)
    with becoming(path) as part, Filed(desk) as filed:
        with part.open("wb") as out:
            writer = fire_1098.begin_file(
                out, desk.tax_year, desk.filer, is_test=desk.is_test, is_prior_year=desk.is_prior_year
            )
            records = 0
            for transactions in fire_1098.GROUPS:
                is_open = False
                for form in desk.returns(*transactions):
                    if not is_open:
                        writer.begin_group(fire_1098.issuer(desk.filer))
                        is_open = True
                    filed.note(form, path.name, "", str(writer.payee(fire_1098.payee(form))))
                    records += 1
                    for box, cents in form.amounts.items():
                        written[fire.AMOUNT_OF_BOX[box]] += cents
                if is_open:
                    writer.end_group()
            writer.close()
        _refuse_empty(records, desk)
        _refuse_faults(fire.check_file(part), written, records, path)
        file = WrittenFile.of(path, "fire", records, part)
        _refuse_unapproved(desk, [file])
    return [file]


def write_iris(desk: Desk) -> list[WrittenFile]:
    """The IRIS transmissions: each of one type, each as large as IRIS takes them."""
    require_agreement(desk.connection, desk.report)
    written: list[WrittenFile] = []
    with becoming_together() as begin, Filed(desk) as filed:

        def finish(transmission: iris.Transmission, type_: iris.TransmissionType, number: int, path: Path) -> None:
            part, count = begin(path), len(transmission.details)
            _transmit(desk, part, path, transmission, type_, number)
            written.append(WrittenFile.of(path, "iris", count, part))

        for type_, transactions in iris_1098.TRANSMISSIONS.items():
            number, transmission, path = 1, iris.Transmission(), desk.path(f".iris-{type_}001.xml")
            for form in _known_to_iris(desk, transactions):
                detail = iris_1098.detail(form, desk.report.period, str(len(transmission.details) + 1))
                if not transmission.takes(detail):
                    finish(transmission, type_, number, path)
                    number, transmission = number + 1, iris.Transmission()
                    path = desk.path(f".iris-{type_}{number:03}.xml")
                    detail = iris_1098.detail(form, desk.report.period, "1")
                transmission.add(detail, form.amounts)
                filed.note(form, path.name, iris_1098.SUBMISSION_ID, str(len(transmission.details)))
            if transmission.details:
                finish(transmission, type_, number, path)
        _refuse_empty(sum(file.records for file in written), desk)
        _refuse_unapproved(desk, written)
    return written


def _known_to_iris(desk: Desk, transactions: Sequence[Transaction]) -> Iterator[Return]:
    """What is to be filed; a record that FIRE took has no id of a submission, and IRIS cannot correct it."""
    for form in desk.returns(*transactions):
        if form.unique_record_id and "||" in form.unique_record_id:
            raise RefusedFileError(
                f"{desk.report} corrects returns that were submitted by FIRE, and IRIS does not know them",
                "write the corrections for FIRE: --format fire; when that has closed, make them in IRIS's portal by hand.",
            )
        yield form


def _transmit(
    desk: Desk, part: Path, path: Path, transmission: iris.Transmission, type_: iris.TransmissionType, number: int
) -> None:
    """Write a transmission and have it checked, by its rules and by the schema."""
    manifest = iris_1098.manifest(
        desk.report, desk.filer, type_, number, is_test=desk.is_test, is_prior_year=desk.is_prior_year
    )
    count = len(transmission.details)
    with part.open("wb") as out:
        transmission.write(out, manifest, iris_1098.header(desk.report, desk.filer))
    transmission.details.clear()  # checking takes memory too
    checked = iris.check_file(part, most=_FAULTS_SHOWN)
    if not checked.is_accepted or checked.totals != transmission.totals or checked.returns != count:
        _refuse(path, [str(fault) for fault in checked.faults], checked.fault_count, checked.faults)
    _refuse_outside_schema(desk, part, path)


def _refuse_outside_schema(desk: Desk, part: Path, path: Path) -> None:
    """The structure once more, by the schema: the authority's, where the filer has it, or else ours."""
    faults = iris_schema.validate(part, desk.filer.transmitter.iris_schema, most=_FAULTS_SHOWN)
    if faults:
        _refuse(path, [str(fault) for fault in faults], len(faults), faults)


def write_csv(desk: Desk) -> list[WrittenFile]:
    """Uploads for IRIS's portal, as many returns each as it takes; what stands in them is checked as XML would be."""
    require_agreement(desk.connection, desk.report)
    written: list[WrittenFile] = []
    with becoming_together() as begin, Filed(desk) as filed:
        for type_, transactions in iris_1098.TRANSMISSIONS.items():
            for number, forms in enumerate(_chunks(_known_to_iris(desk, transactions), iris.PORTAL_ROWS), start=1):
                if len(written) == _MOST_UPLOADS:
                    raise RefusedFileError(
                        f"more than {_MOST_UPLOADS * iris.PORTAL_ROWS:,} returns are no work for the portal",
                        "write them as XML: --format iris",
                    )
                path = desk.path(f".portal-{type_}{number:03}.csv")
                written.append(_write_upload(desk, begin, forms, type_, number, path))
                for record_id, form in enumerate(forms, start=1):
                    filed.note(form, path.name, iris_1098.SUBMISSION_ID, str(record_id))
        _refuse_empty(sum(file.records for file in written), desk)
        _refuse_unapproved(desk, written)
    return written


def _write_upload(
    desk: Desk,
    begin: Callable[[Path], Path],
    forms: list[Return],
    type_: iris.TransmissionType,
    number: int,
    path: Path,
) -> WrittenFile:
    rows = [
        iris_1098.detail_values(form, desk.report.period, str(record_id))
        for record_id, form in enumerate(forms, start=1)
    ]
    transmission = iris.Transmission()
    for form, row in zip(forms, rows, strict=True):
        transmission.add(iris.detail(row), form.amounts)
    part = begin(path)
    _transmit(desk, part, path, transmission, type_, number)
    with part.open("w", encoding="ascii", newline="") as out_text:
        writer = csv.writer(out_text)
        writer.writerow(iris.portal_head())
        writer.writerows(iris.portal_row(row) for row in rows)
    return WrittenFile.of(path, "csv", len(forms), part)


def _chunks(forms: Iterator[Return], size: int) -> Iterator[list[Return]]:
    while chunk := list(islice(forms, size)):
        yield chunk


def _refuse_unapproved(desk: Desk, files: list[WrittenFile]) -> None:
    """Files for the authority to test have names of their own, and take nobody's place."""
    if not desk.is_test:
        refuse_what_nobody_approved(desk.connection, desk.report, files)


def _refuse_empty(records: int, desk: Desk) -> None:
    if not records:
        raise RefusedFileError(
            f"there is nothing to file of {desk.report}: no form is due that has not been filed as it is",
            "payments report 1098 --format register lists every form with its reason.",
        )


def _refuse_faults(checked: fire.Checked, written: dict[str, int], records: int, path: Path) -> None:
    if checked.is_accepted and checked.totals == written and checked.payees == records:
        return
    shown = [str(fault) for fault in checked.faults[:_FAULTS_SHOWN]]
    if checked.is_accepted:
        shown = [f"its control totals are {checked.totals}, what was written adds up to {written}"]
    _refuse(path, shown, checked.fault_count, checked.faults)


def _refuse(path: Path, shown: list[str], count: int, faults: Sequence[Fault]) -> NoReturn:
    more = [f"and {count - len(shown):,} more"] if count > len(shown) else []
    raise RefusedFileError(
        f"{path.name} would be refused and was not kept:\n  " + "\n  ".join([*shown, *more]),
        "correct the loan, the borrower's tax identity or data/filer.toml, and write it again.",
        faults,
    )


def write_statements(desk: Desk, loans: Sequence[int] | None = None) -> list[WrittenFile]:
    """A statement for each borrower whose form is due, or was when it was filed, in folders of a thousand; and their list.

    Of loans that were named there is a list of its own: that of all borrowers stays what it is.
    """
    require_agreement(desk.connection, desk.report)
    folder, listing = desk.path(".statements"), desk.path(".statements.chosen.csv" if loans else ".statements.csv")
    count = 0
    with becoming(listing) as list_part, list_part.open("w", encoding="ascii", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["loan_number", "file", "size_bytes", "sha256"])
        for statement in _statements(desk, loans):
            shelf = folder / statement.loan_number[:-3]
            path = shelf / f"1098-{desk.tax_year}-{statement.loan_number}.pdf"
            with becoming(path) as part:
                write_statement(part, statement, desk.filer)
            file = WrittenFile.of(path, "pdf", 1)
            writer.writerow([statement.loan_number, path.relative_to(desk.folder), file.size_bytes, file.sha256.hex()])
            count += 1
        if loans and not count:
            raise RefusedFileError(
                f"there is no statement to write: none of the loans that were named has a form that is due in {desk.report}",
                "payments report 1098 --format register lists every form with its reason.",
            )
        _refuse_empty(count, desk)
    return [WrittenFile.of(listing, "pdf", count)]


def _statements(desk: Desk, loans: Sequence[int] | None) -> Iterator[Statement]:
    rows = stream(
        desk.connection,
        "reporting/form_1098_statements",
        is_whole_book=loans is None,
        tax_year=desk.tax_year,
        report_version=desk.report.version,
        loans=list(loans) if loans is not None else None,
    )
    personal = desk.personal_data
    for row in rows:
        (
            loan_id, loan_number, borrower_id, identity_version, tin_type, encrypted, address, is_due, is_corrected,
            seqs, co_borrowers, *amounts_and_boxes,
        ) = row  # fmt: skip
        identity = Identity.of_text(personal.decrypt(bytes(encrypted), identity_place(borrower_id, identity_version)))
        others = [
            Identity.of_text(personal.decrypt(bytes(other), co_borrower_place(loan_id, seq))).full_name
            for seq, other in zip(seqs, co_borrowers, strict=True)
        ]
        yield Statement(
            desk.tax_year,
            loan_number,
            tin_type,
            identity,
            others,
            Address.of_text(personal.decrypt(bytes(address), address_place(borrower_id, identity_version))),
            is_due,
            is_corrected,
            *amounts_and_boxes,
        )
