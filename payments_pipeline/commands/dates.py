"""Dates on the command line, as several commands take them."""

from datetime import date
from time import strptime
from typing import Any, Final

import click

from payments_pipeline.errors import PaymentsError


class _Day(click.ParamType[date]):
    """A day, handed on as a date."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date(*strptime(value, "%Y-%m-%d")[:3])
        except ValueError:
            self.fail(f"{value!r} is no day; write it as YYYY-MM-DD, such as 2026-07-01.", param, ctx)


DAY: Final = _Day()


def require_order(first: date | None, last: date | None, *, until: str) -> None:
    """Refuse a span of days that ends before it begins: there is nothing in it, whatever the books hold."""
    if first and last and first > last:
        raise PaymentsError(
            f"the days end before they begin: --from {first} is later than {until} {last}",
            f"give the earlier day as --from, and the later one as {until}.",
        )
