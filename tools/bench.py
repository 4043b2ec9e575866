"""Speed and memory of this checkout on this machine, as figures beside their targets and as ratios to a peer.

Usage: python -m tools.bench [--only PART]... [--out FILE]. PART is protocols (decoding, deframing, imports) or
service (start, idling, declines, self-test); without it all are measured. Peers run in the same process in turn with
ours: pyiso8583 and pyemv for decoding; or in the same minute: an empty Python for start-up. Nothing here passes or
fails: figures are for people.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import iso8583
from iso8583.specs import default_ascii
from pyemv import tlv as pyemv_tlv

import protocol
from device.settings import read_catalogue
from protocol.ber_tlv import parse_tlv
from protocol.control_frame import Deframer, Frame, FrameProfile, LengthKind, build_frame
from protocol.envelope import open_envelope
from protocol.iso8583 import parse_message
from protocol.iso8583_profile import parse_profile
from tools.bench_flash import flash_rows
from tools.bench_selftest import selftest_rows
from tools.payment_client import PaymentClient
from tools.simulate.iso_message import Style, build_message, wrap_request, wrap_response
from tools.simulate.running_service import RunningService

_WANTED: Final = frozenset((11, 12, 13, 39, 41, 42))
_PARTS: Final = ("protocols", "service")
_STARTS: Final = 15
_ROUNDS: Final = 15
_REPEATS: Final = 300
_DECLINES: Final = 60
_IDLE_S: Final = 20.0
_PLAIN: Final[dict[int, str | bytes]] = {
    **{3: "000000", 4: "000000012300", 11: "000123", 12: "120000", 13: "1123", 14: "3111", 18: "5411", 22: "051"},
    **{25: "00", 35: "6200000000000005D31112011234567890", 37: "REF000000123", 39: "62", 41: "T0000001"},
    **{42: "M00000000000001", 49: "156"},
}


def main() -> int:
    """Measure what is wanted and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--out", type=Path, help="write the table to this file too")
    parser.add_argument("--only", choices=_PARTS, action="append", help="this part alone; may be given again")
    wanted = parser.parse_args()
    parts, out = wanted.only or list(_PARTS), wanted.out
    rows = [("what", "figure", "target")]
    if "protocols" in parts:
        rows += [*_decode(), *_tlv(), *_deframing(), *_imports()]
    if "service" in parts:
        with tempfile.TemporaryDirectory(prefix="posmedic-bench-") as folder:
            rows += _start(Path(folder))
            rows += _live(Path(folder))
    width = max(len(row[0]) for row in rows)
    table = "\n".join(f"{name:{width}}  {figure:32}  {target}" for name, figure, target in rows)
    print(table)
    if out is not None:
        out.write_text(table + "\n")
    return 0


def _decode() -> list[tuple[str, str, str]]:
    profile = parse_profile(read_catalogue("profiles/iso1987_ascii.toml").mapping, "iso1987_ascii")
    message = build_message("0210", _PLAIN, Style.ASCII)
    wrapped = wrap_response(message, Style.ASCII)
    if parse_message(message, profile).fields[39] != iso8583.decode(message, default_ascii)[0]["39"]:
        raise SystemExit("bench: the two decoders do not agree, so there is nothing to compare")
    ours, full, peer, opened = _each_us(
        lambda: parse_message(message, profile, _WANTED),
        lambda: parse_message(message, profile),
        lambda: iso8583.decode(message, default_ascii),
        lambda: open_envelope(wrapped, (profile,), _WANTED),
        repeats=_REPEATS,
    )
    return [
        ("ISO 8583, what the diagnosis needs", f"{ours:.1f} us, {peer / ours:.1f}x pyiso8583", ">= 5x"),
        ("ISO 8583, every field", f"{full:.1f} us, {peer / full:.1f}x pyiso8583", ">= 1.5x"),
        ("ISO 8583 with its envelope found", f"{opened:.1f} us", ""),
    ]


def _tlv() -> list[tuple[str, str, str]]:
    """Chip data of a sale; the peer cuts out every value at once, ours when it is asked for, so both are told."""
    chip = bytes.fromhex(
        "9F2608A1B2C3D4E5F607189F2701809F1013070103A0A002010A010000000000AABBCCDD009F3704112233449F36020042"
        "950500000080009A032311239C01009F02060000000123005F2A02015682027C009F1A0201569F03060000000000009F3303E0F0C8"
        "9F34034203009F3501229F1E0831323334353637388407A00000033301019F090200309F410400000012"
    )
    if {item.tag: item.value for item in parse_tlv(chip).objects} != pyemv_tlv.decode(chip):
        raise SystemExit("bench: the two TLV readers do not agree, so there is nothing to compare")
    peer, checked, made = _each_us(
        lambda: pyemv_tlv.decode(chip), lambda: parse_tlv(chip), lambda: parse_tlv(chip).objects, repeats=_REPEATS
    )
    return [
        ("TLV, read and all lengths checked", f"{checked:.1f} us, {peer / checked:.1f}x pyemv", ">= 3x"),
        ("TLV, every object made", f"{made:.1f} us, {peer / made:.1f}x pyemv", ""),
    ]


