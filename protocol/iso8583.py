"""ISO 8583 messages by profile: partial results with offsets, and a fast way to the few fields that are needed.

Nothing is raised for what stands on the wire: a :class:`Message` holds the fields up to the first failure, the failing
field with its offset and reason, and how many bytes were left over. No text made here holds a field's value, and
``repr`` shows field numbers only, because messages carry card data.

The reader compiles a plan per bitmap (ISO 8583:1987, 4.4): runs of fixed fields that nobody asked for become one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from protocol.iso8583_build import BuildError, build_message
from protocol.iso8583_exact import Extents, Failure, walk_exactly
from protocol.iso8583_plan import Plan, Steps, dropped_fields, fields_of, make_plan, remember
from protocol.iso8583_profile import ProfileError, parse_profile
from protocol.iso8583_spec import HEX_CHARACTERS, VERSION_OF_DIGIT, Encoding, MessageProfile, Tertiary
from protocol.iso8583_values import BadValueError, Data, Value

__all__ = [
    "BuildError",
    "Failure",
    "Message",
    "MessageProfile",
    "ProfileError",
    "Value",
    "announces_third",
    "build_message",
    "locate_fields",
    "parse_message",
    "parse_profile",
    "read_mti",
]

MAC_FIELDS: Final = (64, 128)
_CHIP_DATA: Final = 55
_ANNOUNCES_SECOND: Final = frozenset(b"89abcdefABCDEF" + "89abcdefABCDEF".encode("cp500"))  # first character


class Message(NamedTuple):  # made for every message on the line: a frozen dataclass takes four times as long
    """What could be read. ``fields`` holds digits and text as ``str``, bits as ``bytes``; never print it.

    ``present`` are the fields that the bitmaps announce; ``trailing`` counts bytes after the last of them;
    ``mac_input``: bit 64 or 128 is set and the message ends before the field, as in the input of a MAC computation.
    """

    profile: str
    mti: str
    present: tuple[int, ...]
    fields: Mapping[int, Value]
    failure: Failure | None
    end: int
    trailing: int
    mac_input: bool = False

    @property
    def dropped(self) -> tuple[int, ...]:
        """Fields that are there and were not read, whatever was asked for: a sign-on response's working keys."""
        return tuple(number for number in dropped_fields(self.mti) if number in self.present)

    @property
    def complete(self) -> bool:
        """Decoded to the last byte."""
        return self.failure is None and self.trailing == 0

    @property
    def chip_data(self) -> bytes | None:
        """DE55 as bytes, whether it came as bits or, in messages of characters, as hexadecimal ones; None: absent."""
        value = self.fields.get(_CHIP_DATA)
        if value is None:
            return None
        raw = value if isinstance(value, bytes) else value.encode("latin-1", "replace")
        is_text = raw and len(raw) % 2 == 0 and not raw.translate(None, HEX_CHARACTERS)
        return bytes.fromhex(raw.decode("ascii")) if is_text else raw

    def text(self, number: int) -> str | None:
        """The field as text, or None where it is absent or bits."""
        value = self.fields.get(number)
        return value if isinstance(value, str) else None

    def __repr__(self) -> str:
        return (
            f"Message({self.profile}, mti={self.mti!r}, present={list(self.present)}, read={sorted(self.fields)},"
            f" failure={str(self.failure)!r}, trailing={self.trailing})"
        )


def read_mti(data: Data, start: int, encoding: Encoding) -> tuple[str, int] | None:
    """The message type's four digits and the offset after them, or None where no plausible MTI stands there.

    Plausible: version 0 to 2, function 0 to 9, origin 0 to 5 (ISO 8583:2003, 5.2); class 1 to 8, and 9, which is
    reserved there and met on terminal links (0900 to 0930).
    """
    if encoding is Encoding.BCD:
        after = start + 2
        digits = data[start:after].hex()
    else:
        after = start + 4
        raw = data[start:after]
        digits = raw.decode("latin-1" if encoding is Encoding.ASCII else "cp500")
    plausible = len(digits) == 4 and digits.isascii() and digits.isdigit()
    if plausible and digits[0] in "012" and digits[1] in "123456789" and digits[3] in "012345":
        return digits, after
    return None


def parse_message(
    data: Data,
    profile: MessageProfile,
    only: frozenset[int] | None = None,
    *,
    start: int = 0,
    version: str | None = None,
) -> Message:
    """Read a message that begins at ``start`` (the MTI) and should fill the rest of ``data``.

    With ``only``, the other fields are walked over by their lengths and neither sliced nor checked: such a message may
    be ``complete`` although a field nobody asked for holds a character it may not. ``version`` is the digit (``0``
    1987, ``1`` 1993, ``2`` 2003) whose field table applies; None takes the MTI's own first digit.
    """
    plan = _plan(data, start, profile, only, version)
    if isinstance(plan, Failure):
        mti = read_mti(data, start, profile.mti)
        left = max(0, len(data) - plan.offset)
        return Message(profile.name, mti[0] if mti else "", (), {}, plan, plan.offset, left)
    fields: dict[int, Value] = {}
    reached = -1
    if plan.unknown is None and not plan.third:
        reached = _walk_quick(data, start + plan.head, plan.quick, fields)
    if reached < 0:
        return _exactly(data, start, profile, plan, only, {})
    return Message(profile.name, plan.mti, plan.present, fields, None, reached, len(data) - reached)


def locate_fields(
    data: Data, profile: MessageProfile, *, start: int = 0, version: str | None = None
) -> Mapping[int, tuple[int, int]]:
    """Offset and bytes on the wire, its length included, of every field up to the first that cannot be read."""
    plan = _plan(data, start, profile, None, version)
    extents: Extents = {}
    if not isinstance(plan, Failure):
        _exactly(data, start, profile, plan, None, extents)
    return extents


