"""``posmedic gate``: the guard of the boot. It waits until the service has judged the version that runs.

Exit code 0: it may stay; 1: it is new and may not, or was not heard of in time. On a version that was found good
before, it never ends with 1: what is broken there is told elsewhere and is no reason to start again.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from device.app.boot_gate import time_of_verdict
from device.app.journal import note
from device.drivers.system import read_system_version
from device.settings import DEFAULT_PATH, read_settings
from device.store.clock import SystemClock
from device.table import TableError
from device.update.records import Baseline, Ending, Pending, Records, Running, Verdict

_STATE_DIR: Final = Path("/var/lib/posmedic")
_RUN_DIR: Final = Path("/run/posmedic")
_AGAIN_S: Final = 0.5  # the service may be starting again: nothing to wait on, so it is asked again
_STEP_S: Final = 5.0


def run_gate(path: Path | None, command_line: Path = Path("/proc/cmdline")) -> int:
    """Wait for the service's judgement; without one in time a new version is told as silent and fails."""
    state_dir, run_dir, deadline_s = _STATE_DIR, _RUN_DIR, 90.0
    try:
        settings = read_settings(path or DEFAULT_PATH)
        state_dir, run_dir = settings.service.state_dir, settings.service.run_dir
        if settings.update is None:
            return 0
        deadline_s = settings.update.gate_s
    except TableError as error:
        sys.stderr.write(f"posmedic: {error}\n")
    records = Records(state_dir / "update")
    baseline, running = records.baseline(), Running(read_system_version() or "", _slot(command_line))
    trial = baseline is not None and not baseline.running.is_same(running)
    if baseline is not None and trial:
        _count_boot(records, baseline, running)
    stays = _ask(run_dir / "control.sock", time.monotonic() + deadline_s)
    if stays is None and baseline is not None and trial:
        _tell_silent(records, baseline, running, deadline_s)
    note("gate", stays={True: "yes", False: "no", None: "not heard of"}[stays], trial="yes" if trial else "no")
    return 0 if stays or not trial else 1


def _ask(path: Path, until: float) -> bool | None:
    """Ask the service again and again, until it has judged or the time is up (None)."""
    while (left_s := until - time.monotonic()) > 0:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.settimeout(min(left_s, _STEP_S))
                sock.connect(str(path))
                sock.sendall(b'{"command":"gate","args":{}}\n')
                answer = _read_line(sock, until)
        except OSError:
            time.sleep(min(_AGAIN_S, left_s))  # the service is not up yet; its socket tells nobody when
            continue
        if isinstance(answer, dict) and isinstance(answer.get("result"), dict):
            return bool(answer["result"].get("stays"))
        time.sleep(min(_AGAIN_S, left_s))  # it hung up: it is being started again
    return None


def _read_line(sock: socket.socket, until: float) -> Any:
    """One JSON line, however long the service takes for it; None if it hung up."""
    buffer = b""
    while b"\n" not in buffer:
        sock.settimeout(max(until - time.monotonic(), 0.01))
        chunk = sock.recv(4096)
        if not chunk:
            return None
        buffer += chunk
    try:
        return json.loads(buffer.partition(b"\n")[0])
    except ValueError:
        return None


def _count_boot(records: Records, baseline: Baseline, running: Running) -> None:
    """Write down that the new version came as far as this, for the old one to tell if nothing more is heard."""
    boot_id = SystemClock().boot_id
    pending = records.pending()
    if pending is None or pending.version != running.version:  # the vendor's own updater wrote the slot
        pending = Pending(baseline.running, running.version, _now(), "", installed=True)
    boots = (*pending.boots[-20:], boot_id)
    _write(records, Pending(pending.source, pending.version, pending.began, pending.boot, True, boots))


def _tell_silent(records: Records, baseline: Baseline, running: Running, deadline_s: float) -> None:
    pending = records.pending()
    note("gate", silent_for_s=deadline_s)
    verdict = Verdict(Ending.SILENT, baseline.running, running, time_of_verdict(), "service", "answer", "none")
    _write(records, replace(verdict, detail="no_answer", update="" if pending is None else pending.id))


def _write(records: Records, record: Pending | Verdict) -> None:
    try:
        records.write(record)
    except OSError as error:
        note("gate", unwritten=type(record).__name__, why=error.strerror or "unknown")


def _slot(command_line: Path) -> str:
    """The boot name of the running slot where the boot loader tells it (``rauc.slot=A``), else ""."""
    try:
        words = command_line.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return ""
    return next((word.partition("=")[2] for word in words if word.startswith("rauc.slot=")), "")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
