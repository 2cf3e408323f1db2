"""Migrations run once, in order, all or nothing, and never change afterwards."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg import sql

from payments_pipeline.errors import MigrationError
from payments_pipeline.paths import MIGRATIONS_DIR
from payments_pipeline.postgres import url as urls
from payments_pipeline.postgres.connect import ROLES, Database
from payments_pipeline.postgres.migrate import migrate, pending, read_migrations

BOTH_SERVERS = pytest.mark.parametrize("server_kind", ["embedded", "debian"])

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes migrations, as `write(**{"0001_a": "create table ..."})`, and gives their folder."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.sql").write_text(text)
        return tmp_path

    return write


def tables(database: Database) -> set[str]:
    with database.connect("owner") as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    return {name for (name,) in rows} - {"schema_migrations"}


@BOTH_SERVERS
def test_the_project_s_own_migrations_apply_to_an_empty_database(empty_database: Database) -> None:
    applied = migrate(empty_database)
    assert applied == read_migrations(MIGRATIONS_DIR)
    assert migrate(empty_database) == []


def test_what_is_new_is_applied_in_order_and_once(empty_database: Database, write: Write) -> None:
    first = write(**{"0002_b": "insert into a values (1)", "0001_a": "create table a (n integer); create table b ()"})
    assert [m.number for m in migrate(empty_database, first)] == [1, 2]
    second = write(**{"0003_c": "create table c ()"})
    assert [m.name for m in pending(empty_database, second)] == ["0003_c.sql"]
    assert [m.name for m in migrate(empty_database, second)] == ["0003_c.sql"]
    assert tables(empty_database) == {"a", "b", "c"}


def test_an_applied_migration_that_was_edited_is_refused_by_name(empty_database: Database, write: Write) -> None:
    migrate(empty_database, write(**{"0001_a": "create table a ()"}))
    with pytest.raises(MigrationError, match=r"0001_a\.sql was changed after it had been applied"):
        migrate(empty_database, write(**{"0001_a": "create table a (n integer)", "0002_b": "create table b ()"}))
    assert tables(empty_database) == {"a"}


def test_a_failing_migration_leaves_nothing_of_itself_and_names_its_line(
    empty_database: Database, write: Write
) -> None:
    folder = write(**{"0001_a": "create table a ()", "0002_b": "create table b ();\n\nselect 1 from nowhere;"})
    with pytest.raises(MigrationError, match=r'0002_b\.sql, line 3 was refused: relation "nowhere" does not exist'):
        migrate(empty_database, folder)
    assert tables(empty_database) == {"a"}
    assert [m.number for m in pending(empty_database, folder)] == [2]


def test_a_database_ahead_of_the_checkout_is_refused(empty_database: Database, write: Write) -> None:
    folder = write(**{"0001_a": "create table a ()", "0002_b": "create table b ()"})
    migrate(empty_database, folder)
    (folder / "0002_b.sql").unlink()
    with pytest.raises(MigrationError, match=r"has had the migration 0002_b\.sql"):
        migrate(empty_database, folder)


def test_a_migration_cannot_slip_in_before_one_that_was_applied(empty_database: Database, write: Write) -> None:
    migrate(empty_database, write(**{"0002_b": "create table b ()"}))
    with pytest.raises(MigrationError, match=r"0001_a\.sql comes before 0002_b\.sql"):
        migrate(empty_database, write(**{"0001_a": "create table a ()"}))


def test_two_files_with_the_same_number_are_refused(write: Write) -> None:
    with pytest.raises(MigrationError, match=r"0001_a\.sql and 0001_b\.sql have the same number"):
        read_migrations(write(**{"0001_a": "", "0001_b": ""}))


def test_a_misnamed_file_is_refused(write: Write) -> None:
    with pytest.raises(MigrationError, match="is not named like a migration"):
        read_migrations(write(**{"01-first": ""}))


def test_migrating_from_two_places_at_once_migrates_once(empty_database: Database, write: Write) -> None:
    folder = write(**{"0001_a": "create table a (); select pg_sleep(0.2)"})
    applied: list[int] = []
    threads = [threading.Thread(target=lambda: applied.extend(m.number for m in migrate(empty_database, folder)))]
    threads += [threading.Thread(target=lambda: applied.extend(m.number for m in migrate(empty_database, folder)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert applied == [1]


@BOTH_SERVERS
def test_a_login_that_may_make_no_roles_migrates_where_they_are_there_and_granted(
    empty_database: Database, tmp_path: Path
) -> None:
    migrate(empty_database, tmp_path)  # the roles exist
    name = urls.parse(empty_database.url)["dbname"]
    with empty_database.connect("owner") as connection:
        connection.execute("create role plain login nocreaterole password 'plain'")
        connection.execute("drop table public.schema_migrations")
        connection.execute(sql.SQL("grant {} to plain").format(sql.SQL(", ").join(map(sql.Identifier, ROLES))))
        connection.execute(sql.SQL("alter database {} owner to plain").format(sql.Identifier(name)))
    plain = urls.compose(urls.parse(empty_database.url) | {"user": "plain", "password": "plain"})
    try:
        assert migrate(Database(plain, dagster_name="d")) == read_migrations(MIGRATIONS_DIR)
    finally:
        with empty_database.connect("owner") as connection:
            connection.execute(sql.SQL("alter database {} owner to current_user").format(sql.Identifier(name)))
            connection.execute("drop owned by plain cascade")
            connection.execute("drop role plain")


@BOTH_SERVERS
def test_a_login_that_may_not_take_the_pipeline_s_role_is_told_whom_to_ask(
    empty_database: Database, tmp_path: Path
) -> None:
    migrate(empty_database, tmp_path)  # the role exists, given to this login
    with empty_database.connect("owner") as connection:
        connection.execute("create role poor login password 'poor'")
    try:
        poor = urls.compose(urls.parse(empty_database.url) | {"user": "poor", "password": "poor"})
        with pytest.raises(MigrationError, match="may not make or take the role payments_pipeline") as refused:
            migrate(Database(poor, dagster_name="d"), tmp_path)
        assert "grant payments_pipeline to" in refused.value.remedy
    finally:
        with empty_database.connect("owner") as connection:
            connection.execute("drop role poor")
