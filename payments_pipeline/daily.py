"""What the daily assets share: how a table becomes an asset, how days are walked, and what a run reports.

A wing says which tables a step fills and calls its plain function for a day; the rest is the same everywhere. Each day
is one transaction: a run that is killed leaves whole days behind it, and running it again does the others.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import dagster as dg
import psycopg

from payments_pipeline import catalog
from payments_pipeline.errors import PaymentsError
from payments_pipeline.guards import Guard, evaluate
from payments_pipeline.money import plain
from payments_pipeline.partitions import business_days, one_run_a_range
from payments_pipeline.postgres.run import query, without_rows
from payments_pipeline.resources import Platform

Connection = psycopg.Connection[Any]
Nature = Literal["facts", "view", "reference"]

# What a step did on a day, by table: figures that the table's content does not tell, such as how many rows were added, and
# pictures of it.
Done = Mapping[str, Mapping[str, int | str | dg.MetadataValue[Any]]]


@dataclass(frozen=True)
class Turn:
    """A day's turn within a run, with what its work needs."""

    day: date
    run_id: str
    connection: Connection
    platform: Platform


Work = Callable[[Turn], Done | None]
DailyEvent = dg.MaterializeResult[None] | dg.AssetCheckResult

_DAY_LOCK: Final = 4_210_003  # in the space of locks of two numbers, where nothing else of ours is

_NATURES: Final[Mapping[Nature, str]] = {
    "facts": "Facts: rows are added, never changed.",
    "view": "Derived: running the day again rebuilds it.",
    "reference": "Reference data, loaded from files.",
}


def table(
    name: str,
    sentence: str,
    *,
    owner: str,
    nature: Nature,
    deps: Sequence[str] = (),
    kinds: frozenset[str] = frozenset({"postgres", "sql"}),
    look_next: str | None = None,
    freshness: dg.FreshnessPolicy | None = None,
) -> dg.AssetSpec:
    """The asset of a table: `ledger.entries` becomes `ledger/entries`, in the words of the table's own comment.

    `sentence` says what it is to someone in finance; `look_next` is the asset to which the next question leads.
    """
    described = catalog.catalog().table(name)
    return dg.AssetSpec(
        asset_key(name),
        deps=[asset_key(dep) for dep in deps],
        description=f"{sentence}\n\n{described.description} {_NATURES[nature]}",
        group_name=described.schema,
        owners=[f"team:{owner}"],
        kinds=set(kinds),
        tags={"nature": nature},
        freshness_policy=freshness,
        metadata={
            "dagster/column_schema": column_schema(described),
            "dagster/table_name": name,
            **({"look_next": dg.MetadataValue.asset(asset_key(look_next))} if look_next else {}),
        },
    )


def asset_key(table_name: str) -> dg.AssetKey:
    """Schema and table, as the two parts of an asset's key."""
    return dg.AssetKey(table_name.split("."))


