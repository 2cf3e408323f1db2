"""The statement of the lockbox's account, as its bank sends it at the end of a day: a file of BAI2.

Its lines are those of the world's `bank/<day>.csv`; opening and closing balance follow from all days before it.
"""

import io
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from payments_pipeline.formats import bai2
from payments_pipeline.formats.statements import Balance, Family, Line, Statement
from payments_pipeline.world.identifiers import RAILS

ACCOUNT: Final = RAILS["check"].account

_BANK: Final = "071000301"
_SENT_AT: Final = "2230"
_CODES: Final[dict[str, tuple[str, Family]]] = {
    "credit": ("115", "credit"),
    "return": ("555", "return"),
    "fee": ("698", "fee"),
}
_TEXTS: Final = ("account", "kind", "reference", "description")


def statement(path: Path) -> bytes:
    """The file of a day."""
    day, lines = date.fromisoformat(path.stem), _lines(path)
    cents = int(pc.sum(lines["amount_cents"]).as_py() or 0)
    opening = sum(_total(before) for before in path.parent.glob("*.csv") if before.stem < path.stem)
    said = Statement(
        number=1,
        account=ACCOUNT,
        currency="USD",
        bank=_BANK,
        reference="",
        from_on=day,
        as_of=day,
        balances=(Balance("opening", "010", day, opening), Balance("closing", "015", day, opening + cents)),
        line_count=len(lines),
        lines_cents=cents,
    )
    out = io.BytesIO()
    header = bai2.Header(_BANK, "SERVICER", day, _SENT_AT, "1")
    bai2.write(out, header, [(said, _told(day, lines))])
    return out.getvalue()


def _told(day: date, lines: pa.Table) -> Iterator[Line]:
    for number, line in enumerate(lines.to_pylist(), start=1):
        code, family = _CODES[line["kind"]]
        yield Line(
            statement=1,
            number=number,
            account=ACCOUNT,
            currency="USD",
            booked_on=day,
            value_on=day,
            amount_cents=line["amount_cents"],
            family=family,
            type_code=code,
            bank_reference="",
            customer_reference=line["reference"],
            text=line["description"],
            record=0,
            file_line=0,
        )


def _lines(path: Path) -> pa.Table:
    columns = {**dict.fromkeys(_TEXTS, pa.string()), "amount_cents": pa.int64()}
    table = pacsv.read_csv(
        path, convert_options=pacsv.ConvertOptions(include_columns=list(columns), column_types=columns)
    )
    return table.filter(pc.equal(table["account"], ACCOUNT))


@cache
def _total(path: Path) -> int:
    return int(pc.sum(_lines(path)["amount_cents"]).as_py() or 0)
