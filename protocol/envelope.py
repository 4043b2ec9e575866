"""What stands around an ISO 8583 message: length prefix or STX/ETX frame, TPDU, header, found by reading it whole.

No field says how a message is wrapped, so every way that the profiles allow is tried in a fixed, bounded order; the
first that consumes the message to its last byte is chosen, the others are told. Sources: ISO 8583:1987 leaves the
transport open; TPDU of five bytes (60, destination, source), headers of two, six and 46 bytes from observed samples;
headers of twelve characters (BASE24) and 22 bytes (BASE I) as public peers write them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from protocol.iso8583 import (
    BuildError,
    Message,
    MessageProfile,
    Value,
    announces_third,
    locate_fields,
    parse_message,
    read_mti,
)
from protocol.iso8583_build import build_field
from protocol.iso8583_spec import HEX_CHARACTERS, Encoding, FieldSpec
from protocol.message_prefix import ETX, PREFIXES, Frame, lying_frames, true_frames

MOST_BYTES: Final = 65_540  # the largest length a two-byte prefix can tell, with its frame
MOST_ATTEMPTS: Final = 96  # messages read in search of the envelope

_TPDU: Final = 0x60
_TPDU_BYTES: Final = 5
_BASE24_BYTES: Final = 12
_HEADER_MARKS: Final[Mapping[int, tuple[bytes, ...]]] = {  # a header of so many bytes begins with one of these
    6: (b"\x60", b"\x61", b"\x62", b"\x63"),  # class of application
    _BASE24_BYTES: (b"ISO",),
    22: (b"\x16",),  # its own length
    46: (b"\x2e",),  # its own length
}
_MOST_USUAL: Final = 9_999  # bytes of a message that is as long as it tells
_HEX_OF: Final = {Encoding.EBCDIC: HEX_CHARACTERS.decode("ascii").encode("cp500")}
_WEIGHT_OF_A_MARK: Final = 8  # a TPDU or a marked header bears a broken message out as so many bytes of it do


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
    trailer: bool = False  # one ETX stands after the message

    @property
    def marks(self) -> int:
        """How many parts bear the reading out by how they begin."""
        return self.tpdu + (self.header in _HEADER_MARKS)

    @property
    def header_at(self) -> int:
        """Offset of the header's first byte."""
        return self.start - self.header

    def __str__(self) -> str:
        parts = [] if self.prefix == "none" else [self.prefix]
        parts += ["tpdu"] if self.tpdu else []
        parts += [f"header{self.header}"] if self.header else []
        parts += ["etx"] if self.trailer else []
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
        raise EnvelopeError(f"{len(data)} bytes are too many for one message, at most {MOST_BYTES} are read")
    fits: list[tuple[Wrapping, MessageProfile]] = []
    furthest: tuple[int, Wrapping, MessageProfile] | None = None
    attempts = 0
    true = true_frames(data)
    for frames in (true, lying_frames(data)):  # only if no true envelope fits, those whose lengths lie
        for wrapping, profile in () if fits else _candidates(data, profiles, frames):
            if attempts == MOST_ATTEMPTS:
                break
            attempts += 1
            if frames is true and _read(data, wrapping, profile, _NOTHING).complete:
                fits.append((wrapping, profile))
            elif not fits:
                message = _read(data, wrapping, profile, None)
                reached = message.end + _WEIGHT_OF_A_MARK * _marks(data, wrapping, profile)
                if furthest is None or (message.present and reached > furthest[0]):
                    furthest = (reached, wrapping, profile)
    if fits:
        fits = _least_doubtful(data, fits)
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
        reason = str(message.failure or _why_it_lies(wrapping.prefix, len(data)))
    return Opened(False, wrapping, profile, message, (), attempts, reason)


_NOTHING: Final[frozenset[int]] = frozenset()


def _marks(data: bytes | bytearray, wrapping: Wrapping, profile: MessageProfile) -> int:
    """What bears out the reading of a broken message, as marks: also a length that tells of more than is there."""
    prefix = PREFIXES.get(wrapping.prefix)
    is_cut = prefix is not None and len(data) < prefix.told(data) <= _MOST_USUAL
    return wrapping.marks + is_cut - 2 * _is_written_bitmap(data, wrapping, profile)


def _why_it_lies(prefix: str, size: int) -> str:
    if prefix == "stx":
        return "the check byte or the length of the STX frame is wrong"
    return f"the {prefix} prefix does not tell the {size} bytes that are there"


def _read(data: bytes | bytearray, wrapping: Wrapping, profile: MessageProfile, only: frozenset[int] | None) -> Message:
    body = data if wrapping.end == len(data) else data[: wrapping.end]
    message = parse_message(body, profile, only, start=wrapping.start)
    if body is not data and isinstance(body, bytearray):
        body[:] = bytes(len(body))
    return message


