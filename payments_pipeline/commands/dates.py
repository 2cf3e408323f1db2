"""Dates on the command line, as several commands take them."""

from datetime import date

from payments_pipeline.errors import PaymentsError


def require_order(first: date | None, last: date | None, *, until: str) -> None:
    """Refuse a span of days that ends before it begins: there is nothing in it, whatever the books hold."""
    if first and last and first > last:
        raise PaymentsError(
            f"the days end before they begin: --from {first} is later than {until} {last}",
            f"give the earlier day as --from, and the later one as {until}.",
        )
