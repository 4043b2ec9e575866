"""The protocols' share of the benchmark: decoding, deframing and imports, beside peers in the same process.

python -m tools.bench --only protocols        this share alone
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import iso8583
from iso8583.specs import default_ascii
from pyemv import tlv as pyemv_tlv

import protocol
from device.kept_toml import read_kept
from device.settings import CATALOGUE, read_catalogue, read_text
from device.table import parse_toml
from protocol.ber_tlv import parse_tlv
from protocol.control_frame import Deframer, Frame, FrameProfile, LengthKind, build_frame
from protocol.envelope import open_envelope
from protocol.iso8583 import parse_message
from protocol.iso8583_profile import parse_profile
from tools.simulate.iso_message import Style, build_message, wrap_response

Row = tuple[str, str, str]

_WANTED: Final = frozenset((11, 12, 13, 39, 41, 42))
_ROUNDS: Final = 15
_STARTS: Final = 15
_REPEATS: Final = 300
PLAIN: Final[dict[int, str | bytes]] = {
    **{3: "000000", 4: "000000012300", 11: "000123", 12: "120000", 13: "1123", 14: "3111", 18: "5411", 22: "051"},
    **{25: "00", 35: "6200000000000005D31112011234567890", 37: "REF000000123", 39: "62", 41: "T0000001"},
    **{42: "M00000000000001", 49: "156"},
}


def protocol_rows() -> list[Row]:
    """What was measured, figure and target of each row."""
    return [*_decode(), *_tlv(), *_deframing(), *_imports(), *_data_files()]


def _decode() -> list[Row]:
    profile = parse_profile(read_catalogue("profiles/iso1987_ascii.toml").mapping, "iso1987_ascii")
    message = build_message("0210", PLAIN, Style.ASCII)
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


def _tlv() -> list[Row]:
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


def _data_files() -> list[Row]:
    """The product's TOML files: as they are read, kept parsed, and parsed anew."""
    files = {path: read_text(path) for path in sorted(CATALOGUE.rglob("*.toml"))}

    def read() -> None:
        for path, text in files.items():
            read_kept(path, text, path.name)

    def parse() -> None:
        for path, text in files.items():
            parse_toml(text, path.name)

    read()  # the first in a checkout writes them
    kept, parsed = _each_us(read, parse, repeats=1)
    figure = f"{kept / 1000:.1f} ms, {parsed / kept:.1f}x parsing them"
    return [(f"all {len(files)} data files, kept parsed", figure, "")]


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


def _imports() -> list[Row]:
    """``protocol`` in a fresh Python, less what an empty one takes: the package, what a sale needs of it, all of it."""
    names = sorted(path.stem for path in Path(protocol.__file__).parent.glob("*.py") if path.stem != "__init__")
    empty = min(processor_ms("pass") for _ in range(_STARTS))

    def row(what: str, imports: str, target: str) -> tuple[str, str, str]:
        loaded = min(processor_ms(f"import {imports}") for _ in range(_STARTS))
        return (what, f"{loaded - empty:.1f} ms over an empty Python", target)

    return [
        row("import protocol", "protocol", "< 15 ms"),
        row("import of what reads a sale", "protocol.envelope, protocol.emv", ""),
        row(f"import of all {len(names)} modules of protocol", ", ".join(f"protocol.{name}" for name in names), ""),
    ]


def _deframing() -> list[Row]:
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


def processor_ms(program: str) -> float:
    """Processor time of a fresh Python with this program."""
    _, status, used = os.wait4(subprocess.Popen([sys.executable, "-I", "-c", program]).pid, 0)
    if status:
        raise SystemExit(f"bench: {program[:40]!r} did not run")
    return (used.ru_utime + used.ru_stime) * 1000
