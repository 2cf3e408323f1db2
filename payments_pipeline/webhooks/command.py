"""The command `payments webhooks`."""

import os
import shutil
from typing import Final

import click

from payments_pipeline.bank import bank_of
from payments_pipeline.edge import require_free_port
from payments_pipeline.errors import PaymentsError
from payments_pipeline.lazy import Group
from payments_pipeline.paths import make_open_folder
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.settings import Settings, begin

_APPLICATION: Final = "payments_pipeline.webhooks.service:from_settings"
_SHARED_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_GRACE_SECONDS: Final = 15


@click.group(cls=Group)
def webhooks() -> None:
    """Take in what the bank and processors send over HTTP."""


@webhooks.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port; by default PAYMENTS_WEBHOOK_PORT.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer.")
def serve(host: str, port: int | None, workers: int) -> None:
    """Run the webhook service until Ctrl-C.

    PAYMENTS_COLUMN_WEBHOOK_SECRET opens the bank's endpoint, PAYMENTS_WEBHOOK_SECRET those of processors, and
    PAYMENTS_WEBHOOK_TOKEN the look-ups; what has no secret refuses everything. /docs describes the addresses.
    """
    import uvicorn

    settings = begin()
    bank_of(settings)  # refuses a home whose clock is that of a world while a real bank writes to it
    port = port or settings.webhook_port
    require_free_port(port, host=host)
    _require_queue(open_database(settings))
    if workers > 1:
        _count_together(settings, port)
    click.echo(f"webhooks    http://{host}:{port}/docs")
    uvicorn.run(
        _APPLICATION,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level=settings.log_level.lower(),
        access_log=False,
        server_header=False,
        # whom to believe about where a request came from is PAYMENTS_WEBHOOK_PROXIES, read by the service itself
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _require_queue(database: Database) -> None:
    """Say at the start, not at the first message, that there is nowhere to store one."""
    with database.connect("webhooks", application_name="payments webhooks") as connection:
        if connection.execute(b"select to_regclass('ingestion.webhook_queue')").fetchone() == (None,):
            raise PaymentsError("the database has no queue for messages yet", "run: payments db migrate")


def _count_together(settings: Settings, port: int) -> None:
    """Let the workers count in one folder, empty at the start."""
    folder = settings.home / "webhooks" / f"metrics-{port}"
    shutil.rmtree(folder, ignore_errors=True)
    make_open_folder(settings.home)
    folder.mkdir(parents=True)
    os.environ[_SHARED_FOLDER_VARIABLE] = str(folder)
