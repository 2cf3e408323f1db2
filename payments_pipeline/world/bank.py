"""Writes the statements of each day, and the truth about each of their lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from payments_pipeline.world.days import CHANNELS, day_of
from payments_pipeline.world.doubts import Certainty, codes
from payments_pipeline.world.draws import scattered
from payments_pipeline.world.identifiers import RAILS, batch_numbers, references, return_ids, transfer_ids
from payments_pipeline.world.parquet import ParquetFile
from payments_pipeline.world.statements import KINDS, RETURN, Lines, Pairs, Spelling, Truth
from payments_pipeline.world.text import chosen, content, dates, digits, integers, iso_dates, joined, lines, prefixed

HEADER: Final = (
    "line_id",
    "bank_day",
    "account",
    "channel",
    "kind",
    "amount_cents",
    "reference",
    "transaction_id",
    "description",
)

TRUTH_SCHEMA: Final = pa.schema(
    [
        ("bank_day", pa.date32()),
        ("line_id", pa.string()),
        ("truth", pa.string()),
        ("identity", pa.int64()),
        ("channel", pa.string()),
        ("amount_cents", pa.int64()),
        ("group", pa.int64()),
        ("is_matchable", pa.bool_()),
    ]
)
"""What each line stands for: a row for each payment in it, or one with identity 0. Payments that the bank never shows have
the day on which they should be there, and no line. Lines of one group show the same money. Matchable is what follows from
what lines and payments say, so that whoever reads both carefully can find it without a guess."""

_ROWS_AT_ONCE: Final = 250_000
_SHUFFLE_SALT: Final = 0x5EED_0030
_CUT_OFF: Final = 4
_TORN_AT: Final = 7


class Bank:
    """The folder `bank` and the truth about its lines."""

    def __init__(self, world_dir: Path, truth: ParquetFile, certainty: Certainty) -> None:
        self._folder = world_dir / "bank"
        self._truth = truth
        self._certainty = certainty
        self.rows_by_file: dict[str, int] = {}
        self._folder.mkdir()

    def write_day(self, day: int, shown: Lines, meant: Pairs) -> None:
        """Writes the statement of one day; none on a day on which the bank has nothing to say."""
        shown = _shuffled(shown)
        line_id = prefixed(f"BL{day_of(day):%Y%m%d}-", digits(np.arange(1, len(shown) + 1, dtype=np.int64), 8))
        if len(shown):
            path = self._folder / f"{day_of(day)}.csv"
            with path.open("wb") as file:
                file.write((",".join(HEADER) + "\n").encode("ascii"))
                for channel, part in _parts(shown):
                    file.write(content(_statement(channel, shown[part], line_id[part])))
            self.rows_by_file[f"bank/{path.name}"] = len(shown)
        self._truth.write(self._truth_of(shown, line_id, meant))

    def _truth_of(self, shown: Lines, line_id: pa.StringArray, meant: Pairs) -> pa.Table:
        """In the order of the lines; last what the bank never shows."""
        by_key = np.argsort(shown["key"])
        has_line = meant["key"] > 0
        place = np.full(len(meant), len(shown))
        place[has_line] = by_key[np.searchsorted(shown["key"], meant["key"][has_line], sorter=by_key)]
        order = np.lexsort((meant["identity"], place))
        pairs, place = meant[order], place[order]
        code = codes(pairs["identity"], pairs["own_cents"])
        values = {
            "bank_day": dates(pairs["bank_day"]),
            "line_id": line_id.take(pa.array(place, mask=place == len(shown))),
            "truth": chosen([truth.name.lower() for truth in Truth], pairs["truth"]),
            "identity": pairs["identity"],
            "channel": chosen(CHANNELS, pairs["channel"]),
            "amount_cents": pairs["line_cents"],
            "group": pairs["group"],
            "is_matchable": pairs["is_matchable"]
            & self._certainty.holds(pairs["doubt"], pairs["channel"], pairs["due"], code),
        }
        return pa.table(values, schema=TRUTH_SCHEMA)


def _shuffled(rows: Lines) -> Lines:
    """By rail, as statements group them, and within a rail in no order."""
    return rows[np.lexsort((scattered(rows["key"].copy(), _SHUFFLE_SALT), rows["channel"]))]


def _parts(shown: Lines) -> Iterator[tuple[str, slice]]:
    """Stretches of lines of one rail, none longer than what is comfortable to write at once."""
    bounds = np.searchsorted(shown["channel"], np.arange(len(CHANNELS) + 1)).tolist()
    for channel, first, end in zip(CHANNELS, bounds[:-1], bounds[1:], strict=True):
        for start in range(first, end, _ROWS_AT_ONCE):
            yield channel, slice(start, min(start + _ROWS_AT_ONCE, end))


def _statement(channel: str, rows: Lines, line_id: pa.StringArray) -> pa.StringArray:
    """Lines of the file for lines of one rail."""
    rail = RAILS[channel]
    return lines(
        [
            line_id,
            iso_dates(rows["bank_day"]),
            rail.account,
            channel,
            chosen(KINDS, rows["kind"]),
            integers(rows["amount_cents"].copy()),
            _references(channel, rows),
            pc.if_else(pa.array(rows["has_id"]), _transfers(channel, rows), ""),
            chosen([f"{before}{rail.statement_text}" for before in ("", "RETURN OF ", "FEE ON ")], rows["kind"]),
        ]
    )


def _transfers(channel: str, rows: Lines) -> Any:
    """The transfer by which the money of each line moved."""
    named_after = rows["named_after"].copy()
    came_by = transfer_ids(channel, named_after)
    is_return = rows["kind"] == RETURN
    return pc.if_else(pa.array(is_return), return_ids(channel, named_after), came_by) if is_return.any() else came_by


def _references(channel: str, rows: Lines) -> Any:
    """What the bank quotes, in upper case: the number of a batch or the reference of a payment, not always as it was."""
    quoted = pc.ascii_upper(references(channel, rows["named_after"].copy()))
    if rows["batch"].any():
        quoted = pc.if_else(pa.array(rows["batch"] > 0), batch_numbers(channel, rows["batch"].copy()), quoted)
    spoiled = np.flatnonzero(rows["spelling"])
    if not len(spoiled):
        return quoted
    plain = quoted.take(pa.array(spoiled))
    ways = [
        plain,
        pa.array([_swapped(text) for text in plain.to_pylist()], type=pa.string()),
        pc.utf8_slice_codeunits(plain, 0, -_CUT_OFF),
        joined(pc.utf8_slice_codeunits(plain, 0, _TORN_AT), " ", pc.utf8_slice_codeunits(plain, _TORN_AT)),
        pa.array([""] * len(spoiled), type=pa.string()),
    ]
    assert len(ways) == len(Spelling)
    written = pc.choose(pa.array(rows["spelling"][spoiled].astype(np.int8)), *ways)
    return pc.replace_with_mask(quoted, pa.array(rows["spelling"] > 0), written)


def _swapped(text: str) -> str:
    """The last two neighbours that differ change places."""
    for place in range(len(text) - 1, 0, -1):
        if text[place] != text[place - 1]:
            return f"{text[: place - 1]}{text[place]}{text[place - 1]}{text[place + 1 :]}"
    return text
