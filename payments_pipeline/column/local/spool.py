"""A world's events, written once and then handed out by cutting slices from a file.

`events` holds the events newest first, each followed by a comma and a line feed, so that a page without filters is one
slice of it. Beside it lie arrays with an entry for each event: when it was made, its id, its type, its object, and where
its text begins. All are mapped into memory, none is read whole, so a world may be larger than the machine.
"""

import bisect
import hashlib
import json
import mmap
import operator
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from payments_pipeline.column import ids
from payments_pipeline.column.local import snapshots
from payments_pipeline.column.local.lives import EVENT, KINDS, NUMBER, Events, lives_of, notes_of
from payments_pipeline.column.local.words import WORD, words_of
from payments_pipeline.locks import exclusive
from payments_pipeline.world.days import Days
from payments_pipeline.world.draws import Int64s
from payments_pipeline.world.manifest import FILE as MANIFEST
from payments_pipeline.world.manifest import read_manifest
from payments_pipeline.world.spool import Spool as Records
from payments_pipeline.world.text import content, joined, prefixed

FORMAT_VERSION: Final = 2
ID_BYTES: Final = len("evnt_") + ids.LENGTH
OBJECT_BYTES: Final = ids.LENGTH
BETWEEN: Final = b",\n"

_DESCRIPTION: Final = "spool.json"
_ARRAYS: Final = {
    "created": np.dtype(np.int64),
    "ids": np.dtype(f"S{ID_BYTES}"),
    "kinds": np.dtype(np.uint8),
    "objects": np.dtype(f"S{OBJECT_BYTES}"),
    "collected": np.dtype(f"S{OBJECT_BYTES}"),
    "lengths": np.dtype(np.int32),
}
_EVENTS_AT_ONCE: Final = 40_000
_UNFINISHED: Final = ".unfinished"


class Spool:
    """The events of a world. Index 0 is the newest; `end` of a range is excluded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.created: Int64s = _mapped(folder, "created")
        self.kinds: npt.NDArray[np.uint8] = _mapped(folder, "kinds")
        self._ids: npt.NDArray[np.bytes_] = _mapped(folder, "ids")
        self._objects: npt.NDArray[np.bytes_] = _mapped(folder, "objects")
        self._by_object: npt.NDArray[np.int32] = _mapped(folder, "by_object")
        self._starts: Int64s = _mapped(folder, "starts")
        self.collected: npt.NDArray[np.bytes_] = _mapped(folder, "collected")
        """The digits of the ids of the transfers that we collect, sorted."""
        self._text = _text(folder / "events")

    def __len__(self) -> int:
        return len(self.created)

    def text(self, index: int) -> bytes:
        """One event."""
        return bytes(self._text[int(self._starts[index]) : int(self._starts[index + 1]) - len(BETWEEN)])

    def slice(self, start: int, end: int) -> memoryview:
        """Neighbouring events, at least one, as they stand in a list of JSON."""
        return self._text[int(self._starts[start]) : int(self._starts[end]) - len(BETWEEN)]

    def event_id(self, index: int) -> str:
        """The id of an event."""
        return str(self._ids[index], "ascii")

    def object_id(self, index: int) -> str:
        """The digits of the id of an event's object, without its prefix."""
        return str(self._objects[index], "ascii")

    def find(self, event_id: str) -> int | None:
        """Where an event stands."""
        try:
            made_at = int(ids.decode(event_id).made_at.timestamp())
        except ValueError:
            return None
        start, end = self.newer_than((made_at + 1) * 10**9 - 1), self.newer_than(made_at * 10**9 - 1)
        found = np.flatnonzero(self._ids[start:end] == event_id.encode("ascii"))
        return start + int(found[0]) if len(found) else None

    def newer_than(self, nanoseconds: int) -> int:
        """How many events were made after that instant: the first index that was not."""
        # numpy would copy the array to search it backwards
        return bisect.bisect_left(self.created, -nanoseconds, key=operator.neg)

    def of_object(self, object_id: str) -> Int64s:
        """The indices of the events about an object, newest first."""
        digits = object_id[-OBJECT_BYTES:].encode("ascii", "replace")
        # A binary search over the permutation touches a few pages of the map; sorting keys apart would copy them all.
        start, end = self._bound(digits, "left"), self._bound(digits, "right")
        found: Int64s = np.sort(self._by_object[start:end]).astype(np.int64)
        return found

    def _bound(self, digits: bytes, side: str) -> int:
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            seen = bytes(self._objects[self._by_object[middle]])
            if seen < digits or (side == "right" and seen == digits):
                low = middle + 1
            else:
                high = middle
        return low


