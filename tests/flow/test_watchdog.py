"""A service that hangs is killed and started again, by the supervisor that terminals without systemd get (C)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hal_library import ROOT, compiler_missing
from support.terminal import PATIENCE_S, Terminal, lives, wait_until

pytestmark = pytest.mark.skipif(compiler_missing() is not None, reason=str(compiler_missing()))
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
FREEZES = 100 if LONG else 3
SOURCE = ROOT / "tools/vendor/examples/no-systemd/supervise.c"
WATCHDOG_MS = "1000"


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("supervise") / "supervise"
    strict = ("-std=gnu11", "-Wall", "-Wextra", "-Werror")
    subprocess.run(["cc", "-O1", *strict, "-o", str(built), str(SOURCE)], check=True)
    return built


class Supervised:
    """The service under its supervisor; what both say goes into one log."""

    def __init__(self, terminal: Terminal, log: Path) -> None:
        self.terminal = terminal
        self._log = log

    def wait_for(self, pattern: str) -> None:
        wait_until(lambda: bool(self.all_of(pattern)), PATIENCE_S, pattern)

    def all_of(self, pattern: str) -> list[str]:
        return re.findall(pattern, self._log.read_text(), re.MULTILINE)

    @property
    def starts(self) -> list[str]:
        return self.all_of(r"^supervise: started (\d+)$")

    def ready(self) -> int:
        """Wait until the supervisor has heard that what it started last is ready; its process id."""

        def heard() -> list[str]:
            return self.all_of(r"^supervise: ready (\d+)$")[-1:]

        wait_until(lambda: bool(heard()) and heard() == self.starts[-1:], PATIENCE_S, "ready")
        return int(heard()[0])


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    made.remove()


@contextlib.contextmanager
def supervised(terminal: Terminal, supervisor: Path) -> Iterator[Supervised]:
    log = terminal.folder / "log"
    line = [str(supervisor), WATCHDOG_MS, sys.executable, "-I", "-m", "device", "run"]
    line += ["--settings", str(terminal.settings)]
    with log.open("wb") as file, subprocess.Popen(line, stdout=file, stderr=file) as process:
        made = Supervised(terminal, log)
        try:
            yield made
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
            assert not any(lives(int(pid)) for pid in made.starts)
        finally:
            process.kill()


def signal_if_there(pid: int, number: signal.Signals) -> None:
    """A machine so busy that the watchdog came first is no fault: then it was killed all the same."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def test_a_frozen_service_is_started_again_each_time_and_has_lost_nothing(terminal: Terminal, supervisor: Path) -> None:
    with terminal.running(), terminal.client() as application:
        application.hello("unionpay")
        fields = {"mti": "0210", "11": "000062", "39": "62", "41": "00000062", "42": "123456789012345"}
        application.say("exchange", id="1", fields=fields, mac="verified")
        application.wait_for("diagnosis", id="1", revision=1)
    with supervised(terminal, supervisor) as service:
        frozen = set()
        for _ in range(FREEZES):
            pid = service.ready()
            signal_if_there(pid, signal.SIGSTOP)
            service.wait_for(rf"^supervise: killed {pid}, not heard of$")
            service.wait_for(rf"^supervise: ended {pid}$")
            frozen.add(pid)
        service.ready()
        assert len(frozen) == FREEZES
    told = terminal.command("last", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["diagnosis"]["code"] == "62"


def test_a_service_that_crashes_is_started_again(terminal: Terminal, supervisor: Path) -> None:
    with supervised(terminal, supervisor) as service:
        pid = service.ready()
        signal_if_there(pid, signal.SIGKILL)
        service.wait_for(rf"^supervise: ended {pid}$")
        wait_until(lambda: service.ready() != pid, PATIENCE_S, "another start")


def test_what_others_say_does_not_feed_the_watchdog(terminal: Terminal, supervisor: Path) -> None:
    with supervised(terminal, supervisor) as service:
        pid = service.ready()
        name = f"\0posmedic-supervise-{parent_of(pid)}"
        signal_if_there(pid, signal.SIGSTOP)
        program = f"import socket\nwhile True: socket.socket(1, 2).sendto(b'WATCHDOG=1', {name!r})"
        with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as stranger:
            try:
                service.wait_for(rf"^supervise: killed {pid}, not heard of$")
            finally:
                stranger.kill()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
