"""`payments verify`: check the laws, and name every place that breaks one."""

import json
import sys
from datetime import date
from typing import Any

import click
import psycopg

from payments_pipeline.commands.dates import DAY
from payments_pipeline.days_run import require_run
from payments_pipeline.operations.laws import LAWS, Result, check_all
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.postgres.run import query
from payments_pipeline.settings import begin

_SHOWN = 10


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")
@click.option("--day", type=DAY, help="Only what can be told of this day.")
def verify(*, as_json: bool, day: date | None) -> None:
    """Check every law over the whole database, a line a property; exit 1 if one is broken.

    Everything is read in one snapshot, from the facts alone. A violation is named by its day and keys, with what was
    found and what was expected.
    """
    with open_database(begin()).connect(application_name="payments verify") as connection:
        if day:
            _require_something(connection, day)
            connection.rollback()  # the laws take a transaction of their own
        results = check_all(connection, day, _SHOWN, progress=None if as_json else _tell)
    if as_json:
        click.echo(json.dumps(_document(results, day), indent=2))
    else:
        _sum_up(results, day)
    if not all(result.holds for result in results):
        sys.exit(1)


def _require_something(connection: psycopg.Connection[Any], day: date) -> None:
    """Of a day on which nothing is held every law is true: that would be a good word about a wrong date."""
    counts = query(connection, "operations/fact_counts", first=day, last=day)
    if not any(count["rows"] for count in counts if count["day"]):
        require_run(connection, day)


def _tell(result: Result) -> None:
    verdict = click.style("ok", fg="green") if result.holds else click.style("FAILED", fg="red", bold=True)
    verdict += " " * (6 - len("ok" if result.holds else "FAILED"))
    click.echo(
        f"{result.law.number}  {result.checked.name:<36} {verdict} {result.rows:>13,} "
        f"{'row ' if result.rows == 1 else 'rows'} {result.seconds:>8.2f} s"
    )
    for violation in result.violations:
        click.echo(f"     {violation}")
    if unnamed := result.violated - len(result.violations):
        click.echo(f"     and {unnamed:,} more")


def _sum_up(results: list[Result], day: date | None) -> None:
    broken = [result for result in results if not result.holds]
    seconds = sum(result.seconds for result in results)
    where = f"on {day}" if day else "in the whole database"
    if day:
        left_out = [found.name for law in LAWS for found in law.properties if not found.is_daily]
        click.echo(f"not of one day, and so not checked: {', '.join(left_out)}")
    if broken:
        numbers = sorted({result.law.number for result in broken})
        click.echo(
            f"{len(broken)} of {len(results)} properties broken {where}, of "
            f"{'law' if len(numbers) == 1 else 'laws'} {', '.join(map(str, numbers))}; {seconds:.1f} s"
        )
    else:
        click.echo(f"all {len(results)} properties hold {where}; {seconds:.1f} s")


def _document(results: list[Result], day: date | None) -> dict[str, Any]:
    return {
        "day": day.isoformat() if day else None,
        "holds": all(result.holds for result in results),
        "properties": [
            {
                "law": result.law.number,
                "title": result.law.title,
                "property": result.checked.name,
                "holds": result.holds,
                "rows": result.rows,
                "seconds": round(result.seconds, 3),
                "violations": result.violated,
                "first_violations": [
                    {
                        "business_date": violation.business_date.isoformat() if violation.business_date else None,
                        "keys": violation.keys,
                        "found": violation.found,
                        "expected": violation.expected,
                    }
                    for violation in result.violations
                ],
            }
            for result in results
        ],
    }
