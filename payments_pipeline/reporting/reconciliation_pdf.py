"""A reconciled day on paper: what an auditor is handed.

The same report is the same bytes, so that a copy can be held against one that is made again.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path as FilePath
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, KeepTogether, PageTemplate, Paragraph, Spacer, Table

from payments_pipeline.charts import Box, Path, Picture, Words
from payments_pipeline.money import dollars, signed
from payments_pipeline.reporting import reconciliation_words as words
from payments_pipeline.reporting.paper import drawable
from payments_pipeline.reporting.reconciliation_report import DayReport

_WIDTH, _HEIGHT = LETTER
_MARGIN: Final = 46.0
_INNER: Final = _WIDTH - 2 * _MARGIN
_INK, _QUIET, _RULE, _SHADE, _GOOD, _BAD = (
    HexColor(color) for color in ("#1b2430", "#5a6675", "#c9d0d9", "#f1f3f6", "#2d7d54", "#a8322a")
)
_LONGEST: Final = 600
"""Letters of a text: a row must fit on a page, and what banks write has no end. The page and the workbook have all."""


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        name, fontName=more.pop("fontName", "Helvetica"), fontSize=size, leading=size * 1.28, textColor=_INK, **more
    )


_TEXT: Final = _style("text", 9, spaceAfter=4)
_CELL: Final = _style("cell", 7.6)
_HEAD: Final = _style("head", 7.6, fontName="Helvetica-Bold")
_H1: Final = _style("h1", 17, fontName="Helvetica-Bold", spaceAfter=2)
_H2: Final = _style("h2", 11.5, fontName="Helvetica-Bold", spaceBefore=14, spaceAfter=4, keepWithNext=1)
_H3: Final = _style("h3", 9.5, fontName="Helvetica-Bold", spaceBefore=7, spaceAfter=2, keepWithNext=1)
_NOTE: Final = ParagraphStyle("note", parent=_TEXT, fontSize=8, leading=10.4, textColor=_QUIET)
_VERDICT: Final = ParagraphStyle("verdict", parent=_TEXT, fontSize=11, leading=14)

Row = tuple[Any, ...]
"""Cells: texts, and paragraphs where a text is longer than its column."""


def write_pdf(report: DayReport, path: FilePath) -> None:
    """Write the report to a file."""
    document = BaseDocTemplate(
        str(path),
        pagesize=LETTER,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + 10,
        title=f"Reconciliation of {report.day}",
        author="Mortgage payments",
        subject=report.verdict,
        invariant=1,
        pageCompression=1,
    )
    frame = Frame(_MARGIN, _MARGIN + 10, _INNER, _HEIGHT - 2 * _MARGIN - 10, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    document.build(list(_story(report)), canvasmaker=_numbered(report))


def _story(report: DayReport) -> Iterable[Flowable]:
    yield from _summary(report)
    yield from _bridge(report)
    yield from _totals(report)
    yield from _balances(report)
    yield from _open_items(report)
    yield from _being_done(report)
    yield from _healed(report)
    yield from _people(report)
    yield from _methods(report)
    yield from _trend(report)
    yield from _end(report)


# Parts ------------------------------------------------------------------------------------------------------------------


def _summary(report: DayReport) -> Iterable[Flowable]:
    tone = _GOOD if report.is_balanced else _BAD
    badge = Paragraph(
        f'<para align="right"><b>{"BALANCED" if report.is_balanced else "VARIANCE"}</b></para>',
        ParagraphStyle("badge", parent=_TEXT, fontSize=11, textColor=tone),
    )
    yield Table(
        [[Paragraph(f"Reconciliation of {words.long_day(report.day)}", _H1), badge]],
        colWidths=[_INNER - 90, 90],
        style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *_NO_PADDING],
    )
    yield Spacer(1, 4)
    yield _paragraph(report.verdict, _VERDICT)
    yield Spacer(1, 4)
    tiles = [_tile(tile) for tile in words.tiles(report)]
    yield Table(
        [tiles[:3], tiles[3:]],
        colWidths=[_INNER / 3] * 3,
        style=[
            ("BOX", (0, 0), (-1, -1), 0.6, _RULE),
            ("INNERGRID", (0, 0), (-1, -1), 0.6, _RULE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ],
    )


def _tile(tile: words.Tile) -> Flowable:
    color = {"good": "#2d7d54", "bad": "#a8322a"}.get(tile.tone, "#1b2430")
    return Paragraph(
        f'<font size="7.6" color="#5a6675">{drawable(tile.name)}</font><br/>'
        f'<font size="12" color="{color}"><b>{drawable(tile.figure)}</b></font><br/>'
        f'<font size="7.6" color="#5a6675">{drawable(tile.note)}</font>',
        ParagraphStyle("tile", parent=_TEXT, leading=14),
    )


def _bridge(report: DayReport) -> Iterable[Flowable]:
    if not report.totals:
        yield _paragraph("From our books to the bank", _H2)
        yield _none("No movement of ours was to settle on this day, and the bank shows no line.")
        return
    named = (
        f"Every cent between the two totals has a name: in each of {len(report.totals)} rails the causes add up to the "
        "variance."
        if report.does_bridge_reach
        else "The causes do not add up to the variance. Run the day again."
    )
    yield KeepTogether(
        [_paragraph("From our books to the bank", _H2), _Drawn(report.bridge_picture), Spacer(1, 3), _none(named)]
    )
    if not report.steps:
        return
    rows: list[Row] = [
        (one.name, _cell(one.meaning, is_quiet=True), f"{one.items:,}", signed(one.cents))
        for one in words.meanings(report)
    ]
    rows.append(("Variance", "", "", signed(report.variance_cents)))
    yield _table(("Cause", "What it means", "Items", "Bank less books"), rows, (118, None, 40, 84), "llrr", sums=[-1])


def _totals(report: DayReport) -> Iterable[Flowable]:
    if not report.totals:
        return
    yield _paragraph("By account and rail", _H2)
    rows: list[Row] = []
    sums: list[int] = []
    for account, totals in words.accounts(report):
        sums.append(len(rows))
        rows.append(
            (
                account, dollars(sum(one.our_cents for one in totals)), dollars(sum(one.bank_cents for one in totals)),
                signed(sum(one.variance_cents for one in totals)), signed(sum(one.explained_cents for one in totals)),
                signed(sum(one.open_cents for one in totals)), f"{sum(one.movement_count for one in totals):,}",
                f"{sum(one.line_count for one in totals):,}", f"{sum(one.matched_count for one in totals):,}", "",
            )
        )  # fmt: skip
        rows += [
            (
                f"   {one.channel}", dollars(one.our_cents), dollars(one.bank_cents), signed(one.variance_cents),
                signed(one.explained_cents), _red(signed(one.open_cents), "right") if one.open_cents else signed(0),
                f"{one.movement_count:,}", f"{one.line_count:,}", f"{one.matched_count:,}",
                _cell(words.delivery(one)),
            )
            for one in totals
        ]  # fmt: skip
    sums.append(len(rows))
    rows.append(
        (
            "All accounts", dollars(report.our_cents), dollars(report.bank_cents), signed(report.variance_cents),
            signed(report.explained_cents), signed(report.open_cents), f"{report.movements:,}", f"{report.lines:,}",
            f"{sum(one.matched_count for one in report.totals):,}", "",
        )
    )  # fmt: skip
    names = (
        "Account, rail", "Our books", "The bank", "Variance", "Explained", "Open", "Moves", "Lines", "Matched",
        "Delivery",
    )  # fmt: skip
    yield _table(names, rows, (60, 69, 69, 56, 54, 52, 36, 32, 43, None), "lrrrrrrrrl", sums=sums)


def _balances(report: DayReport) -> Iterable[Flowable]:
    yield _paragraph("Balances", _H2)
    if not report.balances:
        yield _none("No account had a line or a movement.")
    else:
        told = (
            "Proven is an account whose opening balance and lines make up its closing balance, as the bank states both."
        )
        yield _none(told)
        rows: list[Row] = [
            (
                one.account, _money(one.opening_cents), signed(one.lines_cents), _money(one.closing_cents),
                _red(words.proof(one)) if one.proof == "broken" else words.proof(one),
                _red(words.continuity(one)) if one.follows is False else words.continuity(one),
            )
            for one in report.balances
        ]  # fmt: skip
        names = ("Account", "Opening", "+ lines", "= closing, stated", "Proof", "Follows from the day before")
        yield _table(names, rows, (80, 82, 82, 86, 84, None), "lrrrll")
    yield _paragraph("Statements that close on this day", _H3)
    if not report.statements:
        yield _none("None. The lines of this day came in files without balances, or there were none.")
        return
    files: list[Row] = [
        (
            one.account, _cell(one.file_name + words.nature(one)), one.format, f"{one.line_count:,}",
            signed(one.lines_cents), words.instant(one.received_at), one.file_sha256[:16],
        )
        for one in report.statements
    ]  # fmt: skip
    columns = ("Account", "File", "Format", "Lines", "Their sum", "Received (UTC)", "sha256")
    yield _table(columns, files, (78, None, 42, 36, 74, 76, 80), "lllrrll")


def _open_items(report: DayReport) -> Iterable[Flowable]:
    yield _paragraph("Open items", _H2)
    if not report.open_items:
        yield _none("No item is open, neither of this day nor of those before it.")
        return
    yield _none(f"{words.backlog(report)} Ages count to the end of {words.long_day(words.as_of(report))}.")
    rows: list[Row] = [
        (
            one.bank_day.isoformat(), words.age(one.age_days), _cell(f"{one.account}, {one.channel}"), _cell(one.name),
            signed(one.variance_cents), _cell(one.description, one.next_step),
        )
        for one in report.open_items
    ]  # fmt: skip
    names = ("Day", "Age", "Account, rail", "Cause", "Bank less books", "Item, and next step")
    yield _table(names, rows, (50, 36, 66, 64, 74, None), "lrllrl")
    if report.open_in_all > len(report.open_items):
        yield _none(
            f"Shown are {len(report.open_items):,} of {report.open_in_all:,}; the workbook and the CSV hold all."
        )


def _being_done(report: DayReport) -> Iterable[Flowable]:
    yield _paragraph("What is being done", _H2)
    if not report.open_cases and not report.requests:
        yield _none("Nothing has to be done: no case is open, and nothing asked for the day again.")
        return
    if not report.open_cases:
        yield _none("No case about this day is open.")
    else:
        rows: list[Row] = [
            (
                _cell(f"{one.category}, {one.subcategory}".replace("_", " ")), one.severity,
                _cell(", ".join(filter(None, (one.state, one.assigned_to)))), _cell(one.summary, one.next_step),
            )
            for one in report.open_cases
        ]  # fmt: skip
        yield _table(("Case", "Severity", "State", "What, and what comes next"), rows, (104, 48, 70, None), "llll")
    for one in report.requests:
        ended = f"done {words.instant(one.satisfied_at)} UTC" if one.satisfied_at else "waits"
        asked = f"The day was asked to run again ({one.reason}: {one.subject}) {words.instant(one.requested_at)} UTC"
        yield _none(f"{asked}: {ended}.")


def _healed(report: DayReport) -> Iterable[Flowable]:
    yield _paragraph("What healed, and why", _H2)
    if not report.healed:
        yield _none("No case about this day has been closed.")
    else:
        rows: list[Row] = [
            (
                _cell(f"{one.category}, {one.subcategory}".replace("_", " ")), words.instant(one.created_at),
                words.instant(one.resolved_at),
                _cell(one.summary, f"{'Healed by itself' if one.is_healed else 'Closed'}: {one.resolution}"),
            )
            for one in report.healed
        ]  # fmt: skip
        names = ("Case", "Opened (UTC)", "Over (UTC)", "What it was, and how it ended")
        yield _table(names, rows, (104, 72, 72, None), "llll")
    yield _paragraph("Differences that need nobody", _H3)
    if not report.explained_items:
        yield _none("There are none.")
        return
    items: list[Row] = [
        (
            _cell(f"{one.account}, {one.channel}"), _cell(one.name), one.status.replace("_", " "),
            signed(one.variance_cents), _cell(one.description),
        )
        for one in report.explained_items[:words.EXPLAINED_SHOWN]
    ]  # fmt: skip
    columns = ("Account, rail", "Cause", "Status", "Bank less books", "Item")
    yield _table(columns, items, (84, 92, 70, 76, None), "lllrl")
    if len(report.explained_items) > words.EXPLAINED_SHOWN:
        yield _none(f"Shown are the {words.EXPLAINED_SHOWN} largest; the bridge counts all, the workbook lists them.")


def _people(report: DayReport) -> Iterable[Flowable]:
    yield _paragraph("Suggestions and decisions", _H2)
    if not report.suggestions:
        yield _none("There are no suggestions: nothing was tied.")
    else:
        yield _none("What may belong together but is tied or unsure. Nothing of it was matched; a person decides.")
        rows: list[Row] = [
            (f"{one.score}", _cell(one.evidence), f"{len(one.line_ids)}", f"{len(one.payment_ids)}")
            for one in report.suggestions[: words.SUGGESTIONS_SHOWN]
        ]
        yield _table(("Score", "Evidence", "Lines", "Payments"), rows, (36, None, 40, 50), "rlrr")
        if report.suggestions[0].suggestions > words.SUGGESTIONS_SHOWN:
            yield _none(f"Shown are the best {words.SUGGESTIONS_SHOWN} of {report.suggestions[0].suggestions:,}.")
    if not report.decisions:
        yield _none("Nobody has decided anything about this day: all matches were found by rule.")
        return
    decided: list[Row] = [
        (
            f"{one.decision_no}", words.instant(one.decided_at), _cell(one.decided_by), _cell(words.decision(one)),
            dollars(one.cents), _cell(one.reason), _cell(one.state),
        )
        for one in report.decisions
    ]  # fmt: skip
    names = ("No.", "When (UTC)", "Who", "Decision", "At stake", "Reason", "State")
    yield _table(names, decided, (24, 72, 48, 88, 56, None, 62), "rlllrll")


def _methods(report: DayReport) -> Iterable[Flowable]:
    yield _paragraph("How lines were matched", _H2)
    if not report.methods:
        yield _none("No line was matched.")
        return
    rows: list[Row] = [
        (
            _cell(one.method.replace("_", " ") + ("" if one.is_automatic else " (by a person)")), f"{one.tier}",
            "" if one.confidence is None else f"{one.confidence}%", f"{one.pairs:,}", f"{one.of_other_days:,}",
            dollars(one.bank_cents), _cell(one.description, is_quiet=True),
        )
        for one in report.methods
    ]  # fmt: skip
    names = ("Method", "Pass", "Confidence", "Matches", "Of other days", "Bank", "Evidence")
    yield _table(names, rows, (84, 26, 48, 42, 56, 76, None), "lrrrrrl")


def _trend(report: DayReport) -> Iterable[Flowable]:
    chart = [_Drawn(report.trend_picture)] if report.trend_days else []
    yield KeepTogether([_paragraph("The last thirty days", _H2), *chart, _none(words.trend_words(report))])


def _end(report: DayReport) -> Iterable[Flowable]:
    yield Spacer(1, 10)
    told = (
        "Variance is the bank's total less ours. Money is in US dollars; bank days are those of New York. What each table "
        "holds is in docs/data-dictionary.md; payments verify checks the laws behind the figures."
    )
    signed_off = [
        [_none("Prepared by"), "", _none("Reviewed by"), ""],
        [_none("Date"), "", _none("Date"), ""],
    ]
    lines = Table(
        signed_off,
        colWidths=[58, _INNER / 2 - 76, 58, _INNER / 2 - 76],
        rowHeights=24,
        style=[
            ("LINEBELOW", (1, 0), (1, -1), 0.6, _QUIET),
            ("LINEBELOW", (3, 0), (3, -1), 0.6, _QUIET),
            ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
        ],
        hAlign="LEFT",
    )
    yield KeepTogether([_none(words.provenance(report)), _none(told), Spacer(1, 6), lines])


# Means ------------------------------------------------------------------------------------------------------------------

_NO_PADDING: Final = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
]  # fmt: skip


def _table(
    names: Sequence[str],
    rows: Sequence[Row],
    widths: Sequence[float | None],
    aligned: str,
    *,
    sums: Sequence[int] = (),
) -> Flowable:
    """Rows under their names, which come again on each page; the one column without a width takes what is left."""
    left = _INNER - sum(width or 0 for width in widths)
    heads = [Paragraph(f'<para align="{_ALIGNED[side]}">{drawable(name)}</para>', _HEAD) for name, side in zip(names, aligned, strict=True)]  # fmt: skip
    style: list[Any] = [
        ("FONT", (0, 0), (-1, -1), "Helvetica", 7.6),
        ("TEXTCOLOR", (0, 0), (-1, -1), _INK),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, _INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, _RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-2, -1), 8),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        *(("ALIGN", (column, 0), (column, -1), _ALIGNED[side].upper()) for column, side in enumerate(aligned)),
    ]
    for row in sums:
        at = row + 1 if row >= 0 else row
        style += [
            ("FONT", (0, at), (-1, at), "Helvetica-Bold", 7.6),
            ("BACKGROUND", (0, at), (-1, at), _SHADE),
        ]
    cells = [[drawable(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    table = Table(
        [heads, *cells], colWidths=[left if width is None else width for width in widths], repeatRows=1, style=style
    )
    table.spaceBefore = 3
    table.spaceAfter = 4
    return table


_ALIGNED: Final = {"l": "left", "r": "right"}


def _cell(text: str, next_step: str | None = None, *, is_quiet: bool = False) -> Flowable:
    shown = escape(drawable(_cut(text)))
    if is_quiet:
        shown = f'<font color="#5a6675">{shown}</font>'
    if next_step:
        shown += f'<br/><font color="#5a6675">{escape(drawable(_cut(next_step)))}</font>'
    return Paragraph(shown, _CELL)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\u2026"


def _red(text: str, align: str = "left") -> Flowable:
    return Paragraph(f'<para align="{align}"><font color="#a8322a">{escape(drawable(text))}</font></para>', _CELL)


def _money(cents: int | None) -> str:
    return "" if cents is None else dollars(cents)


def _paragraph(text: str, style: ParagraphStyle) -> Flowable:
    return Paragraph(escape(drawable(text)), style)


def _none(text: str) -> Flowable:
    return _paragraph(text, _NOTE)


class _Drawn(Flowable):  # type: ignore[misc]
    """A picture, as wide as the page."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self._picture = picture
        self._scale = _INNER / picture.width
        self.width, self.height = _INNER, picture.height * self._scale

    def draw(self) -> None:
        """Shape by shape; a page counts upwards, a picture downwards."""
        canvas: Canvas = self.canv
        canvas.saveState()
        canvas.translate(0, self.height)
        canvas.scale(self._scale, self._scale)
        for shape in self._picture.shapes:
            match shape:
                case Box():
                    canvas.setFillColor(HexColor(shape.fill))
                    canvas.rect(shape.x, -shape.y - shape.height, shape.width, shape.height, stroke=0, fill=1)
                case Path():
                    canvas.setStrokeColor(HexColor(shape.stroke))
                    canvas.setLineWidth(shape.width)
                    canvas.setDash([2, 2.5] if shape.is_dashed else [])
                    path = canvas.beginPath()
                    path.moveTo(shape.points[0][0], -shape.points[0][1])
                    for x, y in shape.points[1:]:
                        path.lineTo(x, -y)
                    canvas.drawPath(path, stroke=1, fill=0)
                case Words():
                    canvas.setFillColor(HexColor(shape.color))
                    canvas.setFont("Helvetica-Bold" if shape.is_bold else "Helvetica", shape.size)
                    place = {
                        "start": canvas.drawString,
                        "middle": canvas.drawCentredString,
                        "end": canvas.drawRightString,
                    }
                    place[shape.anchor](shape.x, -shape.y, drawable(shape.text))
        canvas.restoreState()


def _numbered(report: DayReport) -> Callable[..., Canvas]:
    """A canvas that says on each page what it is, and which of how many: that is known only at the end."""

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 reportlab's name
            """Keep the page until their number is known."""
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            """Write the pages, each with its foot."""
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                self._foot(number)
                super().showPage()
            super().save()

        def _foot(self, number: int) -> None:
            self.setStrokeColor(_RULE)
            self.setLineWidth(0.6)
            self.line(_MARGIN, _MARGIN, _WIDTH - _MARGIN, _MARGIN)
            self.setFont("Helvetica", 7.5)
            self.setFillColor(_QUIET)
            seal = f", seal {report.state.seal[:16]}" if report.state.seal else ""
            self.drawString(_MARGIN, _MARGIN - 11, f"Reconciliation of {report.day}{seal}")
            self.drawRightString(_WIDTH - _MARGIN, _MARGIN - 11, f"Page {number} of {len(self._pages)}")

    return Numbered
