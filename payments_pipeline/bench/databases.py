"""Databases that a benchmark makes beside the platform's own, on the same server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from payments_pipeline.postgres import url as urls
from payments_pipeline.postgres.connect import Database


def sibling(database: Database, name: str) -> Database:
    """Another database on the same server."""
    return replace(database, url=urls.compose(urls.parse(database.url) | {"dbname": name}))


def name_of(database: Database) -> str:
    """What the server calls it."""
    return str(urls.parse(database.url)["dbname"])


@contextmanager
def admin(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection that makes and drops databases."""
    with database.connect("owner", autocommit=True) as connection:
        yield connection


def make(connection: psycopg.Connection[Any], wanted: Database, template: str = "template1") -> None:
    """A database like the template, in place of one of its name that was left behind."""
    drop(connection, wanted)
    names = [sql.Identifier(name_of(wanted)), sql.Identifier(template)]
    # file by file: through the log, as is the default, a book of millions takes many times as long
    connection.execute(sql.SQL("create database {} template {} strategy file_copy").format(*names))


def drop(connection: psycopg.Connection[Any], database: Database) -> None:
    """Drop it, whoever is connected."""
    connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name_of(database))))


@contextmanager
def scratch(database: Database, name: str, template: str = "template1") -> Iterator[Database]:
    """A database like the template, dropped in the end."""
    own = sibling(database, name)
    with admin(sibling(database, "postgres")) as connection:
        make(connection, own, template)
        try:
            yield own
        finally:
            drop(connection, own)
