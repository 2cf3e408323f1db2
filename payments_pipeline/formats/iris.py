"""IRIS transmissions of Forms 1098: the XML of tax years from 2026 on, and the CSV of the portal.

The schema is not public; element names, their order and lengths are those of implementations that validate against it,
and are provisional until a filer holds them against the official XSD. They stand in three tables (manifest, header,
detail), by which everything here writes and checks.

A transmission is of one kind: originals (O), corrections (C) or replacements of a rejected one (R), and at most 100 MB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException, ElementTree

from payments_pipeline.formats import tax_text
from payments_pipeline.formats.us_states import STATES, zip_is_in

NAMESPACE: Final = "urn:us:gov:treasury:irs:ir"
SCHEMA_VERSION: Final = "2.0.3"
LARGEST_FILE: Final = 100_000_000
PORTAL_ROWS: Final = 100
"""The portal takes at most so many returns in one CSV."""

TransmissionType = Literal["O", "C", "R"]

_TEXT: Final = r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?"
_AMOUNT: Final = r"\d{1,12}\.\d{2}"
_DATE: Final = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIN: Final = r"(?!(\d)\1{8})\d{9}"
_TIN_TYPE: Final = "BUSINESS_TIN|INDIVIDUAL_TIN|UNKNOWN"
_STATE: Final = "|".join(STATES)
_ZIP: Final = r"\d{5}(?:\d{4})?"
_INDICATOR: Final = "[01]"


@dataclass(frozen=True, slots=True)
class Element:
    """An element that holds a value: where it is, and what it may say."""

    path: str
    pattern: str
    most: int
    description: str
    is_required: bool = False
    is_personal: bool = False

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, eq=False)
class Table:
    """The elements of a group in the order of the schema, with what writing and checking need worked out once."""

    elements: tuple[Element, ...]

    @cached_property
    def plan(self) -> tuple[tuple[str, tuple[str, ...], str, str], ...]:
        """Path, groups, start and end tag of each element."""
        return tuple(
            (each.path, tuple(each.path.split("/")[:-1]), f"<{each.name}>", f"</{each.name}>") for each in self.elements
        )

    @cached_property
    def known(self) -> dict[str, tuple[int, Element, re.Pattern[str]]]:
        """Place, element and pattern by path."""
        return {each.path: (place, each, re.compile(each.pattern)) for place, each in enumerate(self.elements)}

    @cached_property
    def required(self) -> tuple[Element, ...]:
        """The elements that must be there."""
        return tuple(each for each in self.elements if each.is_required)


def _elements(source: str) -> Table:
    """A table of lines: path, most characters, pattern by name, description. After the path: "!" required, "*" personal."""
    patterns = {
        "text": _TEXT, "amount": _AMOUNT, "date": _DATE, "tin": _TIN, "tin_type": _TIN_TYPE, "state": _STATE,
        "zip": _ZIP, "ind": _INDICATOR, "count": r"\d+", "year": r"20\d\d", "control": r"[A-Z0-9&-]{1,4}",
        "country": "[A-Z]{2}", "tcc": "[0-9A-Z]{5}", "phone": r"\d{10}", "software": "[0-9A-Z]{10}",
        "utid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:IRIS:[0-9A-Z]{5}::A", "kind": "[OCR]", "test": "[TP]",
        "vendor": "[VI]", "version": r"\d+\.\d+\.\d+", "form": "1098", "parent": "1096", "media": "M", "channel": "A2A",
        "email": r"[^@\s]+@[^@\s]+", "two": r"(?:[2-9]|[1-9]\d{1,3})", "zero": "0",
    }  # fmt: skip
    found = []
    for line in source.strip().splitlines():
        path, most, pattern, description = line.split(" ", 3)
        found.append(Element(path.rstrip("!*"), patterns[pattern], int(most), description, "!" in path, "*" in path))
    return Table(tuple(found))


MANIFEST: Final = _elements("""
SchemaVersionNum! 10 version Version of the schema
UniqueTransmissionId! 60 utid Id of the transmission, with the control code in it
TaxYr! 4 year Tax year
PriorYearDataInd! 1 ind 1 for an earlier year than the current one
TransmissionTypeCd! 1 kind O originals, C corrections, R replacement
TestCd! 1 test T test, P production
TransmitterGrp/TIN! 9 tin Transmitter's number
TransmitterGrp/TINSubmittedTypeCd! 14 tin_type Kind of the number
TransmitterGrp/TransmitterControlCd! 5 tcc Control code for IRIS
TransmitterGrp/ForeignEntityInd! 1 ind 1 for a foreign transmitter
TransmitterGrp/CompanyGrp/BusinessName/BusinessNameLine1Txt! 75 text Company
TransmitterGrp/CompanyGrp/MailingAddressGrp/USAddress/AddressLine1Txt! 35 text Street
TransmitterGrp/CompanyGrp/MailingAddressGrp/USAddress/CityNm! 40 text City
TransmitterGrp/CompanyGrp/MailingAddressGrp/USAddress/StateAbbreviationCd! 2 state State
TransmitterGrp/CompanyGrp/MailingAddressGrp/USAddress/ZIPCd! 9 zip Postal code
TransmitterGrp/ContactNameGrp/PersonNm! 35 text Whom to ask
TransmitterGrp/ContactEmailAddressTxt 50 email Address of the contact
TransmitterGrp/ContactPhoneNum! 10 phone Telephone of the contact
VendorCd! 1 vendor I software of the house
SoftwareId! 10 software Id of the software, given after its test
TotalIssuerFormCnt! 9 count Number of submissions
TotalRecipientFormCnt! 9 count Number of returns
PaperSubmissionInd! 1 zero Not on paper
MediaSourceCd! 1 media M
SubmissionChannelCd! 3 channel A2A
""")

HEADER: Final = _elements("""
SubmissionId! 20 count Number of the submission
TaxYr! 4 year Tax year
IssuerDetail/ForeignEntityInd! 1 ind 1 for a foreign filer
IssuerDetail/TIN! 9 tin Filer's number
IssuerDetail/TINSubmittedTypeCd! 14 tin_type Kind of the number
IssuerDetail/BusinessNameControlTxt 4 control Name control of the filer
IssuerDetail/BusinessName/BusinessNameLine1Txt! 75 text Filer
IssuerDetail/MailingAddressGrp/USAddress/AddressLine1Txt! 35 text Street
IssuerDetail/MailingAddressGrp/USAddress/CityNm! 40 text City
IssuerDetail/MailingAddressGrp/USAddress/StateAbbreviationCd! 2 state State
IssuerDetail/MailingAddressGrp/USAddress/ZIPCd! 9 zip Postal code
IssuerDetail/PhoneNum! 10 phone Telephone
ContactPersonInformationGrp/ContactPersonNm! 35 text Whom to ask
ContactPersonInformationGrp/ContactPhoneNum! 10 phone Telephone of the contact
ContactPersonInformationGrp/ContactEmailAddressTxt 50 email Address of the contact
FormTypeCd! 4 form Form 1098
ParentFormTypeCd! 4 parent 1096
CFSFElectionInd! 1 zero Form 1098 is not in the combined program
TotalReportedRcpntFormCnt! 9 count Number of returns
IRSubmission1FormTotals/Form1098TotalAmtGrp/MortgageInterestReceivedAmt 15 amount Total of box 1
IRSubmission1FormTotals/Form1098TotalAmtGrp/OutstandingMortgPrincipalAmt 15 amount Total of box 2
IRSubmission1FormTotals/Form1098TotalAmtGrp/OverpaidInterestRefundAmt 15 amount Total of box 4
IRSubmission1FormTotals/Form1098TotalAmtGrp/MortgageInsurancePremiumsAmt 15 amount Total of box 5
IRSubmission1FormTotals/Form1098TotalAmtGrp/PrinResPurchasePointsPaidAmt 15 amount Total of box 6
""")

DETAIL: Final = _elements("""
TaxYr! 4 year Tax year
RecordId! 20 count Number of the record in its submission
VoidInd! 1 zero Never void
CorrectedInd! 1 ind 1 for a correction
PrevSubmittedRecRecipientGrp/UniqueRecordId 120 text Receipt, submission and record that are corrected
RecipientDetail/TIN* 9 tin Borrower's number
RecipientDetail/TINSubmittedTypeCd! 14 tin_type Kind of the number
RecipientDetail/PersonNameControlTxt* 4 control First letters of the surname
RecipientDetail/BusinessNameControlTxt* 4 control First letters of the name
RecipientDetail/PersonName/PersonFirstNm* 35 text First name
RecipientDetail/PersonName/PersonMiddleNm* 35 text Middle name
RecipientDetail/PersonName/PersonLastNm* 35 text Last name
RecipientDetail/PersonName/SuffixNm* 10 text Suffix
RecipientDetail/BusinessName/BusinessNameLine1Txt* 75 text Name of a business
RecipientDetail/MailingAddressGrp/USAddress/AddressLine1Txt* 35 text Street
RecipientDetail/MailingAddressGrp/USAddress/AddressLine2Txt* 35 text Street, continued
RecipientDetail/MailingAddressGrp/USAddress/CityNm* 40 text City
RecipientDetail/MailingAddressGrp/USAddress/StateAbbreviationCd* 2 state State
RecipientDetail/MailingAddressGrp/USAddress/ZIPCd* 9 zip Postal code
RecipientDetail/MailingAddressGrp/ForeignAddress/AddressLine1Txt* 35 text Street
RecipientDetail/MailingAddressGrp/ForeignAddress/AddressLine2Txt* 35 text Street, continued
RecipientDetail/MailingAddressGrp/ForeignAddress/CityNm* 40 text City
RecipientDetail/MailingAddressGrp/ForeignAddress/ProvinceOrStateNm* 35 text Province
RecipientDetail/MailingAddressGrp/ForeignAddress/ForeignPostalCd* 16 text Postal code
RecipientDetail/MailingAddressGrp/ForeignAddress/CountryCd* 2 country Country, by the tax authority's code
RecipientAccountNum! 30 text Number of the loan
MortgageInterestReceivedAmt 15 amount Box 1
OutstandingMortgPrincipalAmt 15 amount Box 2
MortgageOriginationDt! 10 date Box 3
OverpaidInterestRefundAmt 15 amount Box 4
MortgageInsurancePremiumsAmt 15 amount Box 5
PrinResPurchasePointsPaidAmt 15 amount Box 6
PropAddrSameBorrowerAddrInd! 1 ind Box 7
PropertyAddressGrp/PropertyDesc* 100 text Box 8
PropertiesSecuringMortgageCnt 4 two Box 9
OtherTxt 100 text Box 10
MortgageAcquisitionDt 10 date Box 11
""")

AMOUNT_OF_BOX: Final = {
    1: "MortgageInterestReceivedAmt", 2: "OutstandingMortgPrincipalAmt", 4: "OverpaidInterestRefundAmt",
    5: "MortgageInsurancePremiumsAmt", 6: "PrinResPurchasePointsPaidAmt",
}  # fmt: skip
_TOTALS: Final = "IRSubmission1FormTotals/Form1098TotalAmtGrp/"
_US: Final = "RecipientDetail/MailingAddressGrp/USAddress/"
_ABROAD: Final = "RecipientDetail/MailingAddressGrp/ForeignAddress/"


def amount(cents: int) -> str:
    """Cents as the schema writes dollars."""
    return f"{cents // 100}.{cents % 100:02}"


def plain(text: str) -> str:
    """Text in the characters that the schema takes: ASCII, without # and without two hyphens in a row."""
    return re.sub(r"-{2,}", "-", " ".join(re.sub(r"[^\x20-\x7e]|#", " ", tax_text.latin(text)).split()))


