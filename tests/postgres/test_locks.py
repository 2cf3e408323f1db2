"""Who holds a lock by its name keeps everybody else from it, statements of `sql/` among them, until the transaction ends."""

import psycopg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.locks import hold


def test_a_lock_is_held_by_one_transaction_at_a_time_and_known_by_its_name(database: Database) -> None:
    with database.connect() as first, database.connect() as second:
        hold(first, "ingestion.batches")
        hold(second, "ledger.seals")
        second.execute("set lock_timeout = '50ms'")
        second.commit()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            hold(second, "ingestion.batches")
        second.rollback()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            second.execute("select pg_advisory_xact_lock(hashtext('ingestion.batches'))")
        second.rollback()
        first.commit()
        hold(second, "ingestion.batches")
