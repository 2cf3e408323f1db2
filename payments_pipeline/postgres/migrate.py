"""Migrations: numbered SQL files, applied once each, in order, forward only.

A file that has been applied is history. It is recorded with a hash of its text, and a file that was edited afterwards
is refused by name: what the database went through must stay readable from the checkout.
"""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from payments_pipeline.errors import MigrationError
from payments_pipeline.paths import MIGRATIONS_DIR
from payments_pipeline.postgres.connect import ROLES, Database

_NAME: Final = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql")
_LOCK: Final = 0x7061796D  # "paym"; one number for all, so that two starts at once migrate once

_HISTORY: Final = """
create table if not exists public.schema_migrations (
    number integer primary key,
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default now()
);
comment on table public.schema_migrations is 'The migrations this database went through, each with the hash of its text.'
"""


@dataclass(frozen=True)
class Migration:
    """One file of the migrations."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """The hash that tells whether the file is still the one that was applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrate(database: Database, directory: Path = MIGRATIONS_DIR) -> list[Migration]:
    """Bring the database up to date; returns what was applied, in order."""
    migrations = read_migrations(directory)
    with database.connect("owner", application_name="payments migrate", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_LOCK])  # freed with the connection
        for role in ROLES:
            _create_role_if_missing(connection, role)
        connection.execute(_HISTORY)
        waiting = _not_applied(connection, migrations)
        for migration in waiting:
            _apply(connection, migration)
    return waiting


def pending(database: Database, directory: Path = MIGRATIONS_DIR) -> list[Migration]:
    """What `migrate` would apply."""
    with database.connect("owner", application_name="payments migrate", autocommit=True) as connection:
        return _not_applied(connection, read_migrations(directory))


def read_migrations(directory: Path = MIGRATIONS_DIR) -> list[Migration]:
    """The migrations of this folder in order; misnamed files and repeated numbers are refused."""
    migrations: dict[int, Migration] = {}
    for path in sorted(directory.glob("*.sql")):
        named = _NAME.fullmatch(path.name)
        if named is None:
            raise MigrationError(f"{path} is not named like a migration", "name it like 0007_what_it_does.sql.")
        migration = Migration(int(named["number"]), path.name, path.read_text(encoding="utf-8"))
        if migration.number in migrations:
            raise MigrationError(
                f"{migrations[migration.number].name} and {migration.name} have the same number",
                "give the newer one the next free number.",
            )
        migrations[migration.number] = migration
    return list(migrations.values())


def _not_applied(connection: psycopg.Connection, migrations: list[Migration]) -> list[Migration]:
    """The tail of the line that this database has not seen, once the rest is found to be what it has seen."""
    there = connection.execute("select to_regclass('public.schema_migrations') is not null").fetchone() == (True,)
    rows = connection.execute("select number, name, sha256 from public.schema_migrations").fetchall() if there else []
    applied = {number: (name, sha256) for number, name, sha256 in rows}
    on_disk = {migration.number: migration for migration in migrations}
    for number, (name, sha256) in sorted(applied.items()):
        if number not in on_disk:
            raise MigrationError(
                f"the database has had the migration {name}, which is not among the files",
                "it was used by a newer version of the code: check that version out.",
            )
        if on_disk[number].sha256 != sha256:
            raise MigrationError(
                f"the migration {on_disk[number].name} was changed after it had been applied (as {name})",
                "restore its text and put the change into a new migration.",
            )
    waiting = [migration for migration in migrations if migration.number not in applied]
    if applied and waiting and waiting[0].number < max(applied):
        raise MigrationError(
            f"the migration {waiting[0].name} comes before {applied[max(applied)][0]}, which has been applied",
            "give it a number after that one.",
        )
    return waiting


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute(migration.text)
            connection.execute(
                "insert into public.schema_migrations (number, name, sha256) values (%s, %s, %s)",
                [migration.number, migration.name, migration.sha256],
            )
    except psycopg.Error as error:
        position = error.diag.statement_position
        where = f", line {migration.text[: int(position)].count(chr(10)) + 1}" if position else ""
        raise MigrationError(
            f"the migration {migration.name}{where} was refused: {str(error).strip()}",
            "nothing of it was kept; correct the file and migrate again.",
        ) from error


def _create_role_if_missing(connection: psycopg.Connection, name: str) -> None:
    """A role that grants are given to, and our login's right to take it."""
    role = sql.Identifier(name)
    try:
        # a row without columns is an empty tuple, which is false
        if connection.execute("select from pg_roles where rolname = %s", [name]).fetchone() is None:
            # Roles belong to the whole server: another database's migration may have been quicker.
            with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("create role {} nologin").format(role))
        if connection.execute("select pg_has_role(%s, 'member')", [name]).fetchone() != (True,):
            connection.execute(sql.SQL("grant {} to current_user").format(role))
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError(
            f"this login may not make or take the role {name}: {error.diag.message_primary}",
            f"let an administrator run: create role {name} nologin; grant {name} to <this login>",
        ) from error
