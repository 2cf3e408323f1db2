"""Keeping personal data out of what Dagster stores: metadata, logs and, above all, the text of errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from payments_pipeline.errors import PaymentsError


@contextmanager
def personal_data_kept_out(by_hand: str) -> Iterator[None]:
    """Within `remedies_shown`: let no other error tell what it was about, since that may be a person.

    `by_hand` is the command that does the same in a terminal, where whoever may see the data sees the error whole.
    """
    try:
        yield
    except (PaymentsError, psycopg.Error):  # `remedies_shown` tells what the database refused without the rows
        raise
    except Exception as error:
        raise PaymentsError(
            f"the report stopped at a {type(error).__name__}, whose text may hold personal data and is not shown",
            f"{by_hand} runs the same by hand, and shows it to who may see it.",
        ) from None