def column_schema(described: catalog.Table) -> dg.TableSchema:
    """The table's columns, as the UI shows them."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                column.name, column.type, column.description, dg.TableColumnConstraints(nullable=column.is_nullable)
            )
            for column in described.columns
        ]
    )


def daily_step(
    name: str,
    tables: Sequence[dg.AssetSpec],
    *,
    guards: Sequence[Guard] = (),
) -> Callable[[Work], dg.AssetsDefinition]:
    """Make a plain function of a day into a step that fills these tables together, for a day or for a range of days.

    The checks run once, when all days of the run are committed: they see what everyone else sees, and a blocking one
    keeps what comes after in the same run from starting.
    """

    def decorate(work: Work) -> dg.AssetsDefinition:
        @dg.multi_asset(
            name=name,
            description=work.__doc__,
            specs=tables,
            check_specs=[guard.spec for guard in guards],
            partitions_def=business_days,
            backfill_policy=one_run_a_range,
            can_subset=False,
        )
        def step(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> Iterator[DailyEvent]:
            days = days_of(context)
            with remedies_shown():
                with platform.connect(f"{name} {context.run.run_id[:8]}") as connection:
                    for day in days:
                        started = time.monotonic()
                        _take_turn(connection, day)
                        done = work(Turn(day, context.run.run_id, connection, platform)) or {}
                        reports = {spec.key: report(connection, spec.key, day) for spec in tables}
                        connection.commit()
                        seconds = round(time.monotonic() - started, 3)
                        for spec in tables:
                            told = {**reports[spec.key], **done.get(".".join(spec.key.path), {}), "seconds": seconds}
                            told |= {name: spec.metadata[name] for name in ["look_next"] if name in spec.metadata}
                            context.add_asset_metadata(told, spec.key, day.isoformat())
                        context.log.info(f"{name}: {day} committed after {seconds} s")
                        platform.on_day(name, day)
                for spec in tables:
                    yield dg.MaterializeResult(asset_key=spec.key)
                yield from evaluate(guards, platform, days)

        return step

    return decorate


def _take_turn(connection: Connection, day: date) -> None:
    """Wait until no other run works on the day: two that rebuild it at once would collide in its rows."""
    connection.execute("select pg_advisory_xact_lock(%s, %s - date '2000-01-01')", (_DAY_LOCK, day))


def days_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> list[date]:
    """The business dates of the run, in order."""
    return sorted(date.fromisoformat(key) for key in context.partition_keys)


@contextmanager
def remedies_shown() -> Iterator[None]:
    """Let a step, or the tick of a sensor, fail with what a person can do about it, in the place where the UI shows it.

    Its cause is left out, for the UI would show that too: an error of the database quotes rows.
    """
    try:
        yield
    except PaymentsError as error:
        raise _failure(error.message, error.remedy).with_traceback(error.__traceback__) from None
    except psycopg.Error as error:
        remedy = "look for the rows with `payments db psql`; once the cause is mended, run it again."
        raise _failure(without_rows(error), remedy).with_traceback(error.__traceback__) from None


def _failure(message: str, remedy: str) -> dg.Failure:
    return dg.Failure(
        f"{message}\n\nWhat to do: {remedy}",
        metadata={"what_to_do": dg.MetadataValue.md(remedy)},
        allow_retries=False,
    )


# Reports ----------------------------------------------------------------------------------------------------------------


def report(connection: Connection, key: dg.AssetKey, day: date) -> dict[str, dg.MetadataValue[Any] | int]:
    """What a day left in a table, as `sql/<wing>/reports/<table>.sql` tells it: totals, and a small table.

    Its column `rows` adds up to the rows of the day (without it, each line is a row); its first column of cents to
    the money.
    """
    wing, name = key.path
    lines = query(connection, f"{wing}/reports/{name}", day=day)
    told = told_of(lines)
    if lines and (money := next((column for column in lines[0] if _is_money(column)), None)):
        told["cents"] = sum(int(line[money] or 0) for line in lines)
    return told


def told_of(lines: Sequence[Mapping[str, Any]]) -> dict[str, dg.MetadataValue[Any] | int]:
    """What a report says of a table: how many rows there are, and the report itself, where it has a line."""
    told: dict[str, dg.MetadataValue[Any] | int] = {
        "dagster/row_count": sum(int(line.get("rows", 1)) for line in lines)
    }
    return {**told, "what_matters": dg.MetadataValue.md(markdown_table(lines))} if lines else told


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a Markdown table; money is shown in dollars, numbers stand to the right."""
    names = list(rows[0])
    numeric = {name for name in names if all(isinstance(row[name], int | float | None) for row in rows)}
    lines = [
        "| " + " | ".join(_heading(name) for name in names) + " |",
        "|" + "|".join("---:" if name in numeric else "---" for name in names) + "|",
    ]
    lines += ["| " + " | ".join(_cell(name, row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def _heading(name: str) -> str:
    return "dollars" if name == "cents" else name.removesuffix("_cents").replace("_", " ")


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return plain(value) if _is_money(name) else f"{value:,}"
    return str(value).replace("|", "\\|")


def _is_money(name: str) -> bool:
    return name == "cents" or name.endswith("_cents")
