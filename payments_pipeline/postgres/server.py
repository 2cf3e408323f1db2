"""The embedded PostgreSQL server: its files, its start and its stop.

It listens on loopback only, with a password that is made with the database. A start is safe to repeat, to run twice at
once, and to run after anything was killed: what a crash leaves behind is recognised by asking the kernel and the server
themselves, never by the mere presence of a file.
"""

import hashlib
import logging
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from payments_pipeline.errors import DatabaseError
from payments_pipeline.locks import exclusive
from payments_pipeline.logfiles import open_log
from payments_pipeline.paths import make_open_folder
from payments_pipeline.postgres import url as urls
from payments_pipeline.postgres.account import Account
from payments_pipeline.postgres.binaries import (
    SYSTEM_DIR,
    bundled_bin_dir,
    major_version,
    reachable_by,
)
from payments_pipeline.postgres.tuning import Machine, server_settings

SUPERUSER: Final = "payments"
LEDGER_DATABASE: Final = "payments"
DAGSTER_DATABASE: Final = "dagster"

START_SECONDS: Final = 120
_HOST: Final = "127.0.0.1"

# A start that fails for one of these may well succeed a moment later: the killed server's last processes have not all
# gone, or another program took the port between our look and the server's.
_PASSING: Final = re.compile(rb"still in use|Address already in use|lock file .* already exists")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server whose state lives in `root`."""

    root: Path
    bin_dir: Path = field(default_factory=bundled_bin_dir)
    fast_and_loose: bool = False

    # Files ------------------------------------------------------------------------------------------------------------

    @property
    def log_file(self) -> Path:
        """What the server has to say."""
        return self.root / "server.log"

    @property
    def data_dir(self) -> Path:
        """The database's files: in `root`, unless the server's account could not reach them there.

        Resolved, since it is how a running server is known: two ways to the same folder must not look like two servers.
        """
        moved = self._read("location")
        return ((Path(moved) if moved else self.root) / "data").resolve()

    @property
    def port(self) -> int | None:
        """The port that was chosen last; none before the first start."""
        remembered = self._read("port")
        return int(remembered) if remembered.isdecimal() else None

    def url(self, database: str = LEDGER_DATABASE) -> str:
        """The address of a database on this server, password included."""
        if self.port is None:
            raise DatabaseError(f"there is no database in {self.root} yet", "run: payments db start")
        return urls.compose(
            {
                "user": SUPERUSER,
                "password": self._read("password"),
                "host": _HOST,
                "port": str(self.port),
                "dbname": database,
            }
        )

    # Life -------------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Have the server running and its databases there; a few milliseconds if they are."""
        make_open_folder(self.root.parent)
        make_open_folder(self.root)
        with exclusive(self.root / "start.lock"):
            if not self.is_ready():
                account = self._create_cluster_if_missing()
                self._start_postmaster(account)
            self._create_databases_if_missing()

    def stop(self) -> None:
        """Stop the server, cutting off whoever is connected; nothing to do if it is not running."""
        with exclusive(self.root / "start.lock"):
            pid = self.postmaster_pid()
            if pid is None:
                return
            account = Account.for_server(self.data_dir)
            pg_ctl = reachable_by(account, self.bin_dir) / "pg_ctl"
            stopped = account.run(
                [pg_ctl, "stop", "-m", "fast", "-w", "-t", "120"], environ={"PGDATA": str(self.data_dir)}
            )
            if self.postmaster_pid() is not None:
                raise DatabaseError(
                    f"the database server (process {pid}) does not stop: {stopped.stdout.decode().strip()}",
                    f"see {self.log_file}; something may still be writing a checkpoint, so try again in a minute.",
                )

    def is_ready(self) -> bool:
        """Whether the server answers a query."""
        return self._refusal() is None

    def _refusal(self) -> str | None:
        """Why the server does not answer, if it does not. Another server that took over its port is not it."""
        if self.port is None or self.postmaster_pid() is None:
            return "it is not running"
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=5) as connection:
                row = connection.execute("show data_directory").fetchone()
        except psycopg.OperationalError as error:
            return str(error).strip()
        if row is None or Path(row[0]).resolve() != self.data_dir:
            return f"another server answers on port {self.port}"
        return None

    def postmaster_pid(self) -> int | None:
        """The process of the server, if it lives.

        `postmaster.pid` outlives a killed server, and its number may by now belong to another program or to a process
        that is dead but not yet collected (whose command line is empty).
        """
        try:
            pid = int((self.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
        except PermissionError:
            Account.for_server(self.data_dir)  # says whose it is
            raise
        except (OSError, ValueError):
            return None
        command = _command_line(pid)
        return pid if "postgres" in command and str(self.data_dir) in command else None

    # Creation ---------------------------------------------------------------------------------------------------------

    def _create_cluster_if_missing(self) -> Account:
        version_file = self.data_dir / "PG_VERSION"
        account = Account.for_server(self.data_dir)
        if version_file.exists():
            made_by, ours = int(version_file.read_text()), major_version(self.bin_dir)
            if made_by != ours:
                raise DatabaseError(
                    f"the database in {self.data_dir} was made by PostgreSQL {made_by}, the programs are {ours}",
                    f"dump it with the programs of PostgreSQL {made_by} and restore it, or use a new PAYMENTS_HOME.",
                )
            return account
        place = self._place_for(account)
        for abandoned in place.glob(".initdb-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=".initdb-", dir=place))
        try:
            self._initdb(account, partial)
            (partial / "data").rename(place / "data")
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return account

    def _place_for(self, account: Account) -> Path:
        """The folder to hold the data: `root`, if the account can get there."""
        place = self.data_dir.parent
        if account.can_enter(place):
            return place
        make_open_folder(SYSTEM_DIR)
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        place = Path(tempfile.mkdtemp(prefix=f"{digest}-", dir=SYSTEM_DIR))
        place.chmod(0o711)
        self._write("location", str(place))
        log.warning("the user %s cannot enter %s: the database's files are in %s", account.name, self.root, place)
        return place

    def _initdb(self, account: Account, partial: Path) -> None:
        password = secrets.token_urlsafe(24)
        password_file = partial / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        account.own(password_file)
        account.own(partial)  # last: from here on the account may change what is in it
        command: list[str | Path] = [
            reachable_by(account, self.bin_dir) / "initdb",
            f"--pgdata={partial / 'data'}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--data-checksums",
            # Iterations guard a password that could be guessed. Ours cannot, and each costs every connection: 2.6 ms of
            # 5.3 with the usual 4096. PostgreSQL 15 has no say in it.
            *(["--set", "scram_iterations=1"] if major_version(self.bin_dir) >= 16 else []),
            *(["--no-sync"] if self.fast_and_loose else []),
        ]
        made = account.run(command)
        if made.returncode != 0:
            raise DatabaseError(
                f"the database could not be made in {self.data_dir}:\n{made.stdout.decode(errors='replace').strip()}",
                "mend what initdb names (space on the disk, permissions) and start again.",
            )
        self._write("password", password)

    def _create_databases_if_missing(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            there = {name for (name,) in connection.execute("select datname from pg_database")}
            for name in (LEDGER_DATABASE, DAGSTER_DATABASE):
                if name not in there:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    # The postmaster ---------------------------------------------------------------------------------------------------

    def _start_postmaster(self, account: Account) -> None:
        deadline = time.monotonic() + START_SECONDS
        said, refusal = b"", None
        while time.monotonic() < deadline or _is_recovering(refusal):
            if self.postmaster_pid() is None:
                (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
                returncode, said = self._pg_ctl_start(account, self._choose_port())
                if returncode != 0 and self.postmaster_pid() is None and not _PASSING.search(said):
                    break
            refusal = self._refusal()
            if refusal is None:
                return
            time.sleep(0.1)
        raise DatabaseError(
            "\n".join(
                [
                    "the database server did not start" + (f" ({refusal})" if refusal else "") + "; its log says:",
                    said.decode(errors="replace").strip()[-2000:],
                ]
            ),
            f"the whole log is {self.log_file}; after mending what it names, start again.",
        )

    def _pg_ctl_start(self, account: Account, port: int) -> tuple[int, bytes]:
        """Start the server on this port; returns pg_ctl's verdict and what was said meanwhile."""
        self._write("port", str(port))
        with open_log(self.log_file) as output:
            began_at = output.tell()
            # pg_ctl hands the options to a shell, and the folder too unless it comes by PGDATA.
            started = account.run(
                [
                    reachable_by(account, self.bin_dir) / "pg_ctl",
                    "start",
                    "-w",
                    "-t",
                    str(START_SECONDS),
                    "-o",
                    shlex.join(self._options(port)),
                ],
                environ={"PGDATA": str(self.data_dir)},
                output=output,
            )
        with self.log_file.open("rb") as written:
            written.seek(began_at)
            return started.returncode, written.read()

    def _options(self, port: int) -> Iterator[str]:
        settings = server_settings(Machine.here(self.data_dir), fast_and_loose=self.fast_and_loose) | {
            "listen_addresses": _HOST,
            "port": str(port),
            "unix_socket_directories": "",  # loopback serves everyone, and has no limit on the length of a path
        }
        yield from ("-D", str(self.data_dir))
        for name, value in settings.items():
            yield from ("-c", f"{name}={value}")

    def _choose_port(self) -> int:
        """The port of last time, if it is free; or else one that this home tries first, below those of the kernel."""
        first = 15432 + zlib.crc32(str(self.root).encode()) % 10_000
        remembered = [] if self.port is None else [self.port]
        for port in chain(remembered, range(first, first + 500)):
            if _is_free(port):
                return port
        raise DatabaseError(f"no port from {first} to {first + 499} is free on {_HOST}", "stop what holds them.")

    # Small files of `root` --------------------------------------------------------------------------------------------

    def _read(self, name: str) -> str:
        try:
            return (self.root / name).read_text().strip()
        except FileNotFoundError:
            return ""
        except PermissionError:
            raise DatabaseError(
                f"{self.root} belongs to another user",
                "run as that user, or set PAYMENTS_HOME to a folder of your own.",
            ) from None

    def _write(self, name: str, text: str) -> None:
        """Replace a small file as a whole: a reader, or a crash, finds the old one or the new one."""
        descriptor, partial = tempfile.mkstemp(prefix=f".{name}-", dir=self.root)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        Path(partial).replace(self.root / name)


def _is_recovering(refusal: str | None) -> bool:
    """Whether the server is up and redoing what a crash interrupted: that ends by itself, however long it takes."""
    return refusal is not None and "the database system is starting up" in refusal


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
        return True


def _command_line(pid: int) -> str:
    """What a process was started as; empty for one that is not there, or dead and waiting to be collected."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    told = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return told.stdout.strip()
