"""Connections take the role they are asked for, and errors tell everything but the password."""

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine

from payments_pipeline.errors import DatabaseError
from payments_pipeline.postgres import url as urls
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.postgres.server import Server
from payments_pipeline.settings import Settings

BOTH_SERVERS = pytest.mark.parametrize("server_kind", ["embedded", "debian"])


def scalar(connection: psycopg.Connection, statement: str) -> object:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def with_role(empty_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A database that has the pipeline's role and nothing else."""
    migrate(empty_database, tmp_path_factory.mktemp("no_migrations"))
    return empty_database


@BOTH_SERVERS
def test_the_pipeline_s_grants_bind_the_pipeline_s_connections(with_role: Database) -> None:
    with with_role.connect("owner") as connection:
        connection.execute("create table fact (n integer)")
        connection.execute("grant select, insert on fact to payments_pipeline")
    with with_role.connect("pipeline") as connection:
        connection.execute("insert into fact values (1)")
        assert scalar(connection, "select current_user") == "payments_pipeline"
    for refused in ("update fact set n = 2", "delete from fact", "truncate fact", "create table other (n integer)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), with_role.connect("pipeline") as connection:
            connection.execute(refused.encode())


def test_every_connection_is_in_utc_and_says_whose_it_is(with_role: Database) -> None:
    with with_role.connect("pipeline", application_name="ledger/entries") as connection:
        assert scalar(connection, "show timezone") == "UTC"
        assert scalar(connection, "show application_name") == "ledger/entries"


def test_an_engine_connects_like_a_connection(with_role: Database) -> None:
    address, arguments = with_role.for_sqlalchemy("expectations")
    engine = create_engine(address, connect_args=arguments)
    try:
        with engine.connect() as connection:
            assert connection.exec_driver_sql("select current_user").scalar() == "payments_pipeline"
            assert connection.exec_driver_sql("show timezone").scalar() == "UTC"
    finally:
        engine.dispose()
    assert engine.url.drivername == "postgresql+psycopg"


def test_a_failing_block_is_rolled_back(with_role: Database) -> None:
    with with_role.connect("owner") as connection:
        connection.execute("create table fact (n integer)")
    with pytest.raises(psycopg.errors.DivisionByZero), with_role.connect("owner") as connection:
        connection.execute("insert into fact values (1)")
        connection.execute("select 1 / 0")
    with with_role.connect("owner") as connection:
        assert scalar(connection, "select count(*) from fact") == 0


@BOTH_SERVERS
def test_dagster_s_database_is_made_once_and_addressed_by_its_driver(empty_database: Database) -> None:
    address = empty_database.dagster_url()
    assert address.startswith("postgresql+psycopg2://")
    assert empty_database.dagster_url() == address
    with psycopg.connect(urls.normalise(address)) as connection:
        assert scalar(connection, "select current_database()") == empty_database.dagster_name


def test_a_login_that_may_not_make_dagster_s_database_is_told_so(empty_database: Database) -> None:
    with empty_database.connect("owner") as connection:
        connection.execute("create role poor login password 'poor' nocreatedb")
    try:
        poor = urls.compose(urls.parse(empty_database.url) | {"user": "poor", "password": "poor"})
        with pytest.raises(DatabaseError, match="permission denied to create database") as refused:
            Database(poor, dagster_name="not_there").dagster_url()
        assert 'create database "not_there"' in refused.value.remedy
    finally:
        with empty_database.connect("owner") as connection:
            connection.execute("drop role poor")


def test_an_unmigrated_database_says_to_migrate_it(empty_database: Database) -> None:
    with empty_database.connect("owner") as connection:
        connection.execute("create role poor login password 'poor'")
    try:
        poor = urls.compose(urls.parse(empty_database.url) | {"user": "poor", "password": "poor"})
        with pytest.raises(DatabaseError, match="payments_pipeline") as refused:
            Database(poor, dagster_name="d").connect("pipeline")
        assert "payments db migrate" in refused.value.remedy
    finally:
        with empty_database.connect("owner") as connection:
            connection.execute("drop role poor")


@BOTH_SERVERS
def test_an_external_database_is_used_as_it_is(empty_database: Database) -> None:
    opened = open_database(Settings(database_url=SecretStr(empty_database.url)))
    assert opened == empty_database


def test_a_database_that_cannot_be_reached_is_named_without_its_password(server: Server) -> None:
    wrong_password = urls.compose(urls.parse(server.url()) | {"password": "s3cr3t"})
    nobody_there = "postgresql://u:s3cr3t@127.0.0.1:1/db"
    for address in (wrong_password, nobody_there):
        with pytest.raises(DatabaseError, match="cannot connect to") as refused:
            open_database(Settings(database_url=SecretStr(address)))
        assert "s3cr3t" not in str(refused.value)
        assert urls.mask(address) in refused.value.message


def test_a_database_shows_no_password_of_its_own_accord() -> None:
    database = Database("postgresql://u:s3cr3t@h/db", dagster_name="d")
    assert "s3cr3t" not in f"{database!r} {database}"
