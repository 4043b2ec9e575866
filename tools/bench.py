"""Speed and memory of this checkout on this machine, as figures beside their targets and as ratios to a peer.

Usage: python -m tools.bench [--only PART]... [--out FILE]. PART is protocols (decoding, deframing, imports, data),
service (start, idling, declines, self-test) or port (the technician's); without it all are measured. Peers run in the
same process in turn with ours: pyiso8583 and pyemv for decoding; or in the same minute: an empty Python for start-up,
lrzsz alone for a transfer. Nothing here passes or fails: figures are for people.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tools.bench_console import console_rows
from tools.bench_flash import flash_rows
from tools.bench_protocols import PLAIN, protocol_rows
from tools.bench_selftest import selftest_rows
from tools.payment_client import PaymentClient
from tools.simulate.iso_message import Style, build_message, wrap_request, wrap_response
from tools.simulate.running_service import RunningService, serving, write_settings

_PARTS: Final = ("protocols", "service", "port")
_STARTS: Final = 15
_DECLINES: Final = 60
_SETTLE_S: Final = 15.0  # what follows the boot self-test is over then
_IDLE_S: Final = 60.0


def main() -> int:
    """Measure what is wanted and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--out", type=Path, help="write the table to this file too")
    parser.add_argument("--only", choices=_PARTS, action="append", help="this part alone; may be given again")
    wanted = parser.parse_args()
    parts, out = wanted.only or list(_PARTS), wanted.out
    rows = [("what", "figure", "target")]
    if "protocols" in parts:
        rows += protocol_rows()
    if "service" in parts:
        with tempfile.TemporaryDirectory(prefix="posmedic-bench-") as folder:
            rows += _start(Path(folder))
            rows += _live(Path(folder))
    if "port" in parts:
        rows += console_rows()
    width = max(len(row[0]) for row in rows)
    table = "\n".join(f"{name:{width}}  {figure:32}  {target}" for name, figure, target in rows)
    print(table)
    if out is not None:
        out.write_text(table + "\n")
    return 0


def _screen(kind: str, path: Path) -> str:
    return f'[screen]\nkind = "{kind}"\npath = "{path}"\nsize = "480x800"\n'


def _start(folder: Path) -> list[tuple[str, str, str]]:
    settings = write_settings(folder, _screen("png", folder / "screen"))
    ready = [_ready_ms(settings) for _ in range(_STARTS)]
    empty = [_empty_ms() for _ in range(_STARTS)]
    ratio = statistics.median(ready) / statistics.median(empty)
    return [
        ("READY after start, median", f"{statistics.median(ready):.0f} ms, {ratio:.1f}x an empty Python", "<= 150 ms"),
        ("READY after start, slowest", f"{max(ready):.0f} ms", ""),
    ]


def _ready_ms(settings: Path) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-I", "-m", "device", "run", "--settings", str(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline() if process.stdout else b""
        took = time.perf_counter() - began
        process.terminate()
        process.communicate()  # its last words need a reader
        if b"READY" not in line:
            raise SystemExit(f"bench: the service did not start: {line!r}")
    return took * 1000


def _empty_ms(program: str = "pass") -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", program], check=True)
    return (time.perf_counter() - began) * 1000


def _live(folder: Path) -> list[tuple[str, str, str]]:
    panel = folder / "fb"
    panel.write_bytes(bytes(480 * 800 * 4))
    with serving(folder, _screen("framebuffer", panel)) as service:
        idle = _idle(service)
        waits = _declines(service, folder / "run")
        after = _memory(service)
        tested = selftest_rows(service, folder / "settings.toml")
    waits.sort()
    p50, p99 = waits[len(waits) // 2], waits[min(len(waits) - 1, int(len(waits) * 0.99))]
    return [
        *idle,
        ("62 sent to first page on the panel, p50", f"{p50:.0f} ms", "<= 300 ms"),
        ("62 sent to first page on the panel, p99", f"{p99:.0f} ms of {len(waits)}", "<= 300 ms"),
        (f"RSS after {_DECLINES} declines", f"{after['Rss']:.1f} MB, {after['Anonymous']:.1f} anonymous", ""),
        *tested,
        *flash_rows(),
    ]


def _idle(service: RunningService) -> list[tuple[str, str, str]]:
    time.sleep(_SETTLE_S)
    memory = _memory(service)
    woken, ran_s = _woken(service), _ran_s(service)
    time.sleep(_IDLE_S)  # idling is what is measured
    wakeups = (_woken(service) - woken) * 60 / _IDLE_S
    share = (_ran_s(service) - ran_s) / _IDLE_S * 100
    return [
        ("idle RSS", f"{memory['Rss']:.1f} MB, {memory['Anonymous']:.1f} anonymous", "<= 24 MB"),
        ("idle wake-ups", f"{wakeups:.1f} a minute", "<= 10"),
        ("idle CPU", f"{share:.2f} % of a core", "<= 0.1 %"),
    ]


def _declines(service: RunningService, run_dir: Path) -> list[float]:
    waits = []
    with PaymentClient(run_dir / "host.sock") as client:
        client.hello("unionpay")
        client.say("display", state="granted")
        for number in range(1, _DECLINES + 1):
            message = _exchange(number)
            since = service.lines
            began = time.perf_counter()
            client.say("exchange", id=str(number), **message)
            service.wait_for_line(r" screen page=1", since=since)
            waits.append((time.perf_counter() - began) * 1000)
            client.wait_for("diagnosis", id=str(number), revision=2)
            # the page is refreshed with the newest evidence: wait for it, so that it is not taken for the next one
            service.wait_for_line(r" screen page=1.*\n?", since=since + 1)
    return waits


def _exchange(number: int) -> dict[str, Any]:
    fields: dict[int, str | bytes] = {**PLAIN, 11: f"{number:06d}", 64: b"MACMACMA"}
    asked = {key: value for key, value in fields.items() if key not in (12, 13, 37, 39)}
    answered = {key: fields[key] for key in (3, 4, 11, 12, 13, 37, 39, 41, 42, 49, 64)}
    request = wrap_request(build_message("0200", asked, Style.BCD), Style.BCD)
    response = wrap_response(build_message("0210", answered, Style.BCD), Style.BCD)
    return {"request": request.hex(), "response": response.hex(), "mac": "verified", "entry_mode": "chip"}


def _memory(service: RunningService) -> dict[str, float]:
    """``Rss`` and ``Anonymous`` in MB (/proc/PID/smaps_rollup)."""
    lines = Path(f"/proc/{service.pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return {name: sizes[name] for name in ("Rss", "Anonymous")}


def _woken(service: RunningService) -> int:
    status = Path(f"/proc/{service.pid}/status").read_text()
    return int(status.split("voluntary_ctxt_switches:")[1].split()[0])


def _ran_s(service: RunningService) -> float:
    fields = Path(f"/proc/{service.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    sys.exit(main())
