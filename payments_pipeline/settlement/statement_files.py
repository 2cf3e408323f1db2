"""Where banks leave statements: what lies there and is not stored, and the mappings for CSV beside it.

Files lie in a folder or, by `fsspec`, in an object store.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from payments_pipeline.formats.statement_csv import MappingError, StatementMapping, mapping_of_toml
from payments_pipeline.formats.statements import Fault
from payments_pipeline.postgres.run import query, run
from payments_pipeline.settlement.statements import Loaded, Options, load_statement, refuse, unreadable
from payments_pipeline.settlement.stores import asking, at, file_at, opened

_SETTING: Final = "PAYMENTS_STATEMENTS_URL"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that lies where statements are left and is not stored: it is new, has changed, or was refused."""

    path: str
    source: str
    size_bytes: int
    received_at: datetime

    @property
    def is_mapping(self) -> bool:
        """Whether it is no statement, but says how to read those in CSV."""
        return self.path.endswith(".toml")


class StatementFolder:
    """A place where banks leave statements: a folder, or what lies below an address of an object store."""

    def __init__(self, address: Path | str) -> None:
        self.address = str(address)

    def waiting(self, connection: psycopg.Connection[Any]) -> list[Waiting]:
        """The files that are not stored, by name, and the mappings beside them. The place is listed once, not file by file."""
        found = self._listed()
        unknown = query(
            connection,
            "settlement/statements_unknown",
            sources=[one.source for one in found],
            sizes=[one.size_bytes for one in found],
            received=[one.received_at for one in found],
        )
        return [found[row["number"] - 1] for row in unknown]

    def load(self, connection: psycopg.Connection[Any], waiting: Sequence[Waiting]) -> Iterator[Loaded]:
        """Load these files one after the other, each in a transaction of its own, the mappings before them.

        A mapping that cannot be read is refused like a statement: it holds up no file but those that need it.
        """
        with asking(self.address, "read", _SETTING):
            file_system, _ = at(self.address)
        mappings: list[StatementMapping] = []
        for one in waiting:
            if one.is_mapping:
                found = _mapping_of(connection, file_system, one)
                if isinstance(found, Loaded):
                    yield found
                else:
                    mappings.append(found)
                    yield Loaded(one.source, is_known=True)
        for one in waiting:
            if not one.is_mapping:
                yield _load_listed(connection, file_system, one, Options(mappings=mappings))

    def _listed(self) -> list[Waiting]:
        with asking(self.address, "listed", _SETTING):
            file_system, root = at(self.address)
            found = file_system.find(root, detail=True)  # nothing where there is no such folder
        return [
            _waiting(file_system, path, information)
            for path, information in sorted(found.items())
            if not _name(path).startswith((".", "_")) and not path.endswith("/")  # what stands for a folder in a store
        ]


def load_statements_in(connection: psycopg.Connection[Any], folder: Path | str) -> list[Loaded]:
    """Load each file of a folder, or below the address of one in an object store, that was not loaded before.

    Mappings for CSV lie beside the files, as `<name>.toml`. What was new or was refused is returned, by name.
    """
    place = StatementFolder(folder)
    return [one for one in place.load(connection, place.waiting(connection)) if not one.is_known]


def load_statement_at(
    connection: psycopg.Connection[Any], address: Path | str, options: Options | None = None
) -> Loaded:
    """Load the file at a path or an address that `fsspec` knows."""
    file_system, path, information = file_at(address)
    return _load_listed(connection, file_system, _waiting(file_system, path, information), options or Options())


def _mapping_of(connection: psycopg.Connection[Any], file_system: Any, one: Waiting) -> StatementMapping | Loaded:
    """The mapping in a file, or its refusal."""
    try:
        with opened(file_system, one.path) as content:
            mapping = mapping_of_toml(content.read().decode(), _name(one.path)[:-5])
    except OSError as error:
        return refuse(connection, unreadable(one.source, error), one.received_at)
    except (MappingError, UnicodeDecodeError) as error:
        reason = error.message if isinstance(error, MappingError) else "another encoding"
        fault = Fault("mapping", 1, 1, "file", "a mapping for CSV in TOML", reason)
        return refuse(connection, Loaded(one.source, faults=(fault,)), one.received_at)
    run(connection, "settlement/accepted_statement", source=one.source)
    return mapping


def _load_listed(connection: psycopg.Connection[Any], file_system: Any, one: Waiting, options: Options) -> Loaded:
    try:
        with opened(file_system, one.path) as content:
            return load_statement(
                connection, content, one.source, received_at=one.received_at, options=options, size_bytes=one.size_bytes
            )
    except (OSError, EOFError, zlib.error) as error:
        return refuse(connection, unreadable(one.source, error), one.received_at)


def _waiting(file_system: Any, path: str, information: dict[str, Any]) -> Waiting:
    source = str(file_system.unstrip_protocol(path))
    return Waiting(path, source, int(information.get("size") or 0), _modified_at(information))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _modified_at(information: dict[str, Any]) -> datetime:
    for key in ("mtime", "LastModified", "last_modified", "updated", "created"):
        found = information.get(key)
        if isinstance(found, datetime):
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(found, int | float):
            return datetime.fromtimestamp(found, UTC)
        if isinstance(found, str):
            try:
                said = datetime.fromisoformat(found)
            except ValueError:
                continue
            return said if said.tzinfo else said.replace(tzinfo=UTC)
    return datetime.now(UTC)
