"""Locks in the database, by the name of what they guard: nobody else holds it until the transaction ends.

Statements of `sql/` take theirs in the same way, so that a name means the same lock wherever it is said.
"""

from typing import Any

import psycopg


def hold(connection: psycopg.Connection[Any], name: str) -> None:
    """Wait until no other transaction holds the lock, and hold it to the end of this one."""
    connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (name,))


def hold_together(connection: psycopg.Connection[Any], name: str) -> None:
    """Hold the lock together with others who share it, for as long as the connection lives."""
    connection.execute("select pg_advisory_lock_shared(hashtext(%s))", (name,))


def wait_for(connection: psycopg.Connection[Any], name: str) -> None:
    """Wait until nobody holds the lock, and do not hold it either."""
    connection.execute("select pg_advisory_lock(hashtext(%s))", (name,))
    connection.execute("select pg_advisory_unlock(hashtext(%s))", (name,))
