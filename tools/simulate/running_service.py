"""The real service as a subprocess, its log, and the questions one may ask it over ``control.sock``."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from device.commands.line import ask_service

_STOP_S: Final = 5.0


class SimulationError(RuntimeError):
    """The play could not go on; the text says at which step and why."""


class RunningService:
    """``python -I -m device run``; every log line is kept and written to ``service.log``.

    ``inside`` is a command that runs another one in a world of its own, as ``unshare`` does.
    """

    def __init__(self, settings: Path, run_dir: Path, log: IO[bytes], inside: Sequence[str] = ()) -> None:
        self._settings = settings
        self._run_dir = run_dir
        self._log = log
        self._inside = inside
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._process = self._start()

    def restart(self) -> None:
        """Kill it as a power cut would, and start it again."""
        self._process.kill()
        self._process.wait()
        self._process = self._start()
        self.wait_for_line("READY", since=len(self._lines) - 1)

    def stop(self) -> int:
        """End it in order; its exit code, or -1 if it had to be killed."""
        self._process.terminate()
        try:
            return self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return -1

    @property
    def pid(self) -> int:
        """Process id of the service."""
        return self._process.pid

    @property
    def rss_mb(self) -> float:
        """Its resident memory (/proc/PID/status, VmRSS)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    @property
    def alive(self) -> bool:
        """Does it still run?"""
        return self._process.poll() is None

    @property
    def lines(self) -> int:
        """How many log lines have come so far."""
        return len(self._lines)

    def wait_for_line(self, pattern: str, *, since: int = 0, timeout_s: float = 12.0) -> str:
        """Return the first log line from number ``since`` on that matches."""
        found: list[str] = []

        def there() -> bool:
            found[:] = [line for line in self._lines[since:] if re.search(pattern, line)][:1]
            return bool(found) or not self.alive

        with self._news:
            self._news.wait_for(there, timeout_s)
        if not found:
            why = "it did not come in time" if self.alive else "the service has ended"
            raise SimulationError(f"no log line like {pattern!r}: {why}")
        return found[0]

    def ask(self, command: str, **args: object) -> Any:
        """Ask over ``control.sock``."""
        runs, result = ask_service(self._run_dir, command, args, lambda _step: None)
        if not runs:
            raise SimulationError(f"the service does not answer {command}")
        return result

    def _start(self) -> subprocess.Popen[bytes]:
        command = [*self._inside, sys.executable, "-I", "-m", "device", "run", "--settings", str(self._settings)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/"
        )
        threading.Thread(target=self._pump, args=(process.stdout,), daemon=True).start()
        return process

    def _pump(self, stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                with self._news:
                    self._lines.append(raw.decode(errors="replace").rstrip("\n"))
                    self._log.write(raw)
                    self._log.flush()
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()


def write_settings(folder: Path, more: str) -> Path:
    """Settings of a service with state and sockets in ``folder``; ``more`` are further sections."""
    settings = folder / "settings.toml"
    settings.write_text(f'[service]\nstate_dir = "{folder}/state"\nrun_dir = "{folder}/run"\n{more}')
    return settings


@contextmanager
def serving(folder: Path, more: str) -> Iterator[RunningService]:
    """The service of :func:`write_settings`, after its boot self-test."""
    settings = write_settings(folder, more)
    with (folder / "log").open("wb") as log:
        service = RunningService(settings, folder / "run", log)
        try:
            service.wait_for_line("selftest run=boot")
            yield service
        finally:
            service.stop()


def wait_until(true: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Poll a condition of another process; raises SimulationError when it does not come true in time."""
    until = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > until:
            raise SimulationError(f"{what} did not happen within {timeout_s:g} s")
        time.sleep(0.01)
