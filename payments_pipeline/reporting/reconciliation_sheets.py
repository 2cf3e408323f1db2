"""A reconciled day for people who calculate: a workbook with typed cells, and its items as CSV.

Both hold all items, however many there are; they stream from the database into the file.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, fields
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

import psycopg
import xlsxwriter
from psycopg.rows import class_row
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from payments_pipeline.charts import TrendDay
from payments_pipeline.postgres.run import statements
from payments_pipeline.reporting import reconciliation_words as words
from payments_pipeline.reporting.reconciliation_report import (
    Balance,
    Case,
    DayReport,
    Decision,
    Item,
    Method,
    StatementFile,
    Total,
)
from payments_pipeline.rules.bridge import Cause
from payments_pipeline.words import counted

CSV_COLUMNS: Final = tuple(column.name for column in fields(Item))

_ROWS_OF_A_SHEET: Final = 1_000_000
"""A little less than a sheet can hold."""
_AT_A_TIME: Final = 5_000
# What a spreadsheet would take for a formula, if a bank wrote it into a reference.
_FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")
_WIDTHS: Final[Mapping[str, float]] = {
    "description": 90, "next_step": 60, "summary": 80, "resolution": 80, "evidence": 80, "reason": 60, "account": 14,
    "file_sha256": 66, "item_id": 40, "payment_id": 38, "suggestion_id": 38, "line_ids": 40, "payment_ids": 40,
    "file_name": 36, "meaning": 70,
}  # fmt: skip


def items(connection: psycopg.Connection[Any], report: DayReport) -> Iterator[Item]:
    """All items: what is open, of the day and the days before, then what explains itself."""
    for part in ("open_items", "explained_items"):
        name = f"reporting/reconciliation_{part}"
        (statement,) = statements(name)
        with connection.cursor(name=part, row_factory=class_row(Item)) as cursor:
            cursor.itersize = _AT_A_TIME
            cursor.execute(
                f"/* {name} */ {statement.text}".encode(),
                {"day": report.day, "as_of": words.as_of(report), "most": None},
            )
            yield from cursor


def write_csv(connection: psycopg.Connection[Any], report: DayReport, path: Path) -> None:
    """The items, one a row; money in dollars."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([_name(column) for column in CSV_COLUMNS])
        for item in items(connection, report):
            writer.writerow(
                [
                    _csv_cell(column, value) for column, value in zip(CSV_COLUMNS, astuple(item), strict=True)
                ]
            )  # fmt: skip


def _csv_cell(column: str, value: object) -> object:
    if isinstance(value, int) and _is_money(column):
        return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02}"
    if isinstance(value, str) and value.startswith(_FORMULA_BEGINS):
        return f"'{value}"
    return value


def write_xlsx(connection: psycopg.Connection[Any], report: DayReport, path: Path) -> None:
    """The workbook. The same report is the same workbook."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties(
            {"title": f"Reconciliation of {report.day}", "created": datetime.combine(report.day, time(), UTC)}
        )
        sheets = _Sheets(book)
        sheets.write("Summary", ("what", "figure", "note"), _summary(report))
        sheets.write("Totals", _names(Total), map(astuple, report.totals))
        sheets.write("Bridge", _names(Cause), map(astuple, report.causes))
        sheets.write("Balances", _names(Balance), map(astuple, report.balances))
        sheets.write("Statements", _names(StatementFile), map(astuple, report.statements))
        sheets.write("Items", _names(Item), map(astuple, items(connection, report)))
        sheets.write("Cases", _names(Case), map(astuple, report.cases))
        sheets.write(
            "Suggestions",
            ("suggestion_id", "method", "score", "evidence", "line_ids", "payment_ids"),
            (
                (
                    one.suggestion_id,
                    one.method,
                    one.score,
                    one.evidence,
                    " ".join(one.line_ids),
                    " ".join(one.payment_ids),
                )
                for one in report.suggestions
            ),
        )
        sheets.write("Decisions", _names(Decision), map(astuple, report.decisions))
        sheets.write("Methods", _names(Method), map(astuple, report.methods))
        sheets.write(
            "Thirty days",
            (*_names(TrendDay), "auto_match"),
            ((*astuple(one), one.auto_match) for one in report.trend_days),
        )


def _summary(report: DayReport) -> Iterable[Sequence[object]]:
    """As at the top of the page, but as values that can be calculated with."""
    yield "day", report.day, report.verdict
    yield "our books", _Money(report.our_cents), f"{report.movements:,} movements"
    yield "the bank", _Money(report.bank_cents), counted(report.lines, "line")
    yield "variance", _Money(report.variance_cents), "bank less books"
    yield "of it explained", _Money(report.explained_cents), "needs nobody"
    yield "of it open", _Money(report.open_cents), "somebody must look"
    yield "open items of the day", report.open_count, ""
    yield "open items of earlier days", report.carried_over.items if report.carried_over else 0, ""
    yield "matched without a person", _Share(report.auto_match), "of our movements"
    yield "balances", report.proof.replace("_", " "), ""
    yield "made from", "", words.provenance(report)


class _Money(int):
    """Cents that are money in a column of other things."""


class _Share:
    """A share in a column of other things."""

    def __init__(self, share: float | None) -> None:
        self.share = share


class _Sheets:
    """The sheets of a workbook, each a table with its names on top."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._head: Format = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        self._money: Format = book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00"})
        self._count: Format = book.add_format({"num_format": "#,##0"})
        self._share: Format = book.add_format({"num_format": "0.00%"})
        self._day: Format = book.add_format({"num_format": "yyyy-mm-dd"})
        self._instant: Format = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})

    def write(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table; what one sheet cannot hold goes on in another."""
        sheet, number, part = self._begin(name, columns), 0, 1
        for row in rows:
            if number == _ROWS_OF_A_SHEET:
                self._end(sheet, columns, number)
                part += 1
                sheet, number = self._begin(f"{name} {part}", columns), 0
            number += 1
            for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                self._cell(sheet, number, place, column, value)
        if number == 0:
            sheet.write_string(1, 0, "none")
        self._end(sheet, columns, number)

    def _begin(self, name: str, columns: Sequence[str]) -> Worksheet:
        sheet: Worksheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, _WIDTHS.get(column, max(12, len(column) + 2)))
            sheet.write_string(0, place, _name(column), self._head)
        return sheet

    def _end(self, sheet: Worksheet, columns: Sequence[str], rows: int) -> None:
        sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)

    def _cell(self, sheet: Worksheet, row: int, place: int, column: str, value: object) -> None:
        match value:
            case None | "":
                return
            case _Share():
                if value.share is not None:
                    sheet.write_number(row, place, value.share, self._share)
            case bool():
                sheet.write_boolean(row, place, value)
            case _Money():
                sheet.write_number(row, place, value / 100, self._money)
            case int() if _is_money(column):
                sheet.write_number(row, place, value / 100, self._money)
            case int():
                sheet.write_number(row, place, value, self._count)
            case float():
                sheet.write_number(row, place, value, self._share)
            case datetime():
                sheet.write_datetime(row, place, value.astimezone(UTC).replace(tzinfo=None), self._instant)
            case date():
                sheet.write_datetime(row, place, datetime.combine(value, time()), self._day)
            case _:
                sheet.write_string(row, place, str(value))


def _names(of: type) -> tuple[str, ...]:
    return tuple(column.name for column in fields(of))


def _is_money(column: str) -> bool:
    return column == "cents" or column.endswith("_cents")


def _name(column: str) -> str:
    return "dollars" if column == "cents" else column.removesuffix("_cents").replace("_", " ")
