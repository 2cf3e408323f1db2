"""The borrower's statement: Form 1098 on one page, in words that need no accountant.

Every amount stands beside what it means, and box 1 is taken apart into what it is made of. The page is drawn by hand
rather than flowed: a book has millions of statements, and drawing one takes a few milliseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from payments_pipeline.formats.countries import COUNTRIES
from payments_pipeline.formats.tax_identity import Address, Identity
from payments_pipeline.money import dollars
from payments_pipeline.pii import masked_tin
from payments_pipeline.reporting.filer import Filer
from payments_pipeline.reporting.paper import drawable

_WIDTH, _HEIGHT = LETTER
_LEFT: Final = 54.0
_RIGHT: Final = _WIDTH - 54.0
_BOTTOM: Final = 40.0
_FOOT: Final = 92.0
"""Height of what stands at the foot of the last page."""
_TEXT: Final = "Helvetica"
_BOLD: Final = "Helvetica-Bold"
_INK, _QUIET, _LINE, _SHADE, _ALERT = (HexColor(c) for c in ("#1a1a1a", "#555555", "#bbbbbb", "#f2f4f7", "#a31515"))


@dataclass(frozen=True, slots=True)
class Statement:
    """What one statement says."""

    tax_year: int
    loan_number: str
    tin_type: str
    identity: Identity
    co_borrowers: Sequence[str]
    address: Address
    is_due: bool
    """Whether the form is due: one that was filed and is due no more says zeros."""
    is_corrected: bool
    interest_cents: int
    late_charges_cents: int
    paid_by_others_cents: int
    reported_last_year_cents: int
    prepaid_now_cents: int
    refunded_cents: int
    box_1_cents: int
    box_2_cents: int
    box_2_on: date
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
    def box_1_lines(self) -> list[tuple[str, int]]:
        """What box 1 is made of, in words and cents; the amounts add up to it."""
        last, this, following = self.tax_year - 1, self.tax_year, self.tax_year + 1
        lines = [
            (f"Interest applied to your loan in {this}", self.interest_cents),
            ("Late charges you paid, which count as interest", self.late_charges_cents),
            (f"Interest for your January {following} payment, received in {this}", self.prepaid_now_cents),
            (f"Less: interest we reported for {last} because we received it then", -self.reported_last_year_cents),
            ("Less: interest that somebody else paid for you", -self.paid_by_others_cents),
            (f"Less: interest of {this} that we gave back to you", -self.refunded_cents),
        ]
        return [line for line in lines if line[1] or line[0].startswith("Interest applied")]


def write_statement(path: Path, statement: Statement, filer: Filer) -> None:
    """One statement as a PDF. The same statement is the same bytes."""
    canvas = Canvas(str(path), pagesize=LETTER, invariant=1, pageCompression=1)
    canvas.setTitle(f"Form 1098, {statement.tax_year}")
    canvas.setAuthor(filer.filer.name)
    _Page(canvas, statement, filer).draw()
    canvas.save()


class _Page:
    """One page, drawn from its top down."""

    def __init__(self, canvas: Canvas, statement: Statement, filer: Filer) -> None:
        self._canvas = canvas
        self._of = statement
        self._filer = filer
        self._y = _HEIGHT - 50.0

    def draw(self) -> None:
        """All of it."""
        self._head()
        self._parties()
        self._boxes()
        self._box_1()
        self._meaning()
        self._foot()

    def _head(self) -> None:
        of, canvas = self._of, self._canvas
        self._words(_LEFT, self._y, "Mortgage Interest Statement", _BOLD, 19)
        canvas.setFont(_BOLD, 19)
        canvas.drawRightString(_RIGHT, self._y, str(of.tax_year))
        self._y -= 15
        note = "Form 1098 (substitute), Copy B for the payer/borrower. OMB No. 1545-1380"
        self._words(_LEFT, self._y, note, _TEXT, 8.5, _QUIET)
        if of.is_corrected:
            self._y -= 16
            told = "CORRECTED. This statement replaces the one we sent you before."
            self._words(_LEFT, self._y, told, _BOLD, 11, _ALERT)
        if not of.is_due:
            self._y -= 14
            told = f"We withdrew what we had reported for this loan for {of.tax_year}: every amount is now zero."
            self._words(_LEFT, self._y, told, _TEXT, 10)
        self._y -= 8
        self._rule()
        self._y -= 18

    def _parties(self) -> None:
        """The borrower on the left, where an envelope has its window; the lender on the right."""
        of, party = self._of, self._filer.filer
        top, middle = self._y, _LEFT + 278
        left = self._block(
            _LEFT, top, "PAYER / BORROWER", [of.identity.full_name, *_address_lines(of.address)], 250, 11
        )
        facts = f"Taxpayer number: {masked_tin(of.identity.tin, of.tin_type)}. Loan number: {of.loan_number}"
        left = self._wrap(_LEFT, left - 4, facts, 8.5, 250, _QUIET)
        if of.co_borrowers:
            also = (
                f"Also on this loan: {', '.join(of.co_borrowers)}. The form is in the name of the first borrower only."
            )
            left = self._wrap(_LEFT, left, also, 8.5, 250, _QUIET)
        lines = [party.name, party.street, f"{party.city}, {party.state} {_zip(party.zip)}"]
        right = self._block(middle, top, "RECIPIENT / LENDER", lines, _RIGHT - middle, 9.5)
        tin = f"Taxpayer number: {party.tin[:2]}-{party.tin[2:]}. Telephone: {_phone(party.phone)}"
        right = self._wrap(middle, right - 4, tin, 8.5, _RIGHT - middle, _QUIET)
        self._y = min(left, right) - 16

    def _boxes(self) -> None:
        of = self._of
        self._section("What we report to you and to the IRS")
        principal = f"What you owed on {_day(of.box_2_on)}, before any payment of that day."
        if not of.is_due:
            principal = ""
        elif of.box_11_on:
            principal = f"What you owed when the mortgage came to us, on {_day(of.box_11_on)}."
        elif of.box_2_on == of.box_3_on:
            principal = f"What you borrowed on {_day(of.box_3_on)}."
        rows: list[tuple[str, str, str, str]] = [
            ("1", "Mortgage interest received", dollars(of.box_1_cents),
             "The interest you may be able to deduct." + (" It is taken apart below." if len(of.box_1_lines) > 1 else "")),
            ("2", "Outstanding mortgage principal", dollars(of.box_2_cents), principal),
            ("3", "Mortgage origination date", _day(of.box_3_on), "The date of your note."),
        ]  # fmt: skip
        if of.box_4_cents:
            why = "Interest of earlier years that we gave back this year. Do not subtract it from box 1; see your tax guide."
            rows.append(("4", "Refund of overpaid interest", dollars(of.box_4_cents), why))
        if of.box_5_cents:
            rows.append(
                (
                    "5",
                    "Mortgage insurance premiums",
                    dollars(of.box_5_cents),
                    "Premiums we collected with your payments.",
                )
            )
        if of.box_6_cents:
            why = "Points you, or the seller for you, paid at the closing on your main home."
            rows.append(("6", "Points paid on purchase of principal residence", dollars(of.box_6_cents), why))
        rows.append(self._property())
        if of.box_9_properties:
            rows.append(("9", "Number of properties securing the mortgage", str(of.box_9_properties), ""))
        if of.box_10_other:
            rows.append(("10", "Other", "", of.box_10_other))
        if of.box_11_on:
            rows.append(("11", "Mortgage acquisition date", _day(of.box_11_on), "When we acquired your mortgage."))
        for number, name, value, why in rows:
            self._row(number, name, value, why)
        self._y -= 8

    def _property(self) -> tuple[str, str, str, str]:
        if self._of.box_7_is_mailing_address:
            return "7", "Property is at your mailing address", "Yes", ""
        return "8", "Property securing the mortgage", "", self._of.box_8_property or ""

    def _row(self, number: str, name: str, value: str, why: str) -> None:
        canvas = self._canvas
        width = _RIGHT - _LEFT - 150
        lines = simpleSplit(drawable(why), _TEXT, 8.5, width) if why else []
        height = 17 + 10.5 * len(lines)
        self._make_room(height)
        if number == "1":
            canvas.setFillColor(_SHADE)
            canvas.rect(_LEFT, self._y - height, _RIGHT - _LEFT, height, stroke=0, fill=1)
        baseline = self._y - 12
        self._words(_LEFT + 6, baseline, number, _BOLD, 10)
        self._words(_LEFT + 30, baseline, name, _BOLD if number == "1" else _TEXT, 10)
        canvas.setFont(_BOLD, 11 if number == "1" else 10)
        canvas.drawRightString(_RIGHT - 6, baseline, value)
        for offset, line in enumerate(lines):
            self._words(_LEFT + 30, baseline - 11 - 10.5 * offset, line, _TEXT, 8.5, _QUIET)
        self._y -= height
        self._rule()

    def _box_1(self) -> None:
        of, canvas = self._of, self._canvas
        if len(of.box_1_lines) == 1:
            return
        self._make_room(50 + 13.5 * len(of.box_1_lines))
        self._section("How box 1 was worked out")
        for text, cents in of.box_1_lines:
            self._words(_LEFT + 30, self._y - 10, text, _TEXT, 9)
            canvas.setFont(_TEXT, 9)
            canvas.drawRightString(_RIGHT - 6, self._y - 10, dollars(cents))
            self._y -= 13.5
        canvas.setStrokeColor(_LINE)
        canvas.line(_RIGHT - 110, self._y - 1, _RIGHT, self._y - 1)
        self._words(_LEFT + 30, self._y - 12, "Box 1", _BOLD, 9)
        canvas.setFont(_BOLD, 9)
        canvas.drawRightString(_RIGHT - 6, self._y - 12, dollars(of.box_1_cents))
        self._y -= 26

    def _meaning(self) -> None:
        of, year = self._of, self._of.tax_year
        counted = (
            f"Interest counts in the year in which we received it and applied it: a payment for December {year} that reached "
            f"us in January {year + 1} is on next year's statement."
        )
        limits = (
            "You may not be able to deduct all of it: limits depend on the amount of the loan, what it was used for and the "
            "value of the property. You may deduct only what you paid yourself and were not given back."
        )
        keep = "Keep it with your tax papers. If you itemize deductions, the interest in box 1 goes on Schedule A of Form 1040."
        texts = [keep, counted, limits]
        if of.address.is_abroad:
            texts.append(
                "You get mail outside the United States. Ask a tax adviser if you are not a resident for tax purposes."
            )
        if not of.identity.tin:
            texts.append(
                "We have no taxpayer number for you. Please send us Form W-9, so that the IRS can match this form."
            )
        width = _RIGHT - _LEFT - 18
        lines = sum(len(simpleSplit(drawable(text), _TEXT, 9, width)) for text in texts)
        self._make_room(30 + 11.25 * lines + 2 * len(texts) + _FOOT)
        self._section("What to do with this statement")
        for text in texts:
            self._words(_LEFT + 6, self._y - 10, "\u2022", _TEXT, 9)
            self._y = self._wrap(_LEFT + 18, self._y, text, 9, width, _INK)
            self._y -= 2
        self._y -= 6

    def _foot(self) -> None:
        """The words that the rules for substitute statements prescribe, and whom to ask."""
        help_ = self._filer.statement
        self._y = _FOOT + _BOTTOM
        self._rule()
        legend = (
            "Caution: The amount shown may not be fully deductible by you. Limits based on the loan amount and the cost and "
            "value of the secured property may apply. Also, you may only deduct interest to the extent it was incurred by "
            "you, actually paid by you, and not reimbursed by another person."
        )
        notice = (
            "The information in boxes 1 through 9 and 11 is important tax information and is being furnished to the IRS. If you "
            "are required to file a return, a negligence penalty or other sanction may be imposed on you if the IRS "
            "determines that an underpayment of tax results because you overstated a deduction for this mortgage interest or "
            "for these points, reported in boxes 1 and 6; or because you didn't report the refund of interest (box 4); or "
            "because you claimed a nondeductible item."
        )
        self._y = self._wrap(_LEFT, self._y - 3, legend, 7.5, _RIGHT - _LEFT, _QUIET)
        self._y = self._wrap(_LEFT, self._y - 2, notice, 7.5, _RIGHT - _LEFT, _QUIET)
        ask = f"Questions? {help_.help_phone}, {help_.help_hours}. {help_.website}"
        self._words(_LEFT, self._y - 14, ask, _BOLD, 9)

    def _make_room(self, height: float) -> None:
        """What does not fit on this page as a whole goes to the next, which says whose it is."""
        if self._y - height >= _BOTTOM:
            return
        of = self._of
        self._words(_RIGHT - 92, _BOTTOM - 8, "continued on next page", _TEXT, 8, _QUIET)
        self._canvas.showPage()
        self._y = _HEIGHT - 50.0
        head = f"Mortgage Interest Statement {of.tax_year}, loan {of.loan_number}, continued"
        self._words(_LEFT, self._y, head, _BOLD, 10)
        self._y -= 8
        self._rule()
        self._y -= 14

    def _section(self, title: str) -> None:
        self._words(_LEFT, self._y - 11, title, _BOLD, 11)
        self._y -= 17
        self._rule()

    def _block(self, x: float, y: float, title: str, lines: Sequence[str], width: float, size: float) -> float:
        self._words(x, y - 8, title, _BOLD, 7.5, _QUIET)
        y -= 12
        for line in lines:
            y = self._wrap(x, y, line, size, width, _INK)
        return y

    def _wrap(self, x: float, y: float, text: str, size: float, width: float, color: HexColor) -> float:
        for line in simpleSplit(_breakable(drawable(text), size, width), _TEXT, size, width):
            y -= size * 1.25
            self._words(x, y, line, _TEXT, size, color)
        return y

    def _words(self, x: float, y: float, text: str, font: str, size: float, color: HexColor = _INK) -> None:
        self._canvas.setFillColor(color)
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, y, drawable(text))
        self._canvas.setFillColor(_INK)

    def _rule(self) -> None:
        self._canvas.setStrokeColor(_LINE)
        self._canvas.setLineWidth(0.6)
        self._canvas.line(_LEFT, self._y, _RIGHT, self._y)


def _breakable(text: str, size: float, width: float) -> str:
    """The text with words cut in two, or more, that are wider than the column by themselves."""
    pieces = []
    for word in text.split(" "):
        rest = word
        while stringWidth(rest, _TEXT, size) > width:
            fits = max(n for n in range(1, len(rest)) if n == 1 or stringWidth(rest[:n], _TEXT, size) <= width)
            pieces.append(rest[:fits])
            rest = rest[fits:]
        pieces.append(rest)
    return " ".join(pieces)


def _address_lines(address: Address) -> list[str]:
    if not address.is_abroad:
        return [address.street, f"{address.city}, {address.state} {address.zip}"]
    country = COUNTRIES[address.country].name if address.country in COUNTRIES else address.country
    return [
        address.street,
        " ".join(part for part in (address.city, address.state, address.zip) if part),
        country.upper(),
    ]


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _zip(digits: str) -> str:
    return f"{digits[:5]}-{digits[5:]}" if len(digits) > 5 else digits


def _phone(digits: str) -> str:
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
