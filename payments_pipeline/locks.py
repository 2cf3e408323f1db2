"""Locks between processes, on files.

The kernel frees them with the process that held them, however it died: there is no stale lock to clean up.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """A lock on a file that many processes may share, or one hold alone."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def share(self) -> None:
        """Hold the lock together with others; waits while one process holds it alone."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def claim(self) -> None:
        """Hold the lock alone; waits while others hold it."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def try_claim(self) -> bool:
        """Hold the lock alone if nobody else holds it. Gives up a share that this process had, either way."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def note(self, text: str) -> None:
        """Leave word in the file for those who find it locked."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def read_note(self) -> str:
        """What the holder left for us."""
        return os.pread(self._descriptor, 4096, 0).decode(errors="replace").strip()

    def close(self) -> None:
        """Give the lock up."""
        os.close(self._descriptor)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Run the block while no other process is in a block on the same path."""
    lock = FileLock(path)
    try:
        lock.claim()
        yield
    finally:
        lock.close()
