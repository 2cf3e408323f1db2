"""How the embedded server is set, from the size of the machine.

The settings suit a day of a million payments over six million loans: large sorts and hashes in memory, checkpoints far
apart, no JIT (its compile time exceeded what it saved), and the least write-ahead log that still survives a crash, since
nothing replicates from this server.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

MB: Final = 1 << 20
GB: Final = 1 << 30

_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - looked at, not written to


@dataclass(frozen=True)
class Machine:
    """What the server may count on, in bytes."""

    memory: int
    shared_memory: int
    disk: int

    @classmethod
    def here(cls, data_dir: Path) -> Self:
        """This machine, or the part of it that a container may use."""
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        with suppress(OSError, ValueError):  # no control group, or one without a limit ("max")
            memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
        return cls(memory=memory, shared_memory=_size_of(_SHARED_MEMORY), disk=_size_of(data_dir))


def server_settings(machine: Machine, *, fast_and_loose: bool = False) -> dict[str, str]:
    """The server's settings for this machine.

    `fast_and_loose` is for tests: a server that is quick to start and write, and may lose everything in a crash of
    the machine (not of the server: a killed postmaster loses nothing either way).
    """
    memory = machine.memory
    settings = {
        "shared_buffers": _megabytes(min(memory // 4, 8 * GB)),
        "effective_cache_size": _megabytes(memory * 6 // 10),
        "work_mem": _megabytes(_clamp(memory // 96, 8 * MB, 256 * MB)),
        "maintenance_work_mem": _megabytes(_clamp(memory // 24, 64 * MB, 1 * GB)),
        "max_wal_size": _megabytes(_clamp(machine.disk // 10, 1 * GB, 16 * GB)),
        # files of the log are kept for the next day, which would else make them anew; what waits to be written has room,
        # and is written every few milliseconds, at most a file of 16 MB at a time: with the usual 16 MB and 200 ms a large
        # day's connections waited for each other's writing
        "min_wal_size": _megabytes(_clamp(machine.disk // 40, 256 * MB, 4 * GB)),
        "wal_buffers": _megabytes(_clamp(memory // 96, 16 * MB, 256 * MB)),
        "wal_writer_delay": "10ms",
        "checkpoint_timeout": "30min",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "jit": "off",
        "random_page_cost": "1.1",
        "max_connections": "100",
        "max_locks_per_transaction": "1024",  # a table has a partition a day
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %a ",
        "log_min_messages": "log",  # not the errors of statements, which quote rows: who sent one is told of it
        "password_encryption": "scram-sha-256",
        "fsync": "on",
        "synchronous_commit": "on",
    }
    if machine.shared_memory < 1 * GB:  # a container's /dev/shm of 64 MB is too small for parallel hash joins
        settings["dynamic_shared_memory_type"] = "mmap"
    if fast_and_loose:
        settings |= {
            "shared_buffers": _megabytes(min(memory // 16, 256 * MB)),
            "fsync": "off",
            "full_page_writes": "off",
        }
    return settings


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def _megabytes(size: int) -> str:
    return f"{size // MB}MB"


def _size_of(folder: Path) -> int:
    """What is free there; much, where there is no such folder."""
    try:
        stat = os.statvfs(folder)
    except OSError:
        return 1 << 50
    return stat.f_bavail * stat.f_frsize
