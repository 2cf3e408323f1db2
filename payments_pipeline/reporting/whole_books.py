"""Reading a whole book, row by row, within bounds of memory: here and in the server."""

from collections.abc import Iterator
from typing import Any, Final

import psycopg

from payments_pipeline.postgres.run import statements

_ROWS_AT_A_TIME: Final = 5_000


def stream(
    connection: psycopg.Connection[Any], name: str, *, is_whole_book: bool = True, **parameters: object
) -> Iterator[tuple[Any, ...]]:
    """The rows of a file of `sql/` as the server sends them."""
    (statement,) = statements(name)
    bound_memory(connection)
    # A cursor is planned for its first tenth, and by loops over what was estimated at one row: over 40,000 forms that took
    # two minutes where hashing takes half a second.
    connection.execute("set local cursor_tuple_fraction = 1")
    connection.execute("select set_config('enable_nestloop', %s, true)", ("off" if is_whole_book else "on",))
    with connection.cursor(name=name.rpartition("/")[2]) as cursor:
        cursor.itersize = _ROWS_AT_A_TIME
        cursor.execute(f"/* {name} */ {statement.text}".encode(), parameters)
        yield from cursor


def bound_memory(connection: psycopg.Connection[Any]) -> None:
    """What a sort may take in memory, and a hash twice; several stand side by side, in each of the server's processes.

    A book of any size is worked on within it: what does not fit goes to disk, and less of it there would save little.
    """
    connection.execute("set local work_mem = '24MB'")
