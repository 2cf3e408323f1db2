"""Keeping personal data out of what Dagster stores: metadata, logs and, above all, the text of errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from payments_pipeline.errors import PaymentsError, StatementError


@contextmanager
def personal_data_kept_out(by_hand: str) -> Iterator[None]:
    """Let no error carry a row: PostgreSQL quotes it, and tracebacks show what they were given.

    `by_hand` is the command that does the same in a terminal, where whoever may see the data sees the error whole.
    """
    try:
        yield
    except StatementError as error:  # of a file of `sql/`: what the database said is in its text and is its cause
        if isinstance(error.__cause__, psycopg.Error):
            raise _refused(error.__cause__, error.message.partition(":")[0], by_hand) from None
        raise
    except PaymentsError:
        raise
    except psycopg.Error as error:
        raise _refused(error, "a statement", by_hand) from None
    except Exception as error:
        raise PaymentsError(
            f"the report stopped at a {type(error).__name__}, whose text may hold personal data and is not shown",
            f"{by_hand} runs the same by hand, and shows it to who may see it.",
        ) from None


def _refused(error: psycopg.Error, what: str, by_hand: str) -> PaymentsError:
    return PaymentsError(
        f"the database refused {what} about personal data ({error.sqlstate or type(error).__name__})",
        f"the database's own log says more, to those who may read it; {by_hand} runs the same by hand.",
    )
