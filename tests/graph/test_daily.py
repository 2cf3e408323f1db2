"""What the steps of a day share: an error reaches the UI with its place and its remedy, and without rows."""

from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from payments_pipeline.daily import remedies_shown
from payments_pipeline.errors import PaymentsError
from payments_pipeline.expectations.checks import expectations
from payments_pipeline.ingestion.checks import every_document_is_as_it_was
from payments_pipeline.operations.checks import audit
from payments_pipeline.payments.checks import return_rates_are_within_their_limits
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import run
from payments_pipeline.resources import Platform

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


class _Away(Platform):
    """A platform whose database cannot be reached."""

    def __getattribute__(self, name: str) -> object:
        if name in ("database", "connect"):
            raise PaymentsError("the database does not answer", "start it.")
        return super().__getattribute__(name)


@pytest.mark.parametrize(
    "check", [expectations, return_rates_are_within_their_limits, every_document_is_as_it_was, audit]
)
def test_a_check_that_cannot_look_fails_with_what_can_be_done(
    check: dg.AssetChecksDefinition, database: Database, tmp_path: Path
) -> None:
    context = SimpleNamespace(partition_keys=["2026-07-01"], selected_asset_check_keys=check.check_keys)
    with pytest.raises(dg.Failure, match="What to do: start it"):
        list(check.op.compute_fn.decorated_fn(context, platform=_Away(database, tmp_path, tmp_path)))  # type: ignore[union-attr]
