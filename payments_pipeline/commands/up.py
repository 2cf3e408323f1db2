"""`payments up`: everything that runs, in one terminal."""

import os
import sys
import time
from pathlib import Path
from typing import Final

import click

from payments_pipeline.bank import Bank, bank_of
from payments_pipeline.edge import require_free_port
from payments_pipeline.errors import PaymentsError
from payments_pipeline.instance import prepare_instance
from payments_pipeline.locks import FileLock
from payments_pipeline.paths import PROJECT_ROOT, make_open_folder
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.settings import Settings, begin
from payments_pipeline.supervise import Supervisor, answers_at, interruptible, uninterrupted

_HOST: Final = "127.0.0.1"
_ANSWER_SECONDS: Final = 180


@click.command()
def up() -> None:
    """Start the database, the webhook service, the Dagster UI and its daemon, and run until Ctrl-C.

    Unless a bank is connected (PAYMENTS_COLUMN_URL), an empty database is filled with a small demo world, and a local bank
    plays it: its first week has passed, and each later day passes when it is materialized. Ctrl-C stops everything that
    was started, the embedded database included, unless another command is using it.
    """
    settings = begin()
    bank_of(settings)  # refuses the home of a demo for a real bank, before anything is started
    address = f"http://{_HOST}:{settings.dagster_port}"
    lock = _claim(settings, address)
    supervisor = Supervisor(settings.home / "logs")
    running = False
    try:
        with interruptible():
            for setting in ("dagster_port", "webhook_port", "bank_port"):
                require_free_port(getattr(settings, setting), setting.upper())
            database, bank = _fill(settings, supervisor)
            _start_dagster(supervisor, settings, database, address)
            click.echo(f"Dagster UI  {address}\nwebhooks    http://{_HOST}:{settings.webhook_port}/docs")
            click.echo(f"bank        {bank.url if bank else 'none: files alone are taken in'}")
            click.echo(f"database    {database}\nlogs        {settings.home / 'logs'}")
            running = True
            click.echo("Ctrl-C stops it all.")
            while True:
                supervisor.check()
                time.sleep(0.5)
    except KeyboardInterrupt:
        click.echo("\nstopping")
        if not running:
            sys.exit(130)
    finally:
        with uninterrupted():
            supervisor.stop_all()
            lock.close()


def _claim(settings: Settings, address: str) -> FileLock:
    """This home's only `up`: two would run the same schedules twice."""
    make_open_folder(settings.home)
    lock = FileLock(settings.home / "up.lock")
    if not lock.try_claim():
        raise PaymentsError(
            f"payments up is running already ({lock.read_note()})",
            "use that one, or stop it with Ctrl-C where it runs; another PAYMENTS_HOME can have an own one.",
        )
    lock.note(f"process {os.getpid()}, {address}")
    return lock


def _fill(settings: Settings, supervisor: Supervisor) -> tuple[Database, Bank | None]:
    """The database, up to date and with something in it to look at, and the bank that it is connected to."""
    from payments_pipeline.demo import load_demo_if_empty

    click.echo("opening the database")
    database = open_database(settings)
    for migration in migrate(database):
        click.echo(f"applied {migration.name}")
    return database, load_demo_if_empty(settings, database, supervisor)


def _start_dagster(supervisor: Supervisor, settings: Settings, database: Database, address: str) -> None:
    click.echo("starting Dagster, which takes some seconds")
    programs = Path(sys.executable).parent
    workspace = ["-w", str(PROJECT_ROOT / "workspace.yaml")]
    environ = os.environ | settings.as_environ() | prepare_instance(settings, database)
    port = str(settings.dagster_port)
    ui = supervisor.start(
        "dagster-webserver",
        [programs / "dagster-webserver", *workspace, "-h", _HOST, "-p", port],
        cwd=PROJECT_ROOT,
        environ=environ,
    )
    supervisor.start(
        "dagster-daemon",
        [programs / "dagster-daemon", "run", *workspace],
        cwd=PROJECT_ROOT,
        environ=environ,
    )
    supervisor.wait_until(lambda: answers_at(f"{address}/server_info"), ui, _ANSWER_SECONDS)
