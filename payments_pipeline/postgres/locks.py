"""Locks in the database, by the name of what they guard: nobody else holds it until the transaction ends.

Statements of `sql/` take theirs in the same way, so that a name means the same lock wherever it is said.
"""

from typing import Any

import psycopg


def hold(connection: psycopg.Connection[Any], name: str) -> None:
    """Wait until no other transaction holds the lock, and hold it to the end of this one."""
    connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (name,))
