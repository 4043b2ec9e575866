"""The technician's port in the benchmark: round trips, a self-test, the check of a sign-in, memory, file transfer.

    python -m tools.bench --only port        this share alone

The far end is this process at the master of a PTY. A transfer's peer is lrzsz alone: the same ``sz`` at the same kind
of PTY, with ``rz`` at its other end instead of the terminal.
"""

from __future__ import annotations

import os
import pty
import select
import statistics
import subprocess
import tempfile
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final

from protocol.console_challenge import NAMESPACE
from tools.simulate.running_service import RunningService, serving, wait_until
from tools.technician.conversation import Conversation
from tools.technician.signing import sign_in, sign_out

_COMMANDS: Final = 500
_SIGN_INS: Final = 5  # the terminal makes six challenges a minute
_RUNS: Final = 5
_FILE: Final = 16 << 20
_TRANSFERS: Final = 3
_PATIENCE_S: Final = 60.0

Row = tuple[str, str, str]


class _Master:
    """The master of a PTY as the laptop's end (a :class:`~tools.technician.link.Link`)."""

    def __init__(self) -> None:
        self.fd, slave = pty.openpty()
        tty.setraw(slave)
        self.name = os.ttyname(slave)
        os.close(slave)  # the terminal leaves a port alone that somebody else has open

    def read(self, timeout_s: float) -> bytes:
        return os.read(self.fd, 65536) if select.select([self.fd], [], [], timeout_s)[0] else b""

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.fd, data) :]

    def close(self) -> None:
        os.close(self.fd)


def console_rows() -> list[Row]:
    """Measure a service of its own with one port."""
    link = _Master()
    with tempfile.TemporaryDirectory(prefix="posmedic-bench-") as name:
        folder = Path(name)
        key = _new_signer(folder)
        more = f'[screen]\nkind = "none"\n[[console]]\nport = "{link.name}"\n'
        more += f'[console_access]\nsigners = "{folder}/signers"\n'
        with serving(folder, more) as service:
            service.wait_for_line(f"console port={link.name} there=yes", timeout_s=_PATIENCE_S)
            rows = _measure(service, link, key, folder)
    link.close()
    return rows


def _measure(service: RunningService, link: _Master, key: Path, folder: Path) -> list[Row]:
    idle = service.rss_mb
    conversation = Conversation(link)
    conversation.wake()
    trips = sorted(_ms(lambda: conversation.get("version")) for _ in range(_COMMANDS))
    tests = [_ms(lambda: conversation.ask("test", "run", "safe", silence_s=_PATIENCE_S)) for _ in range(_RUNS)]
    most, checks = 0.0, []
    for _ in range(_SIGN_INS):
        checks.append(_ms(lambda: sign_in(conversation, "maint", (key,), "")))
        conversation.get("settings", "show")
        most = max(most, service.rss_mb)
    through = statistics.median(_upload_s(conversation, link, folder) for _ in range(_TRANSFERS))
    most = max(most, service.rss_mb)
    sign_out(conversation)
    after = service.rss_mb
    alone = statistics.median(_alone_s(folder) for _ in range(_TRANSFERS))
    p99 = trips[int(len(trips) * 0.99)]
    rate = _FILE / through / 1e6
    return [
        ("port: command round trip", f"p50 {statistics.median(trips):.1f}, p99 {p99:.1f} ms of {_COMMANDS}", ""),
        ("port: safe self-test, all parts", f"{statistics.median(tests):.0f} ms", "<= 5000 ms"),
        ("port: sign-in, signing on the laptop included", f"{statistics.median(checks):.0f} ms", ""),
        ("port: most RSS in a session", f"{most:.2f} MB, {most - idle:+.2f} over idle", "<= +3 MB"),
        ("port: RSS after it", f"{after:.2f} MB, {after - idle:+.2f} over idle", "back to idle"),
        ("port: ZMODEM upload", f"{rate:.1f} MB/s, {alone / through:.2f}x lrzsz alone", ">= 0.9x"),
    ]


def _upload_s(conversation: Conversation, link: _Master, folder: Path) -> float:
    file = _bundle(folder)
    conversation.begin_transfer("upload", "update", str(_FILE))
    took_s = _send_s(link.fd, file)
    conversation.wake()
    whole = folder / "state/incoming/update/whole"
    wait_until(lambda: whole.exists() and whole.stat().st_size == _FILE, _PATIENCE_S, "the upload")
    whole.unlink()
    return took_s


def _alone_s(folder: Path) -> float:
    """The same file with ``rz`` at the other end."""
    link, target = _Master(), folder / "alone"
    target.mkdir(exist_ok=True)
    words = ("rz", "--binary", "--quiet", "--overwrite")
    with (
        Path(link.name).open("r+b", buffering=0) as end,
        subprocess.Popen(words, cwd=target, stdin=end, stdout=end) as receiver,
    ):
        took_s = _send_s(link.fd, _bundle(folder))
        receiver.wait(_PATIENCE_S)
    link.close()
    if (target / "update.raucb").stat().st_size != _FILE:
        raise SystemExit("bench: lrzsz alone did not bring the file")
    return took_s


def _send_s(line: int, file: Path) -> float:
    """Seconds from when the receiver has said that it is ready."""
    select.select([line], [], [], _PATIENCE_S)
    began = time.perf_counter()
    subprocess.run(("sz", "--binary", "--quiet", file), stdin=line, stdout=line, check=True, timeout=_PATIENCE_S)
    return time.perf_counter() - began


def _bundle(folder: Path) -> Path:
    file = folder / "update.raucb"
    if not file.exists():
        file.write_bytes(os.urandom(_FILE))
    return file


def _new_signer(folder: Path) -> Path:
    key = folder / "desk"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key), check=True)
    public = key.with_suffix(".pub").read_text()
    (folder / "signers").write_text(f'posmedic-* namespaces="{NAMESPACE}" {public}')
    return key


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
