"""Holds Great Expectations' suites against the days of a run, and writes its pages for people to read.

One context, one connection and one checkpoint for all tables: what takes long about Great Expectations is its import and
its set-up, not its queries. It is imported here, when it is needed, and nowhere else.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from psycopg import ClientCursor

from payments_pipeline.expectations.suites import SUITES, Suite
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import statements

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

_SITE: Final = "data_docs"
_ROWS: Final = "days of the run"


@dataclass(frozen=True)
class Finding:
    """One expectation held against one table."""

    table: str
    says: str
    is_met: bool
    observed: str


def validate(database: Database, days: Sequence[date], pages: Path) -> list[Finding]:
    """Hold every suite against these days; the pages about it appear below `pages`."""
    with _context(pages) as context:
        return list(_findings(context, database, days))


def run_name(days: Sequence[date]) -> str:
    """What people call a run over these days, and the name of the folder with its pages."""
    return days[0].isoformat() if len(days) == 1 else f"{days[0]} to {days[-1]}"


@contextmanager
def _context(pages: Path) -> Iterator["EphemeralDataContext"]:
    import great_expectations as gx

    pages.mkdir(parents=True, exist_ok=True)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}  # type: ignore[assignment]
    for name in context.get_site_names():
        context.delete_data_docs_site(name)
    context.add_data_docs_site(
        _SITE,
        {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(pages)},
        },
    )
    yield context


def _findings(context: "EphemeralDataContext", database: Database, days: Sequence[date]) -> Iterator[Finding]:
    import great_expectations as gx
    from great_expectations.checkpoint import UpdateDataDocsAction

    address, arguments = database.for_sqlalchemy("expectations")
    source = context.data_sources.add_sql(
        "payments",
        connection_string=address,
        kwargs={"connect_args": arguments},  # type: ignore[call-arg]
    )
    validations = []
    for suite in SUITES:
        rows = source.add_query_asset(_title(suite), query=_query(database, suite, days))
        expected = context.suites.add(gx.ExpectationSuite(name=_title(suite), expectations=list(_expectations(suite))))
        validations.append(
            context.validation_definitions.add(
                gx.ValidationDefinition(
                    name=_title(suite), data=rows.add_batch_definition_whole_table(_ROWS), suite=expected
                )
            )
        )
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name="the day",
            validation_definitions=validations,
            actions=[UpdateDataDocsAction(name="write pages", site_names=[_SITE])],
            result_format="SUMMARY",
        )
    )
    results = checkpoint.run(run_id=gx.RunIdentifier(run_name=run_name(days))).run_results
    by_title = {result.suite_name: result for result in results.values()}
    for suite in SUITES:
        for expectation, result in zip(suite.expectations, by_title[_title(suite)].results, strict=True):
            yield Finding(suite.table, expectation.says, bool(result.success), _observed(result.to_json_dict()))


def _title(suite: Suite) -> str:
    return f"{suite.table} {suite.name}"


def _expectations(suite: Suite) -> Iterator[Any]:
    import great_expectations.expectations as kinds

    for expectation in suite.expectations:
        yield getattr(kinds, expectation.kind)(**expectation.arguments, notes=expectation.says)


def _query(database: Database, suite: Suite, days: Sequence[date]) -> str:
    """The statement of the suite, with the days written into it: Great Expectations takes no parameters, nor a CTE."""
    (statement,) = statements(suite.statement)
    with database.connect() as connection:
        cursor = ClientCursor(connection)
        written = cursor.mogrify(statement.text, {"first": days[0], "last": days[-1]})
    return f"select * from ({written}) as {suite.name}"  # noqa: S608 - our own statement, its values quoted by psycopg


def _observed(result: Mapping[str, Any]) -> str:
    found = result.get("result", {})
    if "observed_value" in found:
        value = found["observed_value"]
        return f"{value:,.4g}" if isinstance(value, float) else f"{value}"
    if raised := next((info for info in [result.get("exception_info")] if info and info.get("raised_exception")), None):
        return str(raised.get("exception_message"))
    return f"{found.get('unexpected_count', '?')} of {found.get('element_count', '?')} otherwise"
