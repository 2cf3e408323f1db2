"""What the bank says happened, and the truth about each of its lines.

The bank shows a payment on the day that its rail settles, whatever we were told and when: a payment told late, or lost
on its way to us, is on the statement on time. A return is a line of its own, below zero, also where it comes before the
settlement of what it returns.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from payments_pipeline.world import noise
from payments_pipeline.world.book import Book
from payments_pipeline.world.days import CHANNELS, Days, day_of
from payments_pipeline.world.deliveries import Fates
from payments_pipeline.world.draws import Bytes, Int64s, Stream, scattered, stream
from payments_pipeline.world.identifiers import RAILS, references, transfer_ids
from payments_pipeline.world.parameters import World
from payments_pipeline.world.parquet import ParquetFile
from payments_pipeline.world.payments import IDENTITIES_PER_CHUNK, Payments
from payments_pipeline.world.text import chosen, content, dates, digits, integers, iso_dates, lines, prefixed

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


class Truth(IntEnum):
    """What a line of the bank really is."""

    PAYMENT = 0
    RETURN = 1
    UNSENT = 2
    """Money that nobody told us of."""
    NEVER_AT_BANK = 3
    """Not a line: a payment told as completed that the bank does not show."""


BANK_LINE: Final = np.dtype(
    [
        ("bank_day", np.int32),
        ("identity", np.int64),
        ("named_after", np.int64),
        ("amount_cents", np.int64),
        ("channel", np.uint8),
        ("truth", np.uint8),
    ]
)
"""A line. Its reference and transaction are those of `named_after`: the payment, but for money nobody told us of."""

BankLines = npt.NDArray[np.void]

TRUTH_SCHEMA: Final = pa.schema(
    [
        ("bank_day", pa.date32()),
        ("line_id", pa.string()),
        ("truth", pa.string()),
        ("identity", pa.int64()),
        ("channel", pa.string()),
        ("amount_cents", pa.int64()),
    ]
)
"""What each line is. Payments that the bank never shows have the day on which they should be there, and no line."""

_UNSENT_FROM: Final = IDENTITIES_PER_CHUNK * 9 // 10  # of a chunk's identities, these name what nobody told us of
_ROWS_AT_ONCE: Final = 250_000
_SHUFFLE_SALT: Final = 0x5EED_0030


def bank_lines_of(world: World, book: Book, payments: Payments, fates: Fates, days: Days) -> BankLines:
    """The lines of a chunk's payments on the days up to the last; later ones the bank has not written yet."""
    settled_on = days.settlement(payments.value_date, payments.channel)
    received = _lines(
        payments, settled_on, np.where(fates.is_at_bank, Truth.PAYMENT, Truth.NEVER_AT_BANK).astype(np.uint8)
    )
    returned = fates.returned_on >= 0
    returns = _lines(payments[returned], fates.returned_on[returned], np.uint8(Truth.RETURN))
    returns["amount_cents"] *= -1
    shown = np.concatenate([received, returns])
    shown = shown[shown["bank_day"] <= days.last]
    return np.concatenate([shown, _unsent(world, book, shown)])


def _lines(payments: Payments, bank_day: Int64s, truth: Bytes | np.uint8) -> BankLines:
    rows = np.zeros(len(payments), dtype=BANK_LINE)
    rows["bank_day"] = bank_day
    rows["identity"] = rows["named_after"] = payments.identity
    rows["amount_cents"] = payments.amount_cents
    rows["channel"] = payments.channel
    rows["truth"] = truth
    return rows


def _unsent(world: World, book: Book, shown: BankLines) -> BankLines:
    """Credits that look like the others and belong to no payment."""
    rng = stream(world.seed, book.chunk.number, Stream.BANK)
    is_model = (rng.random(len(shown)) < noise.UNSENT_LINE.times(world.noise)) & (shown["truth"] == Truth.PAYMENT)
    rows: BankLines = shown[is_model]
    rows["identity"] = 0
    rows["named_after"] = book.chunk.number * IDENTITIES_PER_CHUNK + _UNSENT_FROM + np.arange(len(rows))
    rows["amount_cents"] = rng.integers(40_000, 400_000, len(rows))
    rows["truth"] = Truth.UNSENT
    return rows


class Bank:
    """The folder `bank` and the truth about its lines."""

    def __init__(self, world_dir: Path, truth: ParquetFile) -> None:
        self._folder = world_dir / "bank"
        self._truth = truth
        self.rows_by_file: dict[str, int] = {}
        self._folder.mkdir()

    def write_day(self, day: int, lines_of_day: BankLines) -> None:
        """Writes the statement of one day; none on a day on which the bank has nothing to say."""
        missing = lines_of_day[lines_of_day["truth"] == Truth.NEVER_AT_BANK]
        shown = _shuffled(lines_of_day[lines_of_day["truth"] != Truth.NEVER_AT_BANK])
        line_id = prefixed(f"BL{day_of(day):%Y%m%d}-", digits(np.arange(1, len(shown) + 1, dtype=np.int64), 8))
        if len(shown):
            path = self._folder / f"{day_of(day)}.csv"
            with path.open("wb") as file:
                file.write((",".join(HEADER) + "\n").encode("ascii"))
                for channel, part in _parts(shown):
                    file.write(content(_statement(channel, shown[part], line_id[part])))
            self.rows_by_file[f"bank/{path.name}"] = len(shown)
        self._truth.write(_truth_of(shown, line_id))
        self._truth.write(_truth_of(missing, pa.nulls(len(missing), pa.string())))


def _shuffled(rows: BankLines) -> BankLines:
    """By rail, as statements group them, and within a rail in no order."""
    what = rows["named_after"] * 2 + (rows["truth"] == Truth.RETURN)
    return rows[np.lexsort((scattered(what, _SHUFFLE_SALT), rows["channel"]))]


def _parts(shown: BankLines) -> Iterator[tuple[str, slice]]:
    """Stretches of lines of one rail, none longer than what is comfortable to write at once."""
    bounds = np.searchsorted(shown["channel"], np.arange(len(CHANNELS) + 1)).tolist()
    for channel, first, end in zip(CHANNELS, bounds[:-1], bounds[1:], strict=True):
        for start in range(first, end, _ROWS_AT_ONCE):
            yield channel, slice(start, min(start + _ROWS_AT_ONCE, end))


def _statement(channel: str, rows: BankLines, line_id: pa.StringArray) -> pa.StringArray:
    """Lines of the file for lines of one rail."""
    rail, named_after = RAILS[channel], rows["named_after"].copy()
    is_return = rows["truth"] == Truth.RETURN
    return lines(
        [
            line_id,
            iso_dates(rows["bank_day"]),
            rail.account,
            channel,
            chosen(["credit", "return"], is_return.astype(np.uint8)),
            integers(rows["amount_cents"].copy()),
            pc.ascii_upper(references(channel, named_after)),
            transfer_ids(channel, named_after),
            chosen([rail.statement_text, f"RETURN OF {rail.statement_text}"], is_return.astype(np.uint8)),
        ]
    )


def _truth_of(rows: BankLines, line_id: pa.StringArray) -> pa.Table:
    values = {
        "bank_day": dates(rows["bank_day"]),
        "line_id": line_id,
        "truth": chosen([truth.name.lower() for truth in Truth], rows["truth"]),
        "identity": rows["identity"],
        "channel": chosen(CHANNELS, rows["channel"]),
        "amount_cents": rows["amount_cents"],
    }
    return pa.table(values, schema=TRUTH_SCHEMA)
