"""Records set aside by day until all chunks have spoken.

Chunks come by loan and files are written by day, so the records of a day gather here: a file of raw records for each
day, appended chunk by chunk, read back whole when its day is written. A record is a few dozen bytes; a day of a million
payments fits in memory many times over.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt


class Spool:
    """Records of one kind, by day."""

    def __init__(self, folder: Path, kind: np.dtype[np.void], day_field: str) -> None:
        self._folder = folder
        self._kind = kind
        self._day_field = day_field
        folder.mkdir(parents=True)

    def add(self, records: npt.NDArray[np.void]) -> None:
        """Sets records aside, keeping the order among those of a day."""
        ordered = records[np.argsort(records[self._day_field], kind="stable")]
        days, starts = np.unique(ordered[self._day_field], return_index=True)
        ends = np.append(starts[1:], len(ordered))
        for day, start, end in zip(days.tolist(), starts.tolist(), ends.tolist(), strict=False):
            with self._file(day).open("ab") as file:
                file.write(ordered[start:end].tobytes())

    def take(self, day: int) -> npt.NDArray[np.void]:
        """The records of a day, which are forgotten here."""
        path = self._file(day)
        if not path.exists():
            return np.empty(0, dtype=self._kind)
        records: npt.NDArray[np.void] = np.fromfile(path, dtype=self._kind)
        path.unlink()
        return records

    def _file(self, day: int) -> Path:
        return self._folder / str(day)
