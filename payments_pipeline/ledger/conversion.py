"""Books what a former system posted for loans before they were boarded here.

The postings lie in `ledger.conversions`, as that system told them; `sql/ledger/conversions.sql` makes them double entry.
What belongs there is only the months that came along: from boarding on, posting has the word.
"""

from datetime import date
from typing import Any

import psycopg

from payments_pipeline.ledger.posting import LEDGER_TABLES, Posting, begin
from payments_pipeline.postgres.days import add_rows, close_days, open_rows
from payments_pipeline.postgres.run import query, run


def convert(connection: psycopg.Connection[Any]) -> list[Posting]:
    """Book the conversions of each boarding date that has any in waiting: a sealed run for each, before its boarding.

    Runs in the connection's transaction. A second call finds nothing to do.
    """
    return [_convert(connection, **waiting) for waiting in query(connection, "ledger/conversion_days")]


def _convert(connection: psycopg.Connection[Any], boarded_on: date, since: date, is_new: bool) -> Posting:
    posting = begin(connection, boarded_on)
    if is_new:
        # a year of days would be hundreds of partitions for every statement of the ledger to plan over
        connection.execute(
            "select operations.open_span('ledger.entries', %s, %s::date + 1)", (min(since, boarded_on), boarded_on)
        )
    run(connection, "ledger/open_work")
    open_rows(connection, LEDGER_TABLES, boarded_on, by_many=False)
    with posting.stage("entries"):
        run(connection, "ledger/conversions", day=boarded_on, run_no=posting.run_no)
        posting.entries = _count(connection, "work.entries")
        run(connection, "ledger/turnover")
    with posting.stage("events"):
        run(connection, "ledger/heads", first_loan=0)
        run(connection, "ledger/seals", day=boarded_on, run_no=posting.run_no)
        posting.events = _count(connection, "work.events")
    with posting.stage("indexes"):
        run(connection, "ledger/close_work")
        for table in LEDGER_TABLES:
            close_days(connection, [table], {boarded_on, *add_rows(connection, table, boarded_on)})
    return posting


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()  # noqa: S608 - named here
    assert row is not None
    return int(row[0])
