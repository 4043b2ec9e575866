"""A terminal of its own folder, on which the real service is started, killed and asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.checked_client import CheckedClient
from tools.simulate.running_service import RunningService, wait_until

FIELDS = {"mti": "0210", "11": "000062", "39": "62", "41": "00000062", "42": "123456789012345", "22": "051"}
PATIENCE_S = 30.0  # how long a condition of another process is waited for; no test depends on the figure


class Terminal:
    """Settings and folders; ``run_dir`` is short, because a socket's path is bounded."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.run_dir = Path(tempfile.mkdtemp(prefix="posmedic-"))
        self.state = folder / "state"
        self.log = folder / "service.log"
        self.settings = folder / "settings.toml"
        self.screen = folder / "screen.png"
        self.inside: Sequence[str] = ()  # a command that runs the service and its commands in a world of their own
        self.configure()

    def configure(self, more: str = "", screen: str = "", language: str = "zh") -> None:
        """Write the settings: the service's own and a screen, then ``more``."""
        screen = screen or f'kind = "png"\npath = "{self.folder}"\nsize = "320x240"'
        service = f'state_dir = "{self.state}"\nrun_dir = "{self.run_dir}"\nlanguage = "{language}"'
        self.settings.write_text(f"[service]\n{service}\n[screen]\n{screen}\n{more}\n")

    @contextmanager
    def running(self) -> Iterator[RunningService]:
        """Run the service; in the end it stops in order, and its log holds no traceback."""
        with self.log.open("ab") as log:
            service = RunningService(self.settings, self.run_dir, log, self.inside)
            try:
                service.wait_for_line("selftest run=boot", timeout_s=PATIENCE_S)
                yield service
                assert service.alive, self.log.read_text()
                assert service.stop() == 0
            finally:
                service.stop()
        assert "Traceback" not in self.log.read_text()

    def client(self) -> CheckedClient:
        """Connect as a payment application; every message is held against the schema."""
        return CheckedClient(self.run_dir / "host.sock", PATIENCE_S)

    def command(
        self, *words: str | Path, given: bytes | None = None, settings: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one ``posmedic`` command; whatever it says, it is no traceback."""
        line = [*self.inside, sys.executable, "-I", "-m", "device", *map(str, words)]
        if settings:
            line += ["--settings", str(self.settings)]
        done = subprocess.run(line, input=given, capture_output=True, timeout=60, check=False)
        assert b"Traceback" not in done.stdout + done.stderr
        return done

    def remove(self) -> None:
        """Forget the folder of the sockets."""
        shutil.rmtree(self.run_dir, ignore_errors=True)


def children_of(pid: int) -> list[int]:
    """Process ids of the children of ``pid``, dead ones that nobody has waited for left out."""
    try:
        found = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [child for child in found if lives(child)]


def lives(pid: int) -> bool:
    """Does this process run (and is no zombie)?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


__all__ = ["FIELDS", "PATIENCE_S", "Terminal", "children_of", "lives", "wait_until"]
