"""What each rail should deliver to the bank on a day, and what it did; what is late becomes a case before anyone asks."""

from datetime import date, timedelta
from typing import Any

import psycopg

from payments_pipeline.postgres.run import run
from payments_pipeline.rules.settlement import MAY_STILL_COME, days_to_come


def settle_day(connection: psycopg.Connection[Any], day: date) -> int:
    """Rebuild the batches of a bank day from the payments and the bank's lines; returns how many there are.

    How late the batches of the days before are is told anew: each day that the bank tells of makes them later.
    """
    connection.execute("set local work_mem = '256MB'")
    batches = run(connection, "settlement/batches", day=day)
    days = [day - timedelta(days=back) for back in range(MAY_STILL_COME.days + 1)]
    later = [day + timedelta(days=ahead) for ahead in range(1, MAY_STILL_COME.days + 1)]
    # what came on another day was found by the last reconciliation, and stays found until the next
    run(connection, "settlement/batches_matched", days=[day], near=[*days, *later])
    run(
        connection, "settlement/batches_waiting", days=days, days_to_come=days_to_come(days), most=MAY_STILL_COME.days
    )  # fmt: skip
    run(connection, "operations/exception_cases_late_batches", days=days)
    return batches
