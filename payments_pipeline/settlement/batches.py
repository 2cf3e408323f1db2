"""What each rail should deliver to the bank on a day, and what it did."""

from datetime import date
from typing import Any

import psycopg

from payments_pipeline.postgres.run import run


def settle_day(connection: psycopg.Connection[Any], day: date) -> int:
    """Rebuild the batches of a bank day from the payments and the bank's lines; returns how many there are."""
    connection.execute("set local work_mem = '256MB'")
    return run(connection, "settlement/batches", day=day)
