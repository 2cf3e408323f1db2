"""What the steps of a day share: an error reaches the UI with its place and its remedy, and without rows."""

import dagster as dg
import pytest

from payments_pipeline.daily import remedies_shown
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import run

PERSON = "Jane Doe"  # by another name: Dagster shows the line of code that failed


@pytest.mark.parametrize("is_of_a_file", [True, False])
def test_what_dagster_keeps_of_an_error_names_place_and_remedy_and_quotes_no_row(
    database: Database, is_of_a_file: bool
) -> None:
    @dg.asset
    def seals() -> None:
        with remedies_shown(), database.connect("owner") as connection:
            if is_of_a_file:
                run(connection, "operations/request_day", day=PERSON, reason="", subject="")
            else:
                connection.execute("insert into ledger.days values (current_date), (current_date)")

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([seals], instance=instance, raise_on_error=False)
        kept = "\n".join(dg.serialize_value(entry) for entry in instance.all_logs(result.run_id))
    assert not result.success
    assert ("sql/operations/request_day.sql, line " if is_of_a_file else "days_pkey") in kept
    assert "What to do" in kept
    assert "test_daily.py" in kept  # where it happened
    assert PERSON not in kept
    assert "DETAIL" not in kept
