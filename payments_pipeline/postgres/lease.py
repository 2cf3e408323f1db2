"""How long the embedded server runs: as long as any process uses it.

Each process that opens the database holds a share in a lock file until it ends; the last one out stops the server.
Nothing has to be stopped by hand, nothing is stopped under another process, and a process that was killed leaves at
worst a running server, which the next one attaches to and stops in its place. `payments db start` keeps it running.
"""

import atexit
import os
from functools import cache
from pathlib import Path
from typing import Final, Self

from payments_pipeline.locks import FileLock
from payments_pipeline.paths import make_open_folder
from payments_pipeline.postgres.server import Server

_KEEP: Final = "keep-running"


class Lease:
    """This process's share in a server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        make_open_folder(server.root.parent)
        make_open_folder(server.root)
        self._users = FileLock(server.root / "users.lock")
        self._pid = os.getpid()

    @classmethod
    def take(cls, server: Server) -> Self:
        """Keep the server from being stopped as unused. Waits while another process is just stopping it."""
        lease = cls(server)
        lease._users.share()
        return lease

    def give_back(self) -> None:
        """Stop using the server; the last to do so stops it."""
        if os.getpid() != self._pid:  # a fork's copy: the lease is its parent's
            return
        try:
            if self._users.try_claim() and not (self.server.root / _KEEP).exists():
                self.server.stop()
        finally:
            self._users.close()


def use_embedded_server(root: Path) -> Server:
    """The embedded server of this home, for the rest of this process; started anew if it was stopped meanwhile."""
    server = _lease(root).server
    server.start()
    return server


@cache
def _lease(root: Path) -> Lease:
    lease = Lease.take(Server(root))
    atexit.register(lease.give_back)
    return lease


def keep_running(root: Path) -> Server:
    """Start the server and leave it running when its users are gone."""
    server = use_embedded_server(root)
    (root / _KEEP).touch()
    return server


def stop_for_all(root: Path) -> bool:
    """Stop the server whoever uses it; returns whether it was running."""
    (root / _KEEP).unlink(missing_ok=True)
    server = Server(root)
    was_running = server.postmaster_pid() is not None
    if was_running:
        server.stop()
    return was_running