# Writing ----------------------------------------------------------------------------------------------------------------


def to_xml(table: Table, values: Mapping[str, str]) -> str:
    """The elements of a table that have a value, in its order, inside the groups that their paths name."""
    pieces: list[str] = []
    opened: tuple[str, ...] = ()
    for path, groups, start, end in table.plan:
        value = values.get(path)
        if not value:
            continue
        if groups != opened:
            shared = 0
            while shared < min(len(groups), len(opened)) and groups[shared] == opened[shared]:
                shared += 1
            pieces += [f"</{group}>" for group in reversed(opened[shared:])]
            pieces += [f"<{group}>" for group in groups[shared:]]
            opened = groups
        pieces += (start, value if _needs_no_escape(value) else escape(value), end)
    pieces += [f"</{group}>" for group in reversed(opened)]
    return "".join(pieces)


def _needs_no_escape(value: str) -> bool:
    return "&" not in value and "<" not in value and ">" not in value


@dataclass
class Transmission:
    """One file in the making: its details, with what they add up to. Holds at most what a file may."""

    details: list[bytes] = field(default_factory=list)
    size: int = 0
    totals: dict[int, int] = field(default_factory=lambda: dict.fromkeys(AMOUNT_OF_BOX, 0))

    _OVERHEAD = 20_000

    def takes(self, detail: bytes) -> bool:
        """Whether there is room for another return."""
        return self.size + len(detail) + self._OVERHEAD <= LARGEST_FILE

    def add(self, detail: bytes, boxes: Mapping[int, int]) -> None:
        """A return, with the amounts of its boxes in cents."""
        self.details.append(detail)
        self.size += len(detail)
        for box, cents in boxes.items():
            self.totals[box] += cents

    def write(self, out: BinaryIO, manifest: Mapping[str, str], header: Mapping[str, str]) -> None:
        """The file, with the counts and totals of what it holds."""
        count = str(len(self.details))
        told = {
            **manifest,
            "SchemaVersionNum": SCHEMA_VERSION,
            "TotalIssuerFormCnt": "1",
            "TotalRecipientFormCnt": count,
        }
        totals = {
            _TOTALS + AMOUNT_OF_BOX[box]: amount(cents) for box, cents in self.totals.items() if cents or box == 1
        }
        head = {**header, "TotalReportedRcpntFormCnt": count, **totals}
        out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n')
        out.write(f'<IRTransmission xmlns="{NAMESPACE}">\n'.encode())
        out.write(f"<IRTransmissionManifest>{to_xml(MANIFEST, told)}</IRTransmissionManifest>\n".encode())
        out.write(f"<IRSubmission1Grp><IRSubmission1Header>{to_xml(HEADER, head)}</IRSubmission1Header>\n".encode())
        out.write(b"<IRSubmission1Detail>\n")
        out.writelines(self.details)
        out.write(b"</IRSubmission1Detail></IRSubmission1Grp>\n</IRTransmission>\n")


