"""`payments db`: look after the database."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import click

from payments_pipeline.errors import DatabaseError
from payments_pipeline.lazy import Group
from payments_pipeline.postgres import url as urls
from payments_pipeline.postgres.binaries import bundled_bin_dir
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.lease import keep_running, stop_for_all
from payments_pipeline.postgres.migrate import migrate, pending
from payments_pipeline.postgres.server import DAGSTER_DATABASE, Server
from payments_pipeline.settings import Settings, begin


@click.group(cls=Group)
def db() -> None:
    """Look after the database: the embedded one, or that of PAYMENTS_DATABASE_URL."""


@db.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date with sql/migrations; safe to repeat."""
    database = open_database(begin())
    applied = migrate(database)
    for migration in applied:
        click.echo(f"applied {migration.name}")
    if not applied:
        click.echo(f"{database} is up to date")


@db.command()
def status() -> None:
    """Tell where the database is, whether it runs, and which migrations wait. Starts nothing."""
    settings = begin()
    if settings.database_url is None:
        server = _server(settings)
        pid = server.postmaster_pid()
        click.echo(f"embedded PostgreSQL in {server.data_dir}")
        click.echo(f"running as process {pid}; its log is {server.log_file}" if pid else "not running")
        if not server.is_ready():
            return
        database = Database(server.url(), dagster_name=DAGSTER_DATABASE)
    else:
        database = open_database(settings)
        click.echo("external PostgreSQL")
    click.echo(f"address {database}")
    waiting = pending(database)
    click.echo(f"migrations waiting: {', '.join(m.name for m in waiting)}" if waiting else "no migration is waiting")


@db.command()
def start() -> None:
    """Start the embedded database and leave it running, for other tools to use."""
    settings = begin()
    _refuse_external(settings)
    server = keep_running(_server(settings).root)
    click.echo(f"running at {urls.mask(server.url())}; payments db url --show-password gives the whole address")


@db.command()
def stop() -> None:
    """Stop the embedded database, whoever uses it."""
    settings = begin()
    _refuse_external(settings)
    click.echo("stopped" if stop_for_all(_server(settings).root) else "it was not running")


@db.command()
@click.option("--show-password", is_flag=True, help="Print the password too, instead of ***.")
def url(*, show_password: bool) -> None:
    """Print the database's address. Starts nothing: `payments db start` keeps the embedded one running."""
    settings = begin()
    external = settings.database_url
    address = external.get_secret_value() if external is not None else _server(settings).url()
    click.echo(address if show_password else urls.mask(address))


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Open psql on the database; further arguments are psql's own, such as -c 'select 1'."""
    parameters = urls.parse(open_database(begin()).url)
    # Not as an argument, where every user of the machine could read the password.
    environ = os.environ | {"PGPASSWORD": parameters.pop("password", "")}
    # The embedded server runs as long as this process does, so psql runs below it, and Ctrl-C is psql's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    command = [str(_psql()), "--dbname", urls.compose(parameters), *arguments]
    sys.exit(subprocess.run(command, env=environ, preexec_fn=_restore_interrupt, check=False).returncode)


def _restore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _psql() -> Path:
    bundled = bundled_bin_dir() / "psql"
    if bundled.is_file():
        return bundled
    if found := shutil.which("psql"):
        return Path(found)
    raise DatabaseError("there is no psql", "install PostgreSQL's client programs.")


def _server(settings: Settings) -> Server:
    return Server(settings.home / "postgres")


def _refuse_external(settings: Settings) -> None:
    if settings.database_url is not None:
        raise DatabaseError(
            "the database is an external one, which is not ours to start or stop",
            "unset PAYMENTS_DATABASE_URL if you mean the embedded one.",
        )
