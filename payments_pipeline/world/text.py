"""Columns of text, made whole columns at a time.

Text of fixed width is written as a matrix of bytes, one row a value, and handed to Arrow without a copy; the rest is
left to Arrow's own kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from payments_pipeline.world.draws import Bytes, Int64s, scattered

_ZERO: Final = np.uint8(ord("0"))
_BASE62: Final = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)


def joined(*parts: Any, by: str = "") -> pa.StringArray:
    """The parts of each value, columns or constants, one after the other."""
    return pc.binary_join_element_wise(*parts, by)


def chosen(words: Sequence[str | None], indices: npt.NDArray[Any]) -> pa.StringArray:
    """The word at each index."""
    return pa.array(words, type=pa.string()).take(pa.array(indices))


def integers(values: npt.NDArray[Any]) -> pa.StringArray:
    """Whole numbers in decimal, as short as they go."""
    return pc.cast(pa.array(values), pa.string())


def digits(values: Int64s, width: int) -> Bytes:
    """Whole numbers as rows of exactly `width` decimal digits."""
    rows = np.empty((len(values), width), dtype=np.uint8)
    rest = values.copy()
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        rows[:, place] = digit
    return rows + _ZERO


def ids(values: Int64s, salt: int) -> Bytes:
    """27 characters of base 62 for each value, as banks and processors write their ids: looks random, is a function."""
    rows = np.empty((len(values), 27), dtype=np.uint8)
    for third in range(3):
        rest = scattered(values, salt + third)
        for place in range(9 * third, 9 * third + 9):
            rest, digit = np.divmod(rest, np.uint64(62))
            rows[:, place] = digit
    return _BASE62[rows]


def prefixed(prefix: str, rows: Bytes) -> pa.StringArray:
    """Rows of characters, each after the same prefix."""
    count, width = len(rows), len(prefix) + rows.shape[1]
    characters = np.empty((count, width), dtype=np.uint8)
    characters[:, : len(prefix)] = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    characters[:, len(prefix) :] = rows
    ends = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(ends), pa.py_buffer(characters)])


def dollars(cents: Int64s) -> pa.StringArray:
    """Cents above zero as dollars with two decimals."""
    whole, part = np.divmod(cents, 100)
    return joined(integers(whole), prefixed(".", digits(part, 2)))


def dates(days: npt.NDArray[Any]) -> pa.Date32Array:
    """Day numbers as dates."""
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def iso_dates(days: npt.NDArray[Any]) -> pa.StringArray:
    """Day numbers as yyyy-mm-dd."""
    return pc.cast(dates(days), pa.string())


def iso_instants(seconds: Int64s) -> pa.StringArray:
    """Seconds since 1970 as yyyy-mm-ddThh:mm:ssZ."""
    day, of_day = np.divmod(seconds, 86_400)
    clock = np.empty((len(seconds), 8), dtype=np.uint8)
    clock[:, 0:2] = digits(of_day // 3600, 2)
    clock[:, 3:5] = digits(of_day // 60 % 60, 2)
    clock[:, 6:8] = digits(of_day % 60, 2)
    clock[:, [2, 5]] = ord(":")
    return joined(iso_dates(day), prefixed("T", clock), "Z")


def lines(columns: Sequence[Any]) -> pa.StringArray:
    """Lines of a CSV file, each with its line feed. The columns' values need no quotes, or have them."""
    *others, last = columns
    return joined(*others, joined(last, "\n"), by=",")


def content(text: pa.StringArray) -> memoryview:
    """The bytes of all values, one after the other, as they lie in memory."""
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int32)[text.offset : text.offset + len(text) + 1]
    data = text.buffers()[2]
    return memoryview(data)[offsets[0] : offsets[-1]] if data is not None else memoryview(b"")