def detail(values: Mapping[str, str]) -> bytes:
    """A return."""
    return f"<Form1098Detail>{to_xml(DETAIL, values)}</Form1098Detail>\n".encode()


# Checking ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that the schema or a business rule would refuse."""

    place: str
    element: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.place}, {self.element}: expected {self.expected}, found {self.found}"


@dataclass
class Checked:
    """What a file holds, and the first of its faults."""

    returns: int = 0
    totals: dict[int, int] = field(default_factory=lambda: dict.fromkeys(AMOUNT_OF_BOX, 0))
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0

    @property
    def is_accepted(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.fault_count == 0


def check_file(path: Path, *, most: int = 1_000) -> Checked:
    """Read a transmission of any size and name its faults; memory holds one return."""
    return _Check(path, most).run()


class _Check:
    """One reading of one file."""

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._most = most
        self._checked = Checked()
        self._manifest: dict[str, str] = {}
        self._header: dict[str, str] = {}
        self._has_root = False
        self._submissions = 0
        self._in_submission = 0
        self._totals = dict.fromkeys(AMOUNT_OF_BOX, 0)
        self._records: set[str] = set()
        self._accounts: set[str] = set()

    def run(self) -> Checked:
        size = self._path.stat().st_size
        if size > LARGEST_FILE:
            self._fault("file", "size", f"at most {LARGEST_FILE:,} bytes", f"{size:,}")
        try:
            self._read()
        except (ElementTree.ParseError, DefusedXmlException) as error:
            self._fault("file", "XML", "a well-formed document", str(error))
            return self._checked
        self._check_manifest()
        return self._checked

    def _read(self) -> None:
        # a return is forgotten when it has been read; the frame of it that stays is a few bytes, and a file is bounded
        for _, node in ElementTree.iterparse(self._path, forbid_dtd=True):
            name = node.tag.rpartition("}")[2]
            match name:
                case "Form1098Detail":
                    self._check_detail(node)
                    node.clear()
                case "IRTransmissionManifest":
                    self._manifest = self._values(node, MANIFEST, "manifest")
                case "IRSubmission1Header":
                    self._header = self._values(node, HEADER, f"submission {self._submissions + 1}, header")
                    self._begin_submission()
                case "IRSubmission1Grp":
                    self._end_submission()
                    node.clear()
                case "IRTransmission" if node.tag == f"{{{NAMESPACE}}}IRTransmission":
                    self._has_root = True
        if not self._has_root:
            self._fault("file", "root", f"IRTransmission in {NAMESPACE}", "another")

    def _values(self, node: Any, table: Table, place: str) -> dict[str, str]:
        """The values of a group by their paths, each checked by itself and for its place in the order."""
        known = table.known
        values: dict[str, str] = {}
        last = -1
        for path, text in _leaves(node):
            found = known.get(path)
            if found is None:
                self._fault(place, path, "an element of the schema", "one that it does not have")
                continue
            order, each, pattern = found
            if order <= last:
                self._fault(place, each.name, f"before {table.elements[last].name}, and once", "it here")
            last = max(last, order)
            values[path] = text
            if not pattern.fullmatch(text) or len(text) > each.most or "--" in text or "#" in text:
                expected = f"{each.description}, at most {each.most} characters like {each.pattern}, without -- and #"
                self._fault(place, each.name, expected, _shown(each, text))
        for each in table.required:
            if each.path not in values:
                self._fault(place, each.name, each.description, "nothing")
        return values

    def _begin_submission(self) -> None:
        self._submissions += 1
        self._in_submission = 0
        self._totals = dict.fromkeys(AMOUNT_OF_BOX, 0)
        self._records, self._accounts = set(), set()

    def _check_detail(self, node: Any) -> None:
        self._in_submission += 1
        self._checked.returns += 1
        place = f"submission {self._submissions}, return {self._in_submission}"
        values = self._values(node, DETAIL, place)
        for box, name in AMOUNT_OF_BOX.items():
            cents = _cents(values.get(name, "0"))
            self._totals[box] += cents
            self._checked.totals[box] += cents
        for element, is_wrong, expected in self._rules(values):
            if is_wrong:
                known = next(each for each in DETAIL.elements if each.name == element or each.path == element)
                self._fault(place, known.name, expected, _shown(known, values.get(known.path, "")))
        self._records.add(values.get("RecordId", ""))
        self._accounts.add(values.get("RecipientAccountNum", ""))

    def _rules(self, values: Mapping[str, str]) -> Iterator[tuple[str, bool, str]]:
        """What must hold between the elements of a return."""
        has = values.__contains__
        is_person, is_business = (
            has("RecipientDetail/PersonName/PersonLastNm"),
            has("RecipientDetail/BusinessName/BusinessNameLine1Txt"),
        )
        is_correction = values.get("CorrectedInd") == "1"
        is_home = values.get("PropAddrSameBorrowerAddrInd") == "1"
        has_tin = has("RecipientDetail/TIN")
        tin_type = values.get("RecipientDetail/TINSubmittedTypeCd")
        zip_, state = values.get(_US + "ZIPCd", ""), values.get(_US + "StateAbbreviationCd", "")
        is_us, is_abroad = has(_US + "CityNm"), has(_ABROAD + "CityNm")
        year = self._manifest.get("TaxYr", "")
        acquired = values.get("MortgageAcquisitionDt", year)
        yield "TaxYr", values.get("TaxYr") != year, f"{year}, as in the manifest"
        yield "RecordId", values.get("RecordId") in self._records, "a record id of its own"
        yield "RecipientAccountNum", values.get("RecipientAccountNum") in self._accounts, "a number of its own"
        yield "PersonLastNm", is_person == is_business, "either a person's last name or a business name"
        yield "PersonFirstNm", is_person and not has("RecipientDetail/PersonName/PersonFirstNm"), "a first name, apart"
        yield "RecipientDetail/TIN", has_tin == (tin_type == "UNKNOWN"), "a number, or the type UNKNOWN and none"
        yield _US + "CityNm", is_us == is_abroad, "an address here or abroad"
        yield _US + "ZIPCd", is_us and not zip_is_in(zip_, state), "a postal code of the state"
        yield _US + "AddressLine1Txt", is_us and not has(_US + "AddressLine1Txt"), "a street"
        yield _ABROAD + "CountryCd", is_abroad and not has(_ABROAD + "CountryCd"), "a country"
        described = has("PropertyAddressGrp/PropertyDesc")
        yield "PropertyDesc", is_home == described, "the property where box 7 is 0, and nothing where it is 1"
        unmade = not is_correction and not any(_cents(values.get(AMOUNT_OF_BOX[box], "0")) for box in (1, 4, 5, 6))
        yield AMOUNT_OF_BOX[1], unmade, "an amount in at least one of boxes 1, 4, 5 and 6"
        yield "MortgageAcquisitionDt", acquired[:4] != year, f"a date in {year}, or nothing"
        previous = values.get("PrevSubmittedRecRecipientGrp/UniqueRecordId", "")
        refers = bool(re.fullmatch(r"[^|]+\|[^|]+\|[^|]+", previous))
        yield "UniqueRecordId", is_correction != refers, "receipt|submission|record for a correction, and only for one"
        of_type = self._manifest.get("TransmissionTypeCd")
        yield (
            "CorrectedInd",
            (of_type == "O" and is_correction) or (of_type == "C" and not is_correction),
            f"that of type {of_type}",
        )

    def _end_submission(self) -> None:
        place = f"submission {self._submissions}, header"
        if self._header.get("TotalReportedRcpntFormCnt") != str(self._in_submission) or not self._in_submission:
            found = self._header.get("TotalReportedRcpntFormCnt", "nothing")
            self._fault(place, "TotalReportedRcpntFormCnt", str(self._in_submission or "at least 1"), found)
        for box, cents in self._totals.items():
            said = self._header.get(_TOTALS + AMOUNT_OF_BOX[box], "0.00")
            if _cents(said) != cents:
                self._fault(place, f"total of {AMOUNT_OF_BOX[box]}", f"the sum {amount(cents)}", said)
        if self._header.get("TaxYr") != self._manifest.get("TaxYr"):
            self._fault(
                place, "TaxYr", f"{self._manifest.get('TaxYr')}, as in the manifest", str(self._header.get("TaxYr"))
            )

    def _check_manifest(self) -> None:
        for name, counted in (
            ("TotalIssuerFormCnt", self._submissions),
            ("TotalRecipientFormCnt", self._checked.returns),
        ):
            if self._manifest.get(name) != str(counted) or not counted:
                self._fault("manifest", name, str(counted or "at least 1"), self._manifest.get(name, "nothing"))
        code, identity = (
            self._manifest.get("TransmitterGrp/TransmitterControlCd", ""),
            self._manifest.get("UniqueTransmissionId", ""),
        )
        if f":{code}:" not in identity:
            self._fault("manifest", "UniqueTransmissionId", "the transmitter's control code in it", repr(identity))

    def _fault(self, place: str, element: str, expected: str, found: str) -> None:
        self._checked.fault_count += 1
        if len(self._checked.faults) < self._most:
            self._checked.faults.append(Fault(place, element, expected, found))


def _leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for child in node:
        path = prefix + child.tag.rpartition("}")[2]
        if len(child):
            yield from _leaves(child, path + "/")
        else:
            yield path, child.text or ""


def _cents(text: str) -> int:
    return int(Decimal(text) * 100) if re.fullmatch(r"\d+(?:\.\d{2})?", text) else 0


def _shown(each: Element, text: str) -> str:
    if not text:
        return "nothing"
    return tax_text.shape_of(text) if each.is_personal else repr(text)


# The portal -------------------------------------------------------------------------------------------------------------

PORTAL_COLUMNS: Final = tuple(each.path for each in DETAIL.elements if each.name not in ("VoidInd", "RecordId"))
"""The columns of a CSV for the portal, by the paths of the elements. The portal's own template is handed out there and
changes by the year: its heads go in the place of these."""


def portal_head() -> list[str]:
    """The heads of the columns."""
    return [path.rpartition("/")[2] for path in PORTAL_COLUMNS]


def portal_row(values: Mapping[str, str]) -> list[str]:
    """A return as a row."""
    return [values.get(path, "") for path in PORTAL_COLUMNS]
