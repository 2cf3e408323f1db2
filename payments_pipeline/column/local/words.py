"""What a world tells of the transfers that come through the bank, word by word.

The files of `arrivals` say what was told; the folder `truth` says which of their rows are repeats or broken copies. The
bank tells each word once and whole; repeats are the business of its faults.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from payments_pipeline.world.days import CHANNELS
from payments_pipeline.world.deliveries import EVENTS, RETURN_CODES, Account, Truth
from payments_pipeline.world.faults import HEADER
from payments_pipeline.world.identifiers import RAILS
from payments_pipeline.world.payments import IDENTITIES_PER_CHUNK
from payments_pipeline.world.text import content

COLUMN_RAILS: Final = tuple(name for name, rail in RAILS.items() if rail.provider == "column")
"""Those that the bank carries itself: ach, wire, realtime and book."""

WORD: Final = np.dtype(
    [
        ("chunk", np.int32),
        ("arrival", np.int32),
        ("value_date", np.int32),
        ("identity", np.int64),
        ("loan_id", np.int64),
        ("quoted", np.int64),
        ("occurred_at", np.int64),
        ("amount_cents", np.int64),
        ("account", np.uint8),
        ("channel", np.uint8),
        ("event", np.uint8),
        ("return_code", np.uint8),
        ("is_automatic", np.bool_),
    ]
)
"""A word. `loan_id` is 0 where the row quotes no loan of the book; `quoted` and `account` are then what it quotes."""

Words = npt.NDArray[np.void]

_TOLD_ONCE: Final = [t.name.lower() for t in Truth if t.name not in {"DUPLICATE", "RECASED_DUPLICATE", "MALFORMED"}]
_TRUTH_COLUMNS: Final = [
    "arrival_day", "file", "line", "truth", "identity", "loan_id", "amount_cents", "channel", "event", "value_date",
    "return_code",
]  # fmt: skip
_READ_COLUMNS: Final = ["loan_account_number", "payment_date", "metadata"]
_TRUTH_ROWS: Final = 250_000
_LOAN_DIGITS: Final = 10


def words_of(world_dir: Path) -> Iterator[Words]:
    """The words of a world, some hundred thousand at a time, in the order of their files."""
    truth = pq.ParquetFile(world_dir / "truth" / "items.parquet")
    file = _File(world_dir / "arrivals")
    for batch in truth.iter_batches(_TRUTH_ROWS, columns=_TRUTH_COLUMNS):
        for piece in _pieces(batch):
            day, name = piece["arrival_day"][0].as_py(), piece["file"][0].as_py()
            if name.startswith("column_"):
                told_once = piece.filter(pc.is_in(piece["truth"], pa.array(_TOLD_ONCE)))
                if told_once.num_rows:
                    yield _words(told_once, file.rows(f"{day}/{name}", told_once["line"].to_numpy()))


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Stretches of rows of one file."""
    day, file = batch["arrival_day"].cast(pa.int32()).to_numpy(), batch["file"].dictionary_encode()
    number = file.indices.to_numpy()
    changes = np.flatnonzero((day[1:] != day[:-1]) | (number[1:] != number[:-1])) + 1
    bounds = [0, *changes.tolist(), batch.num_rows]
    for start, end in itertools.pairwise(bounds):
        yield batch.slice(start, end - start)


def _words(truth: pa.RecordBatch, rows: pa.Table) -> Words:
    words = np.zeros(truth.num_rows, dtype=WORD)
    for name in ("identity", "loan_id", "amount_cents"):
        words[name] = truth[name].to_numpy()
    words["chunk"] = words["identity"] // IDENTITIES_PER_CHUNK
    words["arrival"] = truth["arrival_day"].cast(pa.int32()).to_numpy()
    words["value_date"] = truth["value_date"].cast(pa.int32()).to_numpy()
    words["channel"] = _numbers(truth["channel"], CHANNELS)
    words["event"] = _numbers(truth["event"], EVENTS)
    words["return_code"] = _numbers(truth["return_code"], RETURN_CODES)
    words["occurred_at"] = rows["payment_date"].combine_chunks().cast(pa.int64()).to_numpy()
    words["is_automatic"] = pc.match_substring(rows["metadata"].combine_chunks(), "autopay").to_numpy(False)
    _quote(words, rows["loan_account_number"].combine_chunks())
    return words


def _numbers(values: Any, names: tuple[str, ...]) -> Any:
    return pc.index_in(values, pa.array(names)).to_numpy(zero_copy_only=False)


def _quote(words: Words, loan_number: pa.StringArray) -> None:
    """Notes what a row quotes that names no loan. There are few: one at a time."""
    for row in np.flatnonzero(words["loan_id"] == 0).tolist():
        quoted = loan_number[row].as_py()
        kind = (
            Account.LETTER_FOR_DIGIT if quoted[2] == "O"
            else Account.TOO_SHORT if len(quoted) < len("LN") + _LOAN_DIGITS
            else Account.OUTSIDE_BOOK
        )  # fmt: skip
        words["account"][row] = kind
        words["quoted"][row] = int(quoted[3:])


class _File:
    """The delivered file that was asked for last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = ""
        self._lines: Any = None

    def rows(self, name: str, numbers: npt.NDArray[np.int32]) -> pa.Table:
        """The rows on these lines, counted from 1 without the header."""
        if name != self._name:
            self._name, self._lines = name, _lines(self._folder / name)
        wanted = content(self._lines.take(pa.array(numbers)))
        return pacsv.read_csv(
            pa.BufferReader(wanted),
            read_options=pacsv.ReadOptions(column_names=list(HEADER), use_threads=False),
            convert_options=pacsv.ConvertOptions(
                include_columns=_READ_COLUMNS,
                column_types={
                    "loan_account_number": pa.string(),
                    "payment_date": pa.timestamp("s", "UTC"),
                    "metadata": pa.string(),
                },
            ),
        )


def _lines(path: Path) -> pa.StringArray:
    """The lines of a file with their line feeds, the header's at 0. No field of ours holds one."""
    text = path.read_bytes()
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")).astype(np.int32) + 1
    offsets = np.concatenate([np.zeros(1, dtype=np.int32), ends])
    return pa.Array.from_buffers(pa.string(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(text)])
