"""Files that people are given: whole, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from payments_pipeline.errors import PaymentsError


@contextmanager
def becoming(path: Path) -> Iterator[Path]:
    """A path beside the wanted one, which takes its place when all has gone well, and is gone otherwise."""
    with becoming_together() as begin:
        yield begin(path)


@contextmanager
def becoming_together() -> Iterator[Callable[[Path], Path]]:
    """Gives a path beside each wanted one; they take their places when all has gone well, and are gone otherwise.

    What stands in those places stays as it is until then.
    """
    parts: dict[Path, Path] = {}
    path = Path()

    def begin(wanted: Path) -> Path:
        nonlocal path
        path = wanted
        path.parent.mkdir(parents=True, exist_ok=True)
        part = parts[path] = path.with_name(f".{path.name}.part")
        part.touch(mode=0o600)
        return part

    try:
        yield begin
        for path, part in parts.items():
            part.replace(path)
    except OSError as error:
        raise PaymentsError(f"{path} cannot be written: {error.strerror}", "choose another place: --out") from error
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
