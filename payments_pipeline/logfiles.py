"""The logs that programs started by us write."""

from pathlib import Path
from typing import BinaryIO, Final

_KEPT_BYTES: Final = 16 << 20


def open_log(path: Path) -> BinaryIO:
    """Open a log to write on at its end. One that has grown large is set aside, in the place of the one before it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _KEPT_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")


def last_lines(path: Path, count: int) -> str:
    """The end of a log, to show with an error."""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - 200 * count))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])
