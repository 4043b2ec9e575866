"""The answer to GET PROCESSING OPTIONS (EMV 4.4 Book 3, 6.5.8.4) and the application file locator in it (10.2)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from protocol.ber_tlv import Reading, Tlv, TlvFailure, parse_tlv

_AFL_ENTRY_BYTES: Final = 4
_AIP_BYTES: Final = 2
_MOST_SFI: Final = 30


class GpoFormat(IntEnum):
    """1: tag 80, AIP and AFL concatenated. 2: tag 77, data objects."""

    CONCATENATED = 1
    OBJECTS = 2


@dataclass(frozen=True, slots=True)
class AflEntry:
    """Records ``first`` to ``last`` of a file; the first ``signed`` of them enter offline data authentication."""

    offset: int
    sfi: int
    first: int
    last: int
    signed: int
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Afl:
    """The entries, and the failure if the length is no multiple of four."""

    entries: tuple[AflEntry, ...]
    failure: TlvFailure | None = None


@dataclass(frozen=True, slots=True)
class GpoAnswer:
    """What the card answered. ``format`` is None if it is no such answer.

    ``aip`` is tag 82, None if missing; ``aip_offset`` is where it stands in format 1. ``objects`` are all objects of
    format 2, which may be card data.
    """

    format: GpoFormat | None
    aip: bytes | None = None
    afl: Afl | None = None
    objects: tuple[Tlv, ...] = field(default=(), repr=False)
    status_word: int | None = None
    oddities: tuple[str, ...] = ()
    failure: TlvFailure | None = None
    aip_offset: int = 0


def parse_afl(data: bytes, offset: int = 0) -> Afl:
    """Read entries of four bytes; ``offset`` is where ``data`` begins in the whole. Never raises."""
    whole = len(data) - len(data) % _AFL_ENTRY_BYTES
    entries = tuple(_afl_entry(data[at : at + 4], offset + at) for at in range(0, whole, _AFL_ENTRY_BYTES))
    if whole == len(data):
        return Afl(entries)
    return Afl(entries, TlvFailure(offset + whole, f"an AFL entry has 4 bytes, {len(data) - whole} are there", "94"))


def build_afl(entries: tuple[AflEntry, ...]) -> bytes:
    """The bytes of the entries. Raises ValueError where a number does not fit."""
    return b"".join(bytes((entry.sfi << 3, entry.first, entry.last, entry.signed)) for entry in entries)


def _afl_entry(data: bytes, offset: int) -> AflEntry:
    sfi, first, last, signed = data[0] >> 3, data[1], data[2], data[3]
    checks = (
        (data[0] & 0x07, "the low three bits beside the SFI are not zero"),
        (not 1 <= sfi <= _MOST_SFI, f"SFI {sfi} is not 1 to {_MOST_SFI}"),
        (first == 0, "the first record is 0"),
        (last < first, f"the last record {last} is before the first {first}"),
        (signed > max(0, last - first + 1), f"{signed} records for offline authentication are more than there are"),
    )
    return AflEntry(offset, sfi, first, last, signed, tuple(text for is_odd, text in checks if is_odd))


def parse_gpo(data: bytes) -> GpoAnswer:
    """Read an answer, with or without its status word. Never raises; what is odd or missing is told."""
    parsed = parse_tlv(data)
    item = parsed.objects[0] if parsed.objects else None
    if item is None or item.tag not in ("80", "77"):
        none = TlvFailure(0, "the answer begins with neither tag 80 nor tag 77")
        return GpoAnswer(None, status_word=parsed.status_word, failure=parsed.failure or none)
    extra = ("objects follow the template",) if len(parsed.objects) > 1 else ()
    answer = (_concatenated if item.tag == "80" else _objects)(item, data, parsed.reading)
    failure = parsed.failure or answer.failure or (answer.afl.failure if answer.afl else None)
    told = answer.oddities + extra
    return replace(answer, status_word=parsed.status_word, oddities=told, failure=failure)


def _concatenated(item: Tlv, data: bytes, reading: Reading) -> GpoAnswer:
    start = item.offset + _head_bytes(item, data, reading)
    if len(item.value) < _AIP_BYTES:
        return GpoAnswer(
            GpoFormat.CONCATENATED, failure=TlvFailure(start, "format 1 is shorter than an AIP of 2 bytes", "80")
        )
    afl = parse_afl(item.value[_AIP_BYTES:], start + _AIP_BYTES)
    oddities = () if afl.entries or afl.failure else ("format 1 has no AFL",)
    return GpoAnswer(GpoFormat.CONCATENATED, item.value[:_AIP_BYTES], afl, oddities=oddities, aip_offset=start)


def _head_bytes(item: Tlv, data: bytes, reading: Reading) -> int:
    """How many bytes stand before the value of an object with a tag of one byte."""
    length = data[item.offset + 1]
    return 2 if length < 0x80 or reading is Reading.SIMPLE else 2 + (length & 0x7F)


def _objects(item: Tlv, data: bytes, reading: Reading) -> GpoAnswer:
    inner = {child.tag: child for child in reversed(item.children)}
    oddities = []
    aip = inner.get("82")
    if aip is None:
        oddities.append("format 2 has no AIP (82)")
    elif len(aip.value) != _AIP_BYTES:
        oddities.append(f"the AIP has {len(aip.value)} bytes, not {_AIP_BYTES}")
    located = inner.get("94")
    afl = None if located is None else parse_afl(located.value, located.offset + _head_bytes(located, data, reading))
    if located is None and "57" not in inner:
        oddities.append("format 2 has neither an AFL (94) nor track 2 (57)")
    return GpoAnswer(GpoFormat.OBJECTS, aip.value if aip else None, afl, item.children, oddities=tuple(oddities))