def _head(data: Data, start: int, profile: MessageProfile) -> bytes:
    """MTI and the first one or two bitmaps, as they stand; shorter where the data ends."""
    at = start + (2 if profile.mti is Encoding.BCD else 4)
    if at >= len(data):
        return bytes(data[start:at])
    if profile.bitmap is Encoding.BINARY:
        return bytes(data[start : at + (16 if data[at] & 0x80 else 8)])
    return bytes(data[start : at + (32 if data[at] in _ANNOUNCES_SECOND else 16)])


def _plan(
    data: Data, start: int, profile: MessageProfile, only: frozenset[int] | None, version: str | None
) -> Plan | Failure:
    """The plan for the message at ``start``, mostly the one that was made for an earlier message with the same head."""
    plan: Plan | None = profile.plans.get((_head(data, start, profile), only, version))
    return plan if plan is not None else _make_plan(data, start, profile, only, version)


def _make_plan(
    data: Data, start: int, profile: MessageProfile, only: frozenset[int] | None, version: str | None
) -> Plan | Failure:
    """Work out the plan for the message at ``start`` and keep it for the next one with the same head."""
    mti = read_mti(data, start, profile.mti)
    if mti is None:
        return Failure("MTI", start, "no message type here")
    digit = version or mti[0][0]
    if digit not in profile.fields:
        year = VERSION_OF_DIGIT.get(digit, "?")
        return Failure("MTI", start, f"the profile has no fields for version {year}")
    bits = _bitmap_bytes(data, mti[1], profile)
    if isinstance(bits, Failure):
        return bits
    plan = make_plan(profile, (mti[0], digit, bits[1] - start), fields_of(bits[0], 0), only)
    head = _head(data, start, profile)
    if plan.head == len(head):
        remember(profile, (head, only, version), plan)
    return plan


def _bitmap_bytes(data: Data, at: int, profile: MessageProfile) -> tuple[bytes, int] | Failure:
    """The bitmaps as bytes and the offset after them: one, two, or three where the third extends the second."""
    first = _bitmap_part(data, at, profile.bitmap)
    if isinstance(first, Failure) or not first[0][0] & 0x80:
        return first
    second = _bitmap_part(data, first[1], profile.bitmap)
    if isinstance(second, Failure):
        return second
    both = first[0] + second[0]
    if profile.tertiary is not Tertiary.EXTENSION or not second[0][0] & 0x80:
        return both, second[1]
    third = _bitmap_part(data, second[1], profile.bitmap)
    return third if isinstance(third, Failure) else (both + third[0], third[1])


def announces_third(data: Data, at: int, profile: MessageProfile) -> bool:
    """Whether the bitmaps at ``at`` have bit 1 and bit 65 set: a third one comes somewhere."""
    first = _bitmap_part(data, at, profile.bitmap)
    if isinstance(first, Failure) or not first[0][0] & 0x80:
        return False
    second = _bitmap_part(data, first[1], profile.bitmap)
    return not isinstance(second, Failure) and bool(second[0][0] & 0x80)


def _bitmap_part(data: Data, at: int, encoding: Encoding) -> tuple[bytes, int] | Failure:
    size = 8 if encoding is Encoding.BINARY else 16
    raw = bytes(data[at : at + size])
    if len(raw) < size:
        return Failure("bitmap", at, f"{len(raw)} of {size} bytes are there")
    if encoding is Encoding.BINARY:
        return raw, at + size
    if encoding is Encoding.EBCDIC:
        raw = raw.decode("cp500").encode("latin-1", "replace")
    if raw.translate(None, HEX_CHARACTERS):
        return Failure("bitmap", at, "not hexadecimal characters")
    return bytes.fromhex(raw.decode("ascii")), at + size


def _walk_quick(data: Data, pos: int, steps: Steps, fields: dict[int, Value]) -> int:
    """Walk all steps; the offset reached, or -1 where the exact walk must tell what is wrong."""
    end = len(data)
    try:
        for number, size, most, scale, count_at, read in steps:
            if count_at is None:
                after = pos + size
                count = most
            else:
                count = count_at(data, pos)
                if count < 0 or count > most:
                    return -1
                pos += size
                after = pos + (count if not scale else (count + 1) >> 1 if scale > 0 else count << 1)
            if after > end:
                return -1
            if read is not None:
                fields[number] = read(data, pos, after, count)
            pos = after
    except (IndexError, BadValueError):
        return -1
    return pos


def _exactly(
    data: Data, start: int, profile: MessageProfile, plan: Plan, only: frozenset[int] | None, extents: Extents
) -> Message:
    """Walk field by field: third bitmap, the MAC input's missing last field, and the exact place of a failure."""
    fields: dict[int, Value] = {}
    pos, failure = walk_exactly(data, start + plan.head, plan, fields, extents)
    present = plan.present
    bits = fields.pop(65, b"")
    if failure is None and plan.third:
        third = _bitmap_part(bits if isinstance(bits, bytes) else b"", 0, profile.bitmap)
        if isinstance(third, Failure):
            failure = Failure("DE65", extents[65][0], third.reason)
        else:
            more = make_plan(profile, (plan.mti, plan.digit, 0), fields_of(third[0], 128), only)
            pos, failure = walk_exactly(data, pos, more, fields, extents)
            present += more.present
    mac_input = failure is not None and pos == len(data) and failure.field in {f"DE{present[-1]}"} & {"DE64", "DE128"}
    if mac_input:
        failure = None
    return Message(profile.name, plan.mti, present, fields, failure, pos, len(data) - pos, mac_input)
