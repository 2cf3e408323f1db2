"""The bridge of a day: from our total to the bank's, each cent of it under a cause that has a name."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg

from payments_pipeline.postgres.run import query
from payments_pipeline.rules.bridge import Cause, Step, steps_of


def bridge_of(connection: psycopg.Connection[Any], day: date) -> tuple[int, Sequence[Step], int]:
    """Our total, the causes of the whole day, and the bank's total."""
    [(ours, banks)] = connection.execute(
        "select coalesce(sum(our_cents), 0)::bigint, coalesce(sum(bank_cents), 0)::bigint from reconciliation.days "
        "where bank_day = %s",
        (day,),
    ).fetchall()
    causes = [Cause(**row) for row in query(connection, "reconciliation/bridge_of_day", day=day)]
    return ours, steps_of(causes), banks
