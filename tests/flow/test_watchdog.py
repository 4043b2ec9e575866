"""A service that hangs is killed and started again, by the supervisor that terminals without systemd get (C)."""

from __future__ import annotations

import contextlib
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

    def wait_for(self, pattern: str, count: int = 1) -> list[str]:
        wait_until(lambda: len(self.all_of(pattern)) >= count, PATIENCE_S, pattern)
        return self.all_of(pattern)

    def all_of(self, pattern: str) -> list[str]:
        return re.findall(pattern, self._log.read_text(), re.MULTILINE)

    @property
    def starts(self) -> list[str]:
        return self.all_of(r"^supervise: started (\d+)$")


@pytest.fixture
def supervised(supervisor: Path, tmp_path: Path) -> Iterator[Supervised]:
    terminal, log = Terminal(tmp_path), tmp_path / "log"
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
    terminal.remove()


def test_a_frozen_service_is_started_again_each_time_and_has_lost_nothing(supervised: Supervised) -> None:
    for number in range(1, FREEZES + 1):
        supervised.wait_for("READY", number)
        if number == 1:
            with supervised.terminal.client() as application:
                application.hello("unionpay")
                fields = {"mti": "0210", "11": "000062", "39": "62", "41": "00000062", "42": "123456789012345"}
                application.say("exchange", id="1", fields=fields, mac="verified")
                application.wait_for("diagnosis", id="1", revision=1)
        pid = supervised.starts[-1]
        with contextlib.suppress(ProcessLookupError):  # too slow for its watchdog: then it is killed all the same
            os.kill(int(pid), signal.SIGSTOP)
        supervised.wait_for(rf"^supervise: killed {pid}, not heard of$")
        supervised.wait_for(rf"^supervise: ended {pid}$")
    supervised.wait_for("READY", FREEZES + 1)
    told = supervised.terminal.command("last", "--json").stdout
    assert b'"code": "62"' in told or b'"code":"62"' in told


def test_a_service_that_crashes_is_started_again(supervised: Supervised) -> None:
    supervised.wait_for("READY")
    pid = supervised.starts[-1]
    os.kill(int(pid), signal.SIGKILL)
    supervised.wait_for("READY", 2)
    assert supervised.all_of(r"^supervise: killed ") == []


def test_what_others_say_does_not_feed_the_watchdog(supervised: Supervised) -> None:
    supervised.wait_for("READY")
    pid = int(supervised.starts[-1])
    os.kill(pid, signal.SIGSTOP)
    name = f"\0posmedic-supervise-{parent_of(pid)}"
    program = f"import socket\nwhile True: socket.socket(1, 2).sendto(b'WATCHDOG=1', {name!r})"
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as stranger:
        try:
            supervised.wait_for(rf"^supervise: killed {pid}, not heard of$")
        finally:
            stranger.kill()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
