"""Files that people are given: whole, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from payments_pipeline.errors import PaymentsError


@contextmanager
def becoming(path: Path) -> Iterator[Path]:
    """A path beside the wanted one, which takes its place when all has gone well, and is gone otherwise."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch(mode=0o600)
        yield part
        part.replace(path)
    except OSError as error:
        raise PaymentsError(f"{path} cannot be written: {error.strerror}", "choose another place: --out") from error
    finally:
        part.unlink(missing_ok=True)