def _least_doubtful(
    data: bytes | bytearray, fits: list[tuple[Wrapping, MessageProfile]]
) -> list[tuple[Wrapping, MessageProfile]]:
    """Those that fit by their lengths, best first; a profile's variants that read the same are one.

    Where one has no failing field, the others with one are dropped.
    """
    kept: dict[tuple[object, ...], tuple[Wrapping, MessageProfile, Message]] = {}
    for wrapping, profile in fits if len(fits) > 1 else ():
        message = _read(data, wrapping, profile, None)
        family = profile.name.partition(" (")[0]  # a variant's name begins with its profile's
        kept.setdefault((wrapping, family, *sorted(message.fields.items())), (wrapping, profile, message))
    if len(kept) < 2:
        return fits[:1]
    readings = list(kept.values())
    doubts = [_doubts(data, *reading) for reading in readings]
    order = sorted(range(len(readings)), key=lambda number: doubts[number])
    return [readings[number][:2] for number in order if doubts[number][0] == doubts[order[0]][0]]


def _doubts(
    data: bytes | bytearray, wrapping: Wrapping, profile: MessageProfile, message: Message
) -> tuple[bool, int, int, int]:
    """What speaks against a reading that fits by its lengths, the weightiest first.

    A field that fails; texts with strange characters; fewer parts of an envelope that begin as they must; half bytes
    that come out otherwise when the same fields are written again, as where an odd digit leans to the other side. F
    fills up an odd digit as well as 0 does.
    """
    strange = sum(_is_strange(value) for value in message.fields.values() if isinstance(value, str))
    strange += _is_written_bitmap(data, wrapping, profile)
    rows = profile.fields.get(message.mti[:1], {})
    others = 0
    for number, (at, size) in locate_fields(data[: wrapping.end], profile, start=wrapping.start).items():
        if number in message.fields:
            there = data[at : at + size]
            others += _differences(there, _again(rows[number], message.fields[number]))
    return not message.complete, strange, -wrapping.marks, others


def _again(spec: FieldSpec, value: Value) -> bytes:
    try:
        return build_field(spec, value)
    except BuildError:
        return b""


def _differences(there: bytes | bytearray, again: bytes) -> int:
    """How many half bytes differ, F counting as a filling as good as any other."""
    pairs = zip(there.hex(), again.hex(), strict=False)
    return sum(ours not in (theirs, "f") for ours, theirs in pairs) + 2 * abs(len(there) - len(again))


def _is_written_bitmap(data: bytes | bytearray, wrapping: Wrapping, profile: MessageProfile) -> bool:
    """Whether a bitmap that is read as raw bytes stands there as 16 hexadecimal characters."""
    if profile.bitmap is not Encoding.BINARY:
        return False
    at = wrapping.start + (2 if profile.mti is Encoding.BCD else 4)
    raw = bytes(data[at : at + 16])
    return len(raw) == 16 and not raw.translate(None, _HEX_OF.get(profile.mti, HEX_CHARACTERS))


def _is_strange(text: str) -> bool:
    """Control characters, letters outside ASCII that are no Chinese, and bytes that are none of the character set."""
    return any(c < " " or "\x7f" <= c < "\u0250" or "\ud800" <= c < "\ue000" for c in text)


def _candidates(
    data: bytes | bytearray, profiles: Sequence[MessageProfile], frames: Mapping[str, Frame]
) -> Iterator[tuple[Wrapping, MessageProfile]]:
    """All wrappings under which a plausible message type stands, the most structured first."""
    every = [variant for profile in profiles for variant in (profile, *profile.variants)]
    headers = sorted({header for profile in every for header in profile.headers}, key=_by_structure)
    lengths = {PREFIXES[name].size for name in frames if name in PREFIXES}
    for prefix, (first, last) in frames.items():
        for tpdu in (True, False):
            if tpdu and (first >= len(data) or data[first] != _TPDU):
                continue
            for header in headers:
                at = first + _TPDU_BYTES * tpdu + header
                is_length = prefix == "none" and not tpdu and header in lengths
                if is_length or not _header_fits(data, at - header, header):
                    continue
                trailer = header == _BASE24_BYTES and data[last - 1] == ETX
                for profile in every:
                    allowed = prefix in profile.prefixes and tpdu in profile.tpdu and header in profile.headers
                    mti = read_mti(data, at, profile.mti) if allowed and at < last else None
                    if mti is None:
                        continue
                    wrapping = Wrapping(prefix, tpdu, header, str(profile.mti), at, last - trailer, trailer)
                    yield wrapping, profile
                    if profile.other_third is not None and announces_third(data, mti[1], profile):
                        yield wrapping, profile.other_third


def _by_structure(header: int) -> tuple[bool, bool, int]:
    """Six bytes first, then the other headers that begin with a mark, then none, then those that anything may be."""
    return header not in _HEADER_MARKS, header != 0, header


def _header_fits(data: bytes | bytearray, at: int, header: int) -> bool:
    marks = _HEADER_MARKS.get(header)
    return marks is None or bytes(data[at : at + header]).startswith(marks)
