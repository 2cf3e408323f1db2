"""What a world says of itself: its parameters, its days and how many rows each of its files holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from payments_pipeline.world.parameters import World, WorldError

FILE: Final = "manifest.json"
FORMAT_VERSION: Final = 4


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a world's `manifest.json`. Holds no clock: the same world has the same manifest."""

    world: World
    counts: Mapping[str, int]
    """Things in the world by name: loans, borrowers, payments, and rows by what they truly are."""
    files: Mapping[str, int]
    """Rows by file, paths from the world's folder."""

    @property
    def first_day(self) -> date:
        """First day on which something can arrive."""
        return self.world.first_day

    @property
    def last_day(self) -> date:
        """Last day on which something can arrive."""
        return self.world.last_day

    def write(self, world_dir: Path) -> None:
        """Writes `manifest.json` into the world's folder."""
        document = {
            "format_version": FORMAT_VERSION,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "parameters": asdict(self.world),
            "counts": dict(self.counts),
            "files": dict(sorted(self.files.items())),
        }
        (world_dir / FILE).write_text(json.dumps(document, indent=2, default=date.isoformat) + "\n", encoding="utf-8")


def is_there(folder: Path) -> bool:
    """Whether a world was generated there, whole, by a program that made worlds as this one does."""
    try:
        read_manifest(folder)
    except WorldError:
        return False
    return True


def names_a_world(folder: Path) -> bool:
    """Whether its manifest is that of a world, of this program or of an older one. Other tools have manifests too."""
    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and {"format_version", "parameters"} <= document.keys()


def read_manifest(path: Path) -> Manifest:
    """The manifest of the world in a folder, or in a `manifest.json`."""
    path = path / FILE if path.is_dir() else path
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorldError(
            f"There is no world at {path.parent}: {error}.", "Make one with `payments generate`."
        ) from error
    if document.get("format_version") != FORMAT_VERSION:
        found = document.get("format_version")
        raise WorldError(
            f"The world at {path.parent} has format {found}, this program reads {FORMAT_VERSION}.",
            "Generate it again.",
        )
    parameters = document["parameters"]
    for name in ("first_day", "peak_day"):
        parameters[name] = parameters[name] and date.fromisoformat(parameters[name])
    return Manifest(World(**parameters), document["counts"], document["files"])