def _each_us(*calls: Callable[[], object], repeats: int) -> list[float]:
    """Processor time of each call, in turn, so that a busy machine is as hard on all; the best of all rounds."""
    rounds: list[list[float]] = [[] for _ in calls]
    for _ in range(_ROUNDS):
        for call, spent in zip(calls, rounds, strict=True):
            began = time.thread_time()
            for _ in range(repeats):
                call()
            spent.append((time.thread_time() - began) / repeats)
    return [min(spent) * 1e6 for spent in rounds]


def _settings(folder: Path, kind: str) -> Path:
    path = folder / "settings.toml"
    if kind == "framebuffer":
        (folder / "fb").write_bytes(bytes(480 * 800 * 4))
    target = folder / ("fb" if kind == "framebuffer" else "screen")
    path.write_text(
        f'[service]\nstate_dir = "{folder}/state"\nrun_dir = "{folder}/run"\n'
        f'[screen]\nkind = "{kind}"\npath = "{target}"\nsize = "480x800"\n'
    )
    return path


def _start(folder: Path) -> list[tuple[str, str, str]]:
    settings = _settings(folder, "png")
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


def _imports() -> list[tuple[str, str, str]]:
    """``protocol`` in a fresh Python, less what an empty one takes: the package, what a sale needs of it, all of it."""
    names = sorted(path.stem for path in Path(protocol.__file__).parent.glob("*.py") if path.stem != "__init__")
    empty = min(_processor_ms("pass") for _ in range(_STARTS))

    def row(what: str, imports: str, target: str) -> tuple[str, str, str]:
        loaded = min(_processor_ms(f"import {imports}") for _ in range(_STARTS))
        return (what, f"{loaded - empty:.1f} ms over an empty Python", target)

    return [
        row("import protocol", "protocol", "< 15 ms"),
        row("import of what reads a sale", "protocol.envelope, protocol.emv", ""),
        row(f"import of all {len(names)} modules of protocol", ", ".join(f"protocol.{name}" for name in names), ""),
    ]


def _deframing() -> list[tuple[str, str, str]]:
    """Frames of 200 to 1,000 bytes, fed in pieces as a serial driver gives them; the peer goes byte by byte."""
    profile = FrameProfile(LengthKind.BCD)
    payloads = [bytes((number * 7 + at) % 95 + 32 for at in range(200 + number % 9 * 100)) for number in range(900)]
    stream = b"".join(build_frame(payload, profile) + b"\x06" for payload in payloads)
    pieces = [stream[at : at + 4096] for at in range(0, len(stream), 4096)]

    def ours() -> int:
        deframer = Deframer(profile)
        return sum(isinstance(item, Frame) for piece in pieces for item in deframer.feed(piece))

    if ours() != len(payloads) or _frames_byte_by_byte(stream) != len(payloads):
        raise SystemExit("bench: the two deframers do not agree, so there is nothing to compare")
    each_us, peer_us = _each_us(ours, lambda: _frames_byte_by_byte(stream), repeats=1)
    return [
        (
            "control frames out of a stream",
            f"{len(stream) / each_us:.0f} MB/s, {peer_us / each_us:.1f}x a loop over bytes",
            ">= 20 MB/s",
        )
    ]


def _frames_byte_by_byte(stream: bytes) -> int:
    """STX, two bytes BCD length, payload, ETX, LRC, as one writes it at first."""
    found = at = 0
    while at < len(stream):
        if stream[at] != 0x02:
            at += 1
            continue
        size = int(stream[at + 1 : at + 3].hex())
        lrc = 0
        for byte in stream[at + 1 : at + 4 + size]:
            lrc ^= byte
        found += lrc == stream[at + 4 + size]
        at += size + 5
    return found


def _empty_ms(program: str = "pass") -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", program], check=True)
    return (time.perf_counter() - began) * 1000


def _processor_ms(program: str) -> float:
    """Processor time of a fresh Python with this program."""
    _, status, used = os.wait4(subprocess.Popen([sys.executable, "-I", "-c", program]).pid, 0)
    if status:
        raise SystemExit(f"bench: {program[:40]!r} did not run")
    return (used.ru_utime + used.ru_stime) * 1000


def _live(folder: Path) -> list[tuple[str, str, str]]:
    run_dir = folder / "run"
    with (folder / "log").open("wb") as log:
        service = RunningService(_settings(folder, "framebuffer"), run_dir, log)
        try:
            service.wait_for_line("selftest run=boot")
            idle = _idle(service)
            waits = _declines(service, run_dir)
            after = _memory(service)
            tested = selftest_rows(service, folder / "settings.toml")
        finally:
            service.stop()
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
    fields: dict[int, str | bytes] = {**_PLAIN, 11: f"{number:06d}", 64: b"MACMACMA"}
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
