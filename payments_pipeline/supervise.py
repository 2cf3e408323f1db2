"""Programs that run side by side and end together.

Each runs in a process group of its own: the terminal's Ctrl-C reaches us alone, and stopping one stops whatever it has
started in turn. Should we be killed, the kernel ends them for us where it can (Linux).
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from payments_pipeline.errors import PaymentsError
from payments_pipeline.logfiles import last_lines, open_log

STOP_SECONDS: Final = 20
_PR_SET_PDEATHSIG: Final = 1


class ChildEndedError(PaymentsError):
    """A program that was to run on has ended, or does not begin to answer."""


@dataclass(frozen=True)
class Child:
    """A running program."""

    name: str
    process: subprocess.Popen[bytes]
    log_file: Path


class Supervisor:
    """The programs that were started together."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._children: list[Child] = []

    def start(self, name: str, command: Sequence[str | Path], *, cwd: Path, environ: Mapping[str, str]) -> Child:
        """Start a program; its output goes to a log of its name."""
        log_file = self._log_dir / f"{name}.log"
        with open_log(log_file) as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=cwd,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(_end_with_parent, os.getpid()) if sys.platform == "linux" else None,
            )
        child = Child(name, process, log_file)
        self._children.append(child)
        return child

    def wait_until(self, answers: Callable[[], bool], child: Child, seconds: float) -> None:
        """Wait until a program answers; raise if it does not for so long, or if one of the programs has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            if answers():
                return
            time.sleep(0.1)
        raise ChildEndedError(
            f"{child.name} does not answer after {seconds:g} s; the last lines of its log are\n"
            f"{last_lines(child.log_file, 15)}",
            f"the whole log is {child.log_file}; the others were stopped as well.",
        )

    def check(self) -> None:
        """Raise if one of the programs has ended."""
        for child in self._children:
            if (code := child.process.poll()) is not None:
                how = f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
                raise ChildEndedError(
                    f"{child.name} ended {how}; the last lines of its log are\n{last_lines(child.log_file, 15)}",
                    f"the whole log is {child.log_file}; the others were stopped as well.",
                )

    def stop_all(self) -> None:
        """End the programs, the last one first, and all that they started: asked to, and then made to."""
        for child in reversed(self._children):
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self._children):
            while _group_lives(child) and time.monotonic() < deadline:
                time.sleep(0.05)
            _signal_group(child, signal.SIGKILL)
            child.process.wait()
        self._children.clear()


def answers_at(address: str) -> bool:
    """Whether a program of ours answers there, and says that it is ready."""
    try:
        return httpx.get(address, timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a polite kill and a closed terminal end the block as Ctrl-C does: by `KeyboardInterrupt`."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, interrupt) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let nobody's impatience stop the block, which cleans up, halfway."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _signal_group(child: Child, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group that is dead, not collected
        os.killpg(child.process.pid, number)


def _group_lives(child: Child) -> bool:
    child.process.poll()  # collects it, so that a group of one dead process is gone
    try:
        os.killpg(child.process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _end_with_parent(parent: int) -> None:
    """In the new process: end when the parent does, also if it has ended before this could be said.

    Whoever started us may ignore the signal that says so, and what is ignored stays so in all that is started in turn.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
