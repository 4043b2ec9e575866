"""What stands around an ISO 8583 message: length prefix or STX/ETX frame, TPDU, header, found by reading it whole.

No field says how a message is wrapped, so every way that the profiles allow is tried in a fixed, bounded order; the
first that consumes the message to its last byte is chosen, the others are told. Sources: ISO 8583:1987 leaves the
transport open; TPDU of five bytes (60, destination, source), headers of two, six and 46 bytes and the STX frame from
observed samples; length prefixes of two and four bytes, binary, packed or ASCII, as public peers write them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from protocol.iso8583 import BuildError, Message, MessageProfile, build_message, parse_message, read_mti
from protocol.iso8583_spec import HEADERS, PREFIXES

MOST_BYTES: Final = 65_540  # the largest length a two-byte prefix can tell, with its frame
MOST_ATTEMPTS: Final = 96  # messages read in search of the envelope

STX: Final = 0x02
ETX: Final = 0x03
PREFIX_BYTES: Final = {"none": 0, "length2": 2, "bcd2": 2, "ascii4": 4, "length4": 4}
_TPDU: Final = 0x60
_TPDU_BYTES: Final = 5
_INTERBANK_BYTES: Final = 46
_HEADERS_BY_STRUCTURE: Final = (6, 46, 0, 2)


class EnvelopeError(ValueError):
    """Data that nobody should try to open; the text says why."""


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How a message is wrapped; ``start`` and ``end`` are the message's offsets in the data."""

    prefix: str
    tpdu: bool
    header: int
    encoding: str
    start: int
    end: int

    @property
    def header_at(self) -> int:
        """Offset of the header's first byte."""
        return self.start - self.header

    def __str__(self) -> str:
        parts = [] if self.prefix == "none" else [self.prefix]
        parts += ["tpdu"] if self.tpdu else []
        parts += [f"header{self.header}"] if self.header else []
        return " ".join([*(parts or ["bare"]), self.encoding])


@dataclass(frozen=True, slots=True)
class Opened:
    """A message out of its envelope.

    ``whole``: the message fills its envelope to the last byte. If nothing fits whole, ``message`` is the reading that
    got furthest (None: no message type anywhere) and ``reason`` says so. Offsets count from the data's first byte.
    """

    whole: bool
    wrapping: Wrapping | None
    profile: MessageProfile | None
    message: Message | None
    also_possible: tuple[str, ...]
    attempts: int
    reason: str


def open_envelope(
    data: bytes | bytearray, profiles: Sequence[MessageProfile], only: frozenset[int] | None = None
) -> Opened:
    """Find the envelope and the profile of one message that is all of ``data``.

    ``only`` is as in :func:`protocol.iso8583.parse_message`. Raises :class:`EnvelopeError` for oversize data.
    """
    if len(data) > MOST_BYTES:
        raise EnvelopeError(f"{len(data)} bytes are too many for one message; at most {MOST_BYTES} are read")
    fits: list[tuple[Wrapping, MessageProfile]] = []
    furthest: tuple[int, Wrapping, MessageProfile] | None = None
    attempts = 0
    for told in (True, False):  # first the envelopes whose lengths are true; only if none fits, those that lie
        for wrapping, profile in () if fits else _candidates(data, profiles, _frames(data, told=told)):
            if attempts == MOST_ATTEMPTS:
                break
            attempts += 1
            message = _read(data, wrapping, profile, _NOTHING)
            if message.complete and told:
                fits.append((wrapping, profile))
            elif furthest is None or (message.present and message.end > furthest[0]):
                furthest = (message.end, wrapping, profile)
    if fits:
        if len(fits) > 1:  # several fit by their lengths: those whose digits are digits and texts are texts come first
            fits.sort(key=lambda fit: _doubts(data, *fit))
        wrapping, profile = fits[0]
        others = tuple(f"{profile.name}: {wrapping}" for wrapping, profile in fits[1:])
        return Opened(True, wrapping, profile, _read(data, wrapping, profile, only), others, attempts, "")
    if furthest is None:
        return Opened(False, None, None, None, (), attempts, "no message type was found in any known envelope")
    _, wrapping, profile = furthest
    message = _read(data, wrapping, profile, only)
    if message.failure is None and message.trailing:
        reason = f"{message.trailing} bytes are left after the message, from byte {message.end}"
    else:
        reason = str(
            message.failure or f"the {wrapping.prefix} prefix does not tell the {len(data)} bytes that are there"
        )
    return Opened(False, wrapping, profile, message, (), attempts, reason)


