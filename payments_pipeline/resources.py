"""What the assets are given to work with.

A resource hands out a plain object, so that what the assets call needs no Dagster and a test can pass its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg

from payments_pipeline.bank import Bank, bank_of, inbox_of, statements_of
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.settings import load_settings


def _nobody_listens(step: str, day: date) -> None:
    """Where nobody asked to be told."""


@dataclass(frozen=True)
class Platform:
    """The database, the folder that holds all other state, what is delivered to us and by whom."""

    database: Database
    home: Path
    inbox: Path
    """The folder of files that are delivered to us: what providers drop there, what other banks say."""
    bank: Bank | None = None
    """The bank that is asked for events and reports; without one, files are all there is."""
    on_day: Callable[[str, date], None] = field(default=_nobody_listens)
    """Told the step and the day whenever a step has committed a day."""
    statements_at: str | None = None
    """Where banks leave their statements, a folder or an address in an object store; by default in the inbox."""

    @contextmanager
    def connect(self, application_name: str) -> Iterator[psycopg.Connection[Any]]:
        """A connection as the pipeline's role; commits when left, rolls back on an error."""
        with self.database.connect(application_name=application_name) as connection:
            yield connection

    @property
    def statements(self) -> str:
        """Where banks leave their statements."""
        return self.statements_at or str(self.inbox / "statements")

    @property
    def data_docs(self) -> Path:
        """Where Great Expectations writes its pages."""
        return self.home / "data_docs"


class PlatformResource(dg.ConfigurableResource[Platform]):
    """The platform that the environment names. The database is opened when a run first asks, not when code loads."""

    def create_resource(self, context: dg.InitResourceContext) -> Platform:
        """The platform, its database running."""
        settings = load_settings()
        return Platform(
            open_database(settings),
            settings.home,
            inbox_of(settings),
            bank_of(settings),
            statements_at=statements_of(settings),
        )
