"""Programs that were started together end together."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from payments_pipeline.supervise import Child, ChildEndedError, Supervisor, answers_at, interruptible, uninterrupted

PYTHON = sys.executable


def start(supervisor: Supervisor, name: str, code: str, cwd: Path) -> Child:
    return supervisor.start(name, [PYTHON, "-u", "-c", code], cwd=cwd, environ=os.environ)


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text()).endswith("\n"):
            return text.strip()
        time.sleep(0.02)
    raise TimeoutError(path)


def is_alive(pid: int) -> bool:
    """Whether it still does anything: one that is dead but not yet collected has no command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


def wait_until_dead(pid: int) -> None:
    deadline = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid), Path(f"/proc/{pid}/status").read_text()


needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks processes up in /proc")


def test_nothing_is_said_while_all_run(supervisor: Supervisor, tmp_path: Path) -> None:
    start(supervisor, "steady", "import time; time.sleep(60)", tmp_path)
    supervisor.check()


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("print('out of ink'); raise SystemExit(3)", "printer ended with exit code 3"),
        ("import os, signal; print('out of ink'); os.kill(os.getpid(), signal.SIGKILL)", "printer ended by SIGKILL"),
    ],
)
def test_one_that_ends_is_named_with_how_it_ended_and_its_last_words(
    supervisor: Supervisor, tmp_path: Path, code: str, how: str
) -> None:
    start(supervisor, "printer", code, tmp_path)
    with pytest.raises(ChildEndedError, match=how) as ended:
        for _ in range(1000):
            supervisor.check()
            time.sleep(0.03)
    assert "out of ink" in ended.value.message
    assert str(tmp_path / "logs" / "printer.log") in ended.value.remedy


_A_SLOW_STARTER = """
import http.server, time
time.sleep(0.3)
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
open("port", "w").write(f"{server.server_port}\\n")
server.serve_forever()
"""


def test_a_program_is_waited_for_until_it_answers_well(supervisor: Supervisor, tmp_path: Path) -> None:
    child = start(supervisor, "slow", _A_SLOW_STARTER, tmp_path)
    port = tmp_path / "port"
    supervisor.wait_until(
        lambda: port.exists() and answers_at(f"http://127.0.0.1:{port.read_text().strip()}"), child, 30
    )
    assert not answers_at(f"http://127.0.0.1:{wait_for(port)}/what-is-not-there")
    supervisor.stop_all()
    assert not answers_at(f"http://127.0.0.1:{wait_for(port)}")


def test_one_that_does_not_answer_is_named_with_its_last_words(supervisor: Supervisor, tmp_path: Path) -> None:
    child = start(supervisor, "mute", "import time; print('lost my voice'); time.sleep(60)", tmp_path)
    with pytest.raises(ChildEndedError, match=r"mute does not answer after 0\.5 s") as ended:
        supervisor.wait_until(lambda: False, child, 0.5)
    assert "lost my voice" in ended.value.message


def test_nobody_waits_for_a_program_that_has_ended(supervisor: Supervisor, tmp_path: Path) -> None:
    child = start(supervisor, "printer", "raise SystemExit(3)", tmp_path)
    with pytest.raises(ChildEndedError, match="exit code 3"):
        supervisor.wait_until(lambda: False, child, 30)


_PARENT_OF_A_STUBBORN_CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", '''
import signal, time
signal.signal(signal.SIGTERM, lambda *_: open("asked", "w").write("yes\\\\n"))
open("ready", "w").write("yes\\\\n")
while True: time.sleep(1)
'''])
open("pid", "w").write(f"{child.pid}\\n")
child.wait()
"""


@needs_proc
def test_stopping_one_stops_what_it_started_however_stubborn(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments_pipeline.supervise.STOP_SECONDS", 1)
    start(supervisor, "parent", _PARENT_OF_A_STUBBORN_CHILD, tmp_path)
    grandchild = int(wait_for(tmp_path / "pid"))
    wait_for(tmp_path / "ready")
    supervisor.stop_all()
    assert wait_for(tmp_path / "asked") == "yes"
    wait_until_dead(grandchild)


_A_SUPERVISOR = """
import os, sys, time
from pathlib import Path
from payments_pipeline.supervise import Supervisor
here = Path(sys.argv[1])
Supervisor(here).start("child", [sys.executable, "-c", "import time; time.sleep(60)"], cwd=here, environ=os.environ)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a program with its parent")
@pytest.mark.parametrize("is_ignored", [False, True])
def test_a_killed_supervisor_s_programs_end_with_it(tmp_path: Path, is_ignored: bool) -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" * is_ignored + _A_SUPERVISOR
    with subprocess.Popen([PYTHON, "-c", code, str(tmp_path)]) as parent:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        deadline = time.monotonic() + 30
        while not (found := children.read_text().split()) and time.monotonic() < deadline:
            time.sleep(0.02)
        (child,) = map(int, found)
        command = Path(f"/proc/{child}/cmdline")
        while b"Supervisor" in command.read_bytes() and time.monotonic() < deadline:  # not yet the program itself
            time.sleep(0.02)
        parent.kill()
    wait_until_dead(child)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_is_an_interrupt_except_while_cleaning_up(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible():
        with uninterrupted():
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        time.sleep(5)
    assert signal.getsignal(number) is before