_NOTHING: Final[frozenset[int]] = frozenset()


def _read(data: bytes | bytearray, wrapping: Wrapping, profile: MessageProfile, only: frozenset[int] | None) -> Message:
    body = data if wrapping.end == len(data) else data[: wrapping.end]
    message = parse_message(body, profile, only, start=wrapping.start)
    if body is not data and isinstance(body, bytearray):
        body[:] = bytes(len(body))
    return message


def _doubts(data: bytes | bytearray, wrapping: Wrapping, profile: MessageProfile) -> tuple[bool, int, bool]:
    """What speaks against a reading that fits by its lengths, the weightiest first.

    A field that fails; texts with control characters; that writing the same fields again gives other bytes, as where
    an odd digit leans to the other side.
    """
    message = _read(data, wrapping, profile, None)
    texts = [value for value in message.fields.values() if isinstance(value, str)]
    strange = sum(any(character < " " for character in text) for text in texts)
    try:
        again = build_message(message.mti, message.fields, profile)
    except BuildError:
        again = b""
    return not message.complete, strange, again != data[wrapping.start : wrapping.end]


def _frames(data: bytes | bytearray, *, told: bool) -> dict[str, tuple[int, int]]:
    """What each prefix encloses. ``told`` False: prefixes that tell another length than is there (a cut message)."""
    true = {prefix: frame for prefix in PREFIXES if (frame := _unwrap(data, prefix)) is not None}
    if told:
        return true
    size = len(data)
    stx = {"stx": (3, size)} if size > 3 and data[0] == STX and "stx" not in true else {}
    lying = {prefix: own for prefix, own in PREFIX_BYTES.items() if own and prefix not in true and size > own}
    return stx | {prefix: (own, size) for prefix, own in lying.items()}


def _candidates(
    data: bytes | bytearray, profiles: Sequence[MessageProfile], frames: Mapping[str, tuple[int, int]]
) -> Iterator[tuple[Wrapping, MessageProfile]]:
    """All wrappings under which a plausible message type stands, the most structured first."""
    every = [variant for profile in profiles for variant in (profile, *profile.variants)]
    for prefix, frame in frames.items():
        for tpdu in (True, False):
            if tpdu and (frame[0] >= len(data) or data[frame[0]] != _TPDU):
                continue
            for header in sorted(HEADERS, key=_HEADERS_BY_STRUCTURE.index):
                at = frame[0] + _TPDU_BYTES * tpdu + header
                if not _header_fits(data, at - header, header):
                    continue
                for profile in every:
                    allowed = prefix in profile.prefixes and tpdu in profile.tpdu and header in profile.headers
                    if allowed and at < frame[1] and read_mti(data, at, profile.mti):
                        yield Wrapping(prefix, tpdu, header, str(profile.mti), at, frame[1]), profile


def _header_fits(data: bytes | bytearray, at: int, header: int) -> bool:
    """Six bytes begin with 60 or 61 (application class), the interbank header with its own length, 2E."""
    if header == 6:
        return at < len(data) and data[at] in (0x60, 0x61)
    return header != _INTERBANK_BYTES or (at < len(data) and data[at] == _INTERBANK_BYTES)


def _unwrap(data: bytes | bytearray, prefix: str) -> tuple[int, int] | None:
    """First and last offset of what the prefix encloses, or None where it is not that prefix."""
    size = len(data)
    if prefix == "stx":
        return _unwrap_stx(data)
    own = PREFIX_BYTES[prefix]
    if size <= own:
        return None
    told = size - own
    if prefix in ("length2", "length4"):
        told = int.from_bytes(data[:own], "big")
    elif prefix != "none":
        digits = data[:own].hex() if prefix == "bcd2" else data[:own].decode("latin-1")
        told = int(digits) if digits.isascii() and digits.isdigit() else -1
    return (own, size) if told == size - own else None


def _unwrap_stx(data: bytes | bytearray) -> tuple[int, int] | None:
    size = len(data)
    if size < 5 or data[0] != STX or data[-2] != ETX:
        return None
    if longitudinal(data, 1, size - 1) != data[-1] and longitudinal(data, 1, size - 2) != data[-1]:
        return None
    digits = data[1:3].hex()
    counted = digits.isdigit() and int(digits) == size - 5
    return (3, size - 2) if counted else (1, size - 2)


def longitudinal(data: bytes | bytearray, start: int, stop: int) -> int:
    """The longitudinal redundancy check: exclusive or of the bytes from ``start`` up to ``stop``."""
    return reduce(xor, data[start:stop], 0)
