"""The operating-system account that the embedded server runs as.

PostgreSQL refuses to run as root. A root user therefore starts it as an unprivileged account made for it; anyone else
runs it as themselves. Only folders that we make are given to that account: no folder of the user's is opened wider.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from payments_pipeline.errors import DatabaseError
from payments_pipeline.locks import exclusive

SERVER_ACCOUNT: Final = "payments"

_ACCOUNT_LOCK: Final = Path("/run/payments-account.lock")

# What the server's own tools would otherwise read from the caller's shell (PGPORT, PGOPTIONS, locale).
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}


def _make_server_account() -> pwd.struct_passwd:
    """One start at a time: of two `useradd` at once the second would take the name over with another number."""
    useradd = shutil.which("useradd", path=f"/usr/sbin:/sbin:{os.environ.get('PATH', '')}")
    command = [useradd or "useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_ACCOUNT]
    with exclusive(_ACCOUNT_LOCK):
        with contextlib.suppress(KeyError):  # another start has made it since
            return pwd.getpwnam(SERVER_ACCOUNT)
        made = subprocess.run(command, capture_output=True, text=True, check=False) if useradd else None
        try:  # not the exit code: it is the account that counts
            return pwd.getpwnam(SERVER_ACCOUNT)
        except KeyError:
            raise DatabaseError(
                f"PostgreSQL does not run as root, and the user {SERVER_ACCOUNT!r} to run it as could not be made"
                + (f": {made.stderr.strip()}" if made else ": there is no useradd"),
                f"make a system user named {SERVER_ACCOUNT!r}, or run payments as an ordinary user.",
            ) from None


@dataclass(frozen=True)
class Account:
    """Someone processes can run as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def for_server(cls, data_dir: Path) -> "Account":
        """Who runs the server over this data folder: its owner if it exists, or else whoever may."""
        me = os.geteuid()
        if data_dir.exists() and (owner := data_dir.stat().st_uid) != me:
            account = cls._of(pwd.getpwuid(owner))
            if me != 0:
                raise DatabaseError(
                    f"the database in {data_dir} belongs to the user {account.name}",
                    f"run as {account.name} or root, or set PAYMENTS_HOME to a folder of your own.",
                )
            return account
        return cls._unprivileged() if me == 0 else cls._of(pwd.getpwuid(me))

    @classmethod
    def _of(cls, entry: pwd.struct_passwd) -> "Account":
        return cls(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)

    @classmethod
    def _unprivileged(cls) -> "Account":
        try:
            return cls._of(pwd.getpwnam(SERVER_ACCOUNT))
        except KeyError:
            return cls._of(_make_server_account())

    @property
    def is_me(self) -> bool:
        """Whether processes of ours run as this account anyway."""
        return self.uid == os.geteuid()

    def run(
        self,
        command: Sequence[str | Path],
        *,
        environ: Mapping[str, str] | None = None,
        output: IO[bytes] | int = subprocess.PIPE,
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as this account, out of reach of the terminal's Ctrl-C, with both outputs in one place."""
        return subprocess.run(
            [str(part) for part in command],
            cwd="/",
            env={**_ENVIRONMENT, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=False,
            timeout=timeout,
            user=None if self.is_me else self.uid,
            group=None if self.is_me else self.gid,
            extra_groups=None if self.is_me else [],
        )

    def can_enter(self, folder: Path) -> bool:
        """Whether this account can reach the folder, by asking the kernel, which also knows ACLs and mounts."""
        return self.is_me or self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0

    def own(self, path: Path) -> None:
        """Give a file or folder that we made to this account."""
        if not self.is_me:
            os.chown(path, self.uid, self.gid)
