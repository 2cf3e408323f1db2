"""The files that providers drop into the inbox, and what their sidecars say of them."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from payments_pipeline.errors import PaymentsError
from payments_pipeline.rules.calendar import business_date

SIDECAR: Final = "_manifest.csv"
"""The file in each folder that says when its files were received, and what they must be: file,received_at,rows,sha256."""

_SIDECAR_COLUMNS: Final = {"file", "received_at", "rows", "sha256"}
_PART: Final = re.compile(r"-\d{3}$")


@dataclass(frozen=True)
class Announcement:
    """What the sidecar says of a file; without one, only when the file was last written."""

    received_at: datetime
    rows: int | None = None
    sha256: bytes | None = None


@dataclass(frozen=True)
class Delivery:
    """A file that lies in the inbox."""

    path: Path
    announced: Announcement

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def source(self) -> str:
        """Who delivered it: the name of the file, without the number of a part."""
        return _PART.sub("", self.path.stem)

    @property
    def uri(self) -> str:
        """Where it lies, for whoever verifies it later."""
        return self.path.resolve().as_uri()

    @property
    def received_at(self) -> datetime:
        """When we received it."""
        return self.announced.received_at

    @property
    def booked_on(self) -> date:
        """The business date on which we received it."""
        return business_date(self.received_at)


def deliveries(inbox: Path, through: date) -> Iterator[Delivery]:
    """The files of `inbox/arrivals/<day>/` up to that day, in the order of their days and names."""
    arrivals = inbox / "arrivals"
    if not arrivals.is_dir():
        raise PaymentsError(
            f"there is no folder {arrivals}",
            "name a folder that has arrivals/<yyyy-mm-dd>/<source>.csv, or one CSV file; `payments generate` makes a world.",
        )
    days = sorted((day, folder) for folder in arrivals.iterdir() if (day := _day_of(folder)) and day <= through)
    for _, folder in days:
        sidecar = _read_sidecar(folder)
        for path in sorted(folder.glob("*.csv")):
            if path.name != SIDECAR:
                yield _delivery(path, sidecar)


def delivery_of(path: Path) -> Delivery:
    """One file, with what the sidecar beside it says."""
    if not path.is_file():
        raise PaymentsError(f"there is no file {path}", "name a CSV file, or a folder that has arrivals/<yyyy-mm-dd>/.")
    return _delivery(path, _read_sidecar(path.parent))


def _delivery(path: Path, sidecar: dict[str, Announcement]) -> Delivery:
    if path.name in sidecar:
        return Delivery(path, sidecar[path.name])
    return Delivery(path, Announcement(datetime.fromtimestamp(path.stat().st_mtime, UTC)))


def _day_of(folder: Path) -> date | None:
    try:
        return date.fromisoformat(folder.name) if folder.is_dir() else None
    except ValueError:
        return None


def _read_sidecar(folder: Path) -> dict[str, Announcement]:
    path = folder / SIDECAR
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        try:
            if missing := _SIDECAR_COLUMNS - set(reader.fieldnames or ()):
                raise ValueError(f"no column {', '.join(sorted(missing))}")
            return {row["file"]: _announcement(row) for row in reader}
        except (ValueError, TypeError, csv.Error) as error:
            raise PaymentsError(
                f"{path}, line {reader.line_num}: {error}",
                "expected file,received_at,rows,sha256 with instants such as 2026-03-02T15:04:05Z; ask the sender for it again.",
            ) from error


def _announcement(row: dict[str, str]) -> Announcement:
    received_at = datetime.fromisoformat(row["received_at"])
    if received_at.utcoffset() is None:
        raise ValueError("received_at has no zone")
    return Announcement(received_at, int(row["rows"]), bytes.fromhex(row["sha256"]))
