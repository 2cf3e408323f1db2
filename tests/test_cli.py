"""The command answers quickly, and says what is wrong and what to do about it."""

import errno
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from payments_pipeline.cli import COMMANDS, payments
from payments_pipeline.clock import set_clock
from payments_pipeline.edge import require_free_port
from payments_pipeline.errors import PaymentsError
from payments_pipeline.ports import port_refused
from payments_pipeline.postgres.connect import Database


def run_payments(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PAYMENTS_")}
    return subprocess.run(
        [sys.executable, "-m", "payments_pipeline.cli", *arguments],
        env=inherited | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_explains_itself(name: str) -> None:
    shown = CliRunner().invoke(payments, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    command = payments.get_command(click.Context(payments), name)
    assert command is not None
    assert command.help


def test_a_group_tells_each_of_its_commands_in_a_whole_sentence() -> None:
    shown = CliRunner().invoke(payments, ["db", "--help"], terminal_width=80).output
    assert "Tell where the database is, whether it runs, and which migrations wait." in " ".join(shown.split())


def test_a_day_that_is_none_is_refused_with_how_to_write_one() -> None:
    refused = CliRunner().invoke(payments, ["verify", "--day", "2026-02-30"])
    assert refused.exit_code == 2
    assert "'2026-02-30' is no day; write it as YYYY-MM-DD" in refused.output


def test_help_lists_the_commands_without_importing_what_they_need() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from payments_pipeline.cli import payments;"
        "print(CliRunner().invoke(payments, ['--help']).output);"
        "heavy = {'dagster', 'pandas', 'pyarrow', 'great_expectations', 'dbt', 'sqlalchemy', 'psycopg', 'pydantic'};"
        "print('imported:', sorted(heavy & sys.modules.keys()))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout
    assert all(f"  {name} " in shown for name in COMMANDS)
    assert "imported: []" in shown


def test_wrong_settings_end_the_command_with_2_and_without_a_traceback() -> None:
    ended = run_payments("db", "status", PAYMENTS_DAGSTER_PORT="many", PAYMENTS_DATABASE_URL="x://u:s3cr3t@h/db")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: the settings are wrong:\n  PAYMENTS_DATABASE_URL: ")
    assert "  PAYMENTS_DAGSTER_PORT: found 'many'" in ended.stderr
    assert "what to do: " in ended.stderr
    assert "s3cr3t" not in ended.stderr


def test_an_unreachable_database_ends_the_command_with_1_and_without_its_password() -> None:
    ended = run_payments("db", "migrate", PAYMENTS_DATABASE_URL="postgresql://u:s3cr3t@127.0.0.1:1/db")
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: cannot connect to postgresql://u:***@127.0.0.1:1/db")
    assert "s3cr3t" not in ended.stderr


def test_an_external_database_is_migrated_described_and_addressed(empty_database: Database) -> None:
    environ = {"PAYMENTS_DATABASE_URL": empty_database.url}
    assert "applied 0001_" in run_payments("db", "migrate", **environ).stdout
    assert "is up to date" in run_payments("db", "migrate", **environ).stdout
    status = run_payments("db", "status", **environ).stdout
    assert f"address {empty_database}" in status
    assert "no migration is waiting" in status
    assert run_payments("db", "url", **environ).stdout == f"{empty_database}\n"
    assert run_payments("db", "url", "--show-password", **environ).stdout == f"{empty_database.url}\n"
    assert run_payments("db", "psql", "-Atc", "select 6 * 7", **environ).stdout == "42\n"


def test_an_external_database_is_not_ours_to_stop(empty_database: Database) -> None:
    ended = run_payments("db", "stop", PAYMENTS_DATABASE_URL=empty_database.url)
    assert ended.returncode == 1
    assert "not ours to start or stop" in ended.stderr


@pytest.mark.parametrize("command", ["verify", "demo", "up", "generate --out /proc/nope/world"])
def test_a_folder_that_cannot_be_written_is_named_without_a_traceback(command: str) -> None:
    ended = run_payments(*command.split(), PAYMENTS_HOME="/proc/nope")  # not even root makes a folder there
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "error: /proc/nope" in ended.stderr
    assert "what to do: " in ended.stderr


def test_webhooks_on_a_taken_port_are_refused_before_an_address_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_payments("webhooks", "serve", "--port", str(port), PAYMENTS_HOME=str(tmp_path / "home"))
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert f"port {port} is taken by another program" in ended.stderr


def test_a_port_that_is_taken_is_not_changed_for_the_default_of_another_service() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PaymentsError, match="is taken") as refused:
            require_free_port(port, "DAGSTER_PORT")
    suggested = int(refused.value.remedy.rpartition("=")[2])
    assert abs(suggested - port) == 100
    with pytest.raises(PaymentsError, match="cannot be opened"):
        require_free_port(port, "WEBHOOK_PORT", "192.0.2.1")  # an address for documents, which nobody has


@pytest.mark.parametrize("command", ["bank", "webhooks"])
def test_a_port_that_an_option_names_is_changed_by_the_option(tmp_path: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_payments(command, "serve", "--port", str(port), PAYMENTS_HOME=str(tmp_path / "home"))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: port {port} is taken by another program\nwhat to do: stop it, or choose ")
    assert abs(int(ended.stderr.rpartition("another port: --port ")[2]) - port) == 100


def test_a_port_of_administrators_is_not_changed_for_another_of_theirs() -> None:
    refused = port_refused(PermissionError(errno.EACCES, "Permission denied"), 80, "127.0.0.1")
    assert refused.message == "port 80 of 127.0.0.1 cannot be opened: Permission denied"
    assert refused.remedy == "ports below 1,024 are for administrators alone; choose another port: --port 8080"


def test_the_home_of_a_demo_is_refused_for_a_real_bank_before_anything_is_started(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    set_clock(home, datetime(2026, 7, 6, tzinfo=UTC))
    ended = run_payments(
        "up",
        PAYMENTS_HOME=str(home),
        PAYMENTS_COLUMN_URL="https://api.column.com",
        PAYMENTS_COLUMN_API_KEY="test_0123456789",
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"error: {home} plays a demo world, and PAYMENTS_COLUMN_URL names a bank\n")
    assert "unset it and PAYMENTS_COLUMN_API_KEY" in ended.stderr


def test_the_embedded_database_is_started_described_and_stopped(open_folder: Path) -> None:
    environ = {"PAYMENTS_HOME": str(open_folder / "our home")}
    assert "there is no database" in run_payments("db", "url", **environ).stderr
    assert "not running" in run_payments("db", "status", **environ).stdout
    try:
        assert run_payments("db", "start", **environ).returncode == 0
        assert "running as process" in run_payments("db", "status", **environ).stdout
        assert "migrations waiting: 0001_" in run_payments("db", "status", **environ).stdout
    finally:
        assert run_payments("db", "stop", **environ).stdout == "stopped\n"
    assert "not running" in run_payments("db", "status", **environ).stdout
