"""The two digests of law 6: `facts`, over every row that was ever appended, and `state`, over what they amount to.

Two databases with the same digest hold the same, whatever server, version, locale or time zone they run under. Each
table and day has a digest of its own, so that where two databases differ can be told.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import psycopg

from payments_pipeline.postgres.run import query

Kind = Literal["facts", "state"]
KINDS: Final[tuple[Kind, ...]] = ("facts", "state")

# How values are written decides their hashes, and each of these settings has a say in it.
_SETTINGS: Final = {
    "datestyle": "ISO, YMD",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "intervalstyle": "postgres",
    "work_mem": "256MB",
}


@dataclass(frozen=True)
class Part:
    """One table on one day, or all of it where it is not kept by day."""

    table: str
    day: date | None
    rows: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.table} {self.day or '-'} {self.rows} {self.digest.hex()}"


@dataclass(frozen=True)
class Digest:
    """A digest, and the parts that it is made of."""

    kind: Kind
    parts: tuple[Part, ...]

    @property
    def hex(self) -> str:
        """The digest itself, over the lines of its parts."""
        return hashlib.sha256("".join(f"{part}\n" for part in self.parts).encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.kind} {self.hex}"


def digests(connection: psycopg.Connection[Any]) -> dict[Kind, Digest]:
    """Both digests of one moment, in a transaction of their own."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        return {kind: digest(connection, kind) for kind in KINDS}


def digest(connection: psycopg.Connection[Any], kind: Kind) -> Digest:
    """The digest of what the connection sees. The rows are hashed in the database, which sends a line a table and day."""
    for setting, value in _SETTINGS.items():
        connection.execute("select set_config(%s, %s, true)", (setting, value))
    parts = [
        Part(line["table_name"], line["day"], line["rows"], bytes(line["digest"]))
        for line in query(connection, f"operations/digest_{kind}")
        if line["rows"]
    ]
    return Digest(kind, tuple(sorted(parts, key=lambda part: (part.table, part.day or date.min))))
