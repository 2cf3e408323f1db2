"""What the database holds beside what happens: the files of `data/`, the settlement calendar, the factors of the schedules.

Loaded after every migration and after every portfolio. All of it is derived, so loading it again changes only what the
files, the rules or the book have changed since, and takes a fraction of a second where that is nothing.
"""

import csv
import json
from datetime import date, timedelta
from typing import Any, Final

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.paths import DATA_DIR
from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules import amortisation
from payments_pipeline.rules.settlement import RULES

CALENDAR_FROM: Final = date(2015, 1, 1)
CALENDAR_TO: Final = date(2035, 12, 31)

_FILES: Final = {
    "accounts": "chart_of_accounts.csv",
    "event_types": "column_events.csv",
    "policies": "policies.csv",
    "return_codes": "return_codes.csv",
    "notice_of_change_codes": "notice_of_change_codes.csv",
    "representment_rules": "representment_rules.csv",
    "return_rate_limits": "return_rate_limits.csv",
    "settlement_rules": "settlement_rules.csv",
    "match_methods": "match_methods.csv",
    "reconciliation_limits": "reconciliation_limits.csv",
}
"""Statements of `sql/reference_data`, and the file that each takes to its table."""


class ReferenceDataError(PaymentsError):
    """A file of `data/` that the database does not take."""


def load_reference_data(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Brings all of it up to date in the connection's transaction; returns how many rows changed, by what they are."""
    changed = {name: _load_file(connection, name, file) for name, file in _FILES.items()}
    changed["calendar"] = _load_calendar(connection)
    return changed | follow_the_book(connection)


def follow_the_book(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """What depends on the loans of the book: the factors of their schedules, and their balances."""
    changed = {
        "amortisation_factors": _load_factors(connection),
        "balances": run(connection, "reference_data/balances"),
    }
    if changed["balances"]:
        run(connection, "reference_data/analyze_book")
    return changed


def _load_file(connection: psycopg.Connection[Any], name: str, file: str) -> int:
    """Makes the table what the file is. Columns go by their names; the database reads the values and checks them."""
    path = DATA_DIR / file
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        rows = [{column: text or None for column, text in row.items()} for row in reader]
    try:
        with connection.transaction():
            return run(connection, f"reference_data/{name}", rows=json.dumps(rows))
    except PaymentsError as error:
        raise ReferenceDataError(
            f"data/{file} does not fit its table: {error.__cause__ or error}", f"correct data/{file} and load it again."
        ) from error


def _load_calendar(connection: psycopg.Connection[Any]) -> int:
    """The days on which money of each value date settles, where the table does not say so yet."""
    stored = {
        (row["channel"], row["business_date"]): row["settles_on"]
        for row in query(connection, "reference_data/calendar_stored")
    }
    days = [CALENDAR_FROM + timedelta(days=n) for n in range((CALENDAR_TO - CALENDAR_FROM).days + 1)]
    wanted = ((channel, day, rule.settles_on(day)) for channel, rule in RULES.items() for day in days)
    new = [row for row in wanted if stored.get(row[:2]) != row[2]]
    if not new:
        return 0
    channels, value_dates, settles_on = map(list, zip(*new, strict=True))
    return run(
        connection, "reference_data/calendar", channels=channels, business_dates=value_dates, settles_on=settles_on
    )


def _load_factors(connection: psycopg.Connection[Any]) -> int:
    """The factors of each rate in the book, up to its longest term."""
    added = 0
    for rate in query(connection, "reference_data/rates_without_factors"):
        rows = amortisation.factors(rate["rate_ppm"], rate["longest_term"])
        n, growth, annuity = map(list, zip(*rows, strict=True))
        added += run(
            connection,
            "reference_data/amortisation_factors",
            rate_ppm=rate["rate_ppm"],
            n=n,
            growth=growth,
            annuity=annuity,
        )
    return added