def spool_of(world_dir: Path) -> Spool:
    """The events of the world: those written before, if they are still those of this world; else written now.

    They lie beside the world's folder, in one of its name with `.bank` at the end.
    """
    world_dir = world_dir.absolute()
    folder = world_dir.with_name(f"{world_dir.name}.bank")
    described = {"format_version": FORMAT_VERSION, "world": _hash(world_dir)}
    with exclusive(folder.with_name(f".{folder.name}.lock")):
        if not _is_described(folder, described):
            unfinished = folder.with_name(f".{folder.name}{_UNFINISHED}")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            _write(world_dir, unfinished)
            (unfinished / _DESCRIPTION).write_text(json.dumps(described), encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            unfinished.rename(folder)
        return Spool(folder)


def _hash(world_dir: Path) -> str:
    """Stands for the world's bytes, which follow from its parameters."""
    read_manifest(world_dir)
    return hashlib.sha256((world_dir / MANIFEST).read_bytes()).hexdigest()


def _is_described(folder: Path, described: dict[str, Any]) -> bool:
    try:
        return bool(json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8")) == described)
    except (OSError, ValueError):
        return False


def _write(world_dir: Path, folder: Path) -> None:
    manifest = read_manifest(world_dir)
    days = Days.of(manifest.first_day, manifest.last_day)
    by_day = _events_by_day(world_dir, folder, days)
    with _Writer(folder) as writer:
        for day in range(
            days.last + 1, days.first - 1, -1
        ):  # UTC is ahead: a world's last evening is a day later there
            for events in _newest_first(by_day.take(day)):
                writer.write(events)
    shutil.rmtree(folder / "records")


def _events_by_day(world_dir: Path, folder: Path, days: Days) -> Records:
    """Sets the world's events aside by day. Memory holds the transfers of one chunk of loans."""
    by_chunk = Records(folder / "records" / "words", WORD, "chunk")
    chunks: set[int] = set()
    for words in words_of(world_dir):
        by_chunk.add(words)
        chunks |= set(np.unique(words["chunk"]).tolist())
    by_day = Records(folder / "records" / "events", EVENT, "day")
    for chunk in sorted(chunks):
        by_day.add(lives_of(by_chunk.take(chunk), days))
    by_day.add(notes_of(days))
    return by_day


def _newest_first(events: Events) -> Iterator[Events]:
    order = np.lexsort((events["kind"], events["identity"], events["created"]))[::-1]
    for start in range(0, len(order), _EVENTS_AT_ONCE):
        yield events[order[start : start + _EVENTS_AT_ONCE]]


class _Writer:
    """Writes the text and the arrays of events that come newest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._text = (folder / "events").open("wb")
        self._files = {name: (folder / name).open("wb") for name in _ARRAYS}

    def __enter__(self) -> "_Writer":
        return self

    def write(self, events: Events) -> None:
        texts = snapshots.texts(events)
        offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
        self._text.write(content(joined(texts, BETWEEN.decode("ascii"))))
        self._add("created", events["created"])
        self._add("ids", _characters(prefixed("evnt_", snapshots.event_ids(events))))
        self._add("kinds", events["kind"])
        digits = snapshots.object_ids(events)
        self._add("objects", digits)
        self._add("collected", digits[events["kind"] == NUMBER["ach.outgoing_transfer.initiated"]])
        self._add("lengths", np.diff(offsets) + np.int32(len(BETWEEN)))

    def _add(self, name: str, values: npt.NDArray[Any]) -> None:
        self._files[name].write(np.ascontiguousarray(values).tobytes())

    def __exit__(self, *_: object) -> None:
        self._text.close()
        for file in self._files.values():
            file.close()
        lengths = np.fromfile(self._folder / "lengths", dtype=_ARRAYS["lengths"])
        np.save(self._folder / "starts.npy", np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]))
        objects = np.fromfile(self._folder / "objects", dtype=_ARRAYS["objects"])
        np.save(self._folder / "by_object.npy", np.argsort(objects, kind="stable").astype(np.int32))
        collected = np.fromfile(self._folder / "collected", dtype=_ARRAYS["collected"])
        np.save(self._folder / "collected.npy", np.sort(collected))
        for name in ("created", "ids", "kinds", "objects"):
            np.save(self._folder / f"{name}.npy", np.fromfile(self._folder / name, dtype=_ARRAYS[name]))
        for name in _ARRAYS:
            (self._folder / name).unlink()


def _mapped(folder: Path, name: str) -> npt.NDArray[Any]:
    mapped: npt.NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r")
    return mapped


def _text(path: Path) -> memoryview:
    if not path.stat().st_size:
        return memoryview(b"")
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _characters(values: Any) -> npt.NDArray[np.uint8]:
    return np.frombuffer(values.buffers()[2] or b"", dtype=np.uint8)


def type_of(kind: int) -> str:
    """The type of the events of a kind."""
    return KINDS[kind].type
