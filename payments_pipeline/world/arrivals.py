"""Writes what arrives on a day: a file for each source, when each was received, and the truth about every row.

A file holds no more than `ROWS_IN_FILE` rows; a source with more delivers numbered parts. Rows come in no order: the
file of a day is shuffled by a fixed function of what each row is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from payments_pipeline.rules.settlement import RULES
from payments_pipeline.world.days import CHANNELS, day_of, instant
from payments_pipeline.world.deliveries import EVENTS, RETURN_CODES, Account, Deliveries, Spelling, Truth
from payments_pipeline.world.draws import Int64s, scattered
from payments_pipeline.world.faults import FAULTS, HEADER
from payments_pipeline.world.identifiers import RAILS, batch_numbers, references, return_ids, transfer_ids
from payments_pipeline.world.parquet import ParquetFile
from payments_pipeline.world.payments import Size
from payments_pipeline.world.portfolio import borrower_of, cifs, loan_numbers
from payments_pipeline.world.text import chosen, content, dates, dollars, iso_dates, iso_instants, joined, lines

ROWS_IN_FILE: Final = 250_000
RECEIPTS: Final = "_manifest.csv"
_RECEIPTS_HEADER: Final = "file,received_at,rows,sha256"
_FIRST_RECEIPT: Final = 20 * 3_600 + 1_800  # half past eight in the evening: the next day already, in UTC
_BETWEEN_SOURCES: Final = 420
_BETWEEN_PARTS: Final = 11
_SHUFFLE_SALT: Final = 0x5EED_0010
_OUTSIDE_SALT: Final = 0x5EED_0020
_WENT_BACK: Final = (EVENTS.index("returned"), EVENTS.index("recalled"))

TRUTH_SCHEMA: Final = pa.schema(
    [
        ("arrival_day", pa.date32()),
        ("file", pa.string()),
        ("line", pa.int32()),
        ("truth", pa.string()),
        ("identity", pa.int64()),
        ("loan_id", pa.int64()),
        ("amount_cents", pa.int64()),
        ("channel", pa.string()),
        ("event", pa.string()),
        ("value_date", pa.date32()),
        ("days_late", pa.int16()),
        ("size", pa.string()),
        ("return_code", pa.string()),
        ("fault", pa.string()),
        ("fault_column", pa.string()),
    ]
)
"""What each delivered row is. `line` counts from 1, the header aside; `loan_id` is 0 where the row does not tell."""


class Arrivals:
    """The folder `arrivals` and the truth about its rows."""

    def __init__(self, world_dir: Path, loans: int, truth: ParquetFile) -> None:
        self._folder = world_dir / "arrivals"
        self._loans = loans
        self._truth = truth
        self.rows_by_file: dict[str, int] = {}

    def write_day(self, day: int, deliveries: Deliveries) -> None:
        """Writes the files of one arrival day; none if nothing arrives."""
        if not len(deliveries):
            return
        folder = self._folder / day_of(day).isoformat()
        folder.mkdir(parents=True)
        receipts = [_RECEIPTS_HEADER]
        for name, channel, part, rows in _files(deliveries):
            sha256 = self._write_file(folder / name, channel, rows)
            received = instant(
                day_of(day), _FIRST_RECEIPT + _BETWEEN_SOURCES * CHANNELS.index(channel) + _BETWEEN_PARTS * part
            )
            receipts.append(f"{name},{received:%Y-%m-%dT%H:%M:%SZ},{len(rows)},{sha256}")
            self._truth.write(_truth_of(day, name, rows))
            self.rows_by_file[f"arrivals/{folder.name}/{name}"] = len(rows)
        (folder / RECEIPTS).write_text("\n".join(receipts) + "\n", encoding="ascii", newline="")

    def _write_file(self, path: Path, channel: str, rows: Deliveries) -> str:
        body = content(_with_faults(_columns(channel, rows, self._loans), rows))
        header = (",".join(HEADER) + "\n").encode("ascii")
        with path.open("wb") as file:
            file.write(header)
            file.write(body)
        digest = hashlib.sha256(header)
        digest.update(body)
        return digest.hexdigest()


def _files(deliveries: Deliveries) -> Iterator[tuple[str, str, int, Deliveries]]:
    """Name, rail, part and rows of each file of a day."""
    for number, channel in enumerate(CHANNELS):
        rows = _shuffled(deliveries[deliveries["channel"] == number])
        source = RAILS[channel].source
        parts = range(0, len(rows), ROWS_IN_FILE)
        for part, start in enumerate(parts):
            name = f"{source}.csv" if len(parts) == 1 else f"{source}-{part + 1:03d}.csv"
            yield name, channel, part, rows[start : start + ROWS_IN_FILE]


def _shuffled(rows: Deliveries) -> Deliveries:
    what = rows["identity"] * 64 + rows["event"].astype(np.int64) * 4 + rows["copy"]
    return rows[np.argsort(scattered(what, _SHUFFLE_SALT), kind="stable")]


def _columns(channel: str, rows: Deliveries, loans: int) -> list[Any]:
    """The columns of a file in the order of its header, as text."""
    rail = RAILS[channel]
    identity, loan_id = rows["identity"].copy(), rows["loan_id"].copy()
    return [
        chosen(EVENTS, rows["event"]),
        _spelled(references(channel, identity), rows["spelling"]),
        _quoted_loans(rows, loans),
        cifs(borrower_of(loan_id)),
        dollars(rows["amount_cents"].copy()),
        _constant("USD", rows),
        iso_instants(rows["occurred_at"].copy()),
        iso_dates(rows["value_date"]),
        _constant(channel, rows),
        _constant(rail.provider, rows),
        chosen(RETURN_CODES, rows["return_code"]),
        _transfers(channel, rows),
        _metadata(channel, rows),
    ]


def _transfers(channel: str, rows: Deliveries) -> Any:
    """The transfer by which the money moved: it may have gone back by another than it came by."""
    identity = rows["identity"].copy()
    came_by = transfer_ids(channel, identity)
    went_back = np.isin(rows["event"], _WENT_BACK)
    return pc.if_else(pa.array(went_back), return_ids(channel, identity), came_by) if went_back.any() else came_by


def _metadata(channel: str, rows: Deliveries) -> Any:
    """What else the source says; for payments in a deposit or payout, its number too."""
    rail, is_automatic = RAILS[channel], rows["is_automatic"].astype(np.uint8)
    said = [rail.metadata, rail.automatic_metadata]
    without = chosen([_csv(text) for text in said], is_automatic)
    if not rows["batch"].any():
        return without
    before = [f"{text[:-1]}," if text else "{" for text in said]
    opened = chosen([_csv(f'{text}"{RULES[channel].grouped_by}":"')[:-1] for text in before], is_automatic)
    named = joined(opened, batch_numbers(channel, rows["batch"].copy()), _csv('"}')[1:])
    return pc.if_else(pa.array(rows["batch"] > 0), named, without)


def _constant(text: str, rows: Deliveries) -> Any:
    return chosen([text], np.zeros(len(rows), dtype=np.uint8))


def _csv(json: str) -> str:
    """JSON as a field of a CSV file."""
    return '"' + json.replace('"', '""') + '"' if json else ""


def _spelled(reference: pa.StringArray, spelling: Any) -> Any:
    """References in upper case, or in lower case between blanks, or in lower case."""
    lower = pc.ascii_lower(reference)
    ways = [reference, pc.ascii_upper(reference), joined("  ", lower, " "), lower]
    return pc.choose(pa.array(spelling.astype(np.int8)), *ways) if spelling.any() else reference


def _quoted_loans(rows: Deliveries, loans: int) -> Any:
    """The loan number that each row quotes: mostly the right one."""
    numbers = loan_numbers(rows["loan_id"].copy())
    is_recased = (rows["spelling"] == Spelling.ALL_RECASED) & (rows["account"] == Account.OWN)
    account = np.where(is_recased, len(Account), rows["account"])
    if not account.any():
        return numbers
    beyond = scattered(rows["identity"].copy(), _OUTSIDE_SALT) % np.uint64(10**9)
    outside: Int64s = beyond.astype(np.int64) + loans + 1
    ways = [
        numbers,
        loan_numbers(outside),
        pc.replace_substring(numbers, "LN0", "LNO", max_replacements=1),
        pc.utf8_slice_codeunits(numbers, 0, 8),
        pc.ascii_lower(numbers),
    ]
    return pc.choose(pa.array(account.astype(np.int8)), *ways)


def _with_faults(columns: list[Any], rows: Deliveries) -> pa.StringArray:
    """The lines of a file, malformed ones included. Few rows are malformed: they are spoiled one at a time."""
    text = lines(columns)
    broken = np.flatnonzero(rows["fault"])
    if not len(broken):
        return text
    fields = [column.take(pa.array(broken)).to_pylist() for column in columns]
    spoiled = [
        ",".join(FAULTS[fault - 1].spoil(list(row))) + "\n"
        for fault, row in zip(rows["fault"][broken].tolist(), zip(*fields, strict=True), strict=True)
    ]
    return pc.replace_with_mask(text, pa.array(rows["fault"] > 0), pa.array(spoiled, type=pa.string()))


def _truth_of(day: int, file: str, rows: Deliveries) -> pa.Table:
    faults = [None, *(fault.name for fault in FAULTS)]
    columns = [None, *(fault.column for fault in FAULTS)]
    values = {
        "arrival_day": dates(np.full(len(rows), day)),
        "file": _constant(file, rows),
        "line": pa.array(np.arange(1, len(rows) + 1, dtype=np.int32)),
        "truth": chosen([truth.name.lower() for truth in Truth], rows["truth"]),
        "identity": rows["identity"],
        "loan_id": np.where(rows["account"] == Account.OWN, rows["loan_id"], 0),
        "amount_cents": rows["amount_cents"],
        "channel": chosen(CHANNELS, rows["channel"]),
        "event": chosen(EVENTS, rows["event"]),
        "value_date": dates(rows["value_date"]),
        "days_late": rows["days_late"],
        "size": chosen([size.name.lower() for size in Size], rows["size"]),
        "return_code": chosen(RETURN_CODES, rows["return_code"]),
        "fault": chosen(faults, rows["fault"]),
        "fault_column": chosen(columns, rows["fault"]),
    }
    return pa.table(values, schema=TRUTH_SCHEMA)
