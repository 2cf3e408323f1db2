"""`payments bank` as a process of its own."""

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from payments_pipeline.column.local.control import LocalBank

KEY = "test_of_the_command"


def test_the_bank_serves_a_world_says_how_it_stands_and_goes_on_where_its_clock_stood(
    world_dir: Path, tmp_path: Path
) -> None:
    environ = {**os.environ, "PAYMENTS_HOME": str(tmp_path / "home"), "PAYMENTS_COLUMN_URL": "http://127.0.0.1:1",
               "PAYMENTS_COLUMN_API_KEY": KEY}  # fmt: skip
    shown = []
    for is_first in (True, False):
        process = _payments("bank", "serve", "--world", str(world_dir), "--port", "0", environ=environ)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            shown.append(line)
            bank = LocalBank(line.split()[2], KEY)
            bank.move_clock(datetime.fromisoformat("2026-07-02T12:00:00+00:00"))
            if is_first:
                told, _ = _payments("bank", "status", "--url", bank.url, environ=environ).communicate(timeout=60)
                assert "2026-07-02T12:00:00Z" in told
            with bank.client() as client:
                assert client.events().items
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert "2026-06-29 04:00 UTC" in shown[0]
    assert "2026-07-02 12:00 UTC" in shown[1]
    assert datetime.fromisoformat((tmp_path / "home" / "clock").read_text().strip()).hour == 12


def test_a_key_of_the_real_bank_is_never_taken_to_the_local_one(tmp_path: Path, world_dir: Path) -> None:
    environ = {**os.environ, "PAYMENTS_HOME": str(tmp_path / "home"), "PAYMENTS_COLUMN_URL": "https://api.column.com",
               "PAYMENTS_COLUMN_API_KEY": "live_0123456789"}  # fmt: skip
    process = _payments("bank", "serve", "--world", str(world_dir), "--port", "0", environ=environ)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "not a key of the sandbox" in told
    assert "live_0123456789" not in told


def _payments(*arguments: str, environ: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "payments_pipeline.cli", *arguments],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
