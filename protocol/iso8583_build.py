"""Building ISO 8583 messages by profile, for tools and round trips. The product itself never sends one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from protocol.iso8583_spec import Align, Encoding, FieldSpec, Format, MessageProfile, Shape, Tertiary, Unit

_PACKABLE: Final = frozenset("0123456789ABCDEFabcdef")


class BuildError(ValueError):
    """A value that does not fit its field; the text names the field and never shows the value."""


def build_message(mti: str, fields: Mapping[int, str | bytes], profile: MessageProfile, *, version: str = "") -> bytes:
    """Write a message: MTI, bitmaps, fields in order. Fixed digits are filled with zeros, fixed text with spaces.

    Raises :class:`BuildError` for an unknown field or a value that does not fit.
    """
    if len(mti) != 4 or not mti.isascii() or not mti.isdigit():
        raise BuildError("the message type must be four digits")
    rows = profile.fields.get(version or mti[0])
    if rows is None:
        raise BuildError(f"the profile {profile.name} has no fields for this version")
    numbers = set(fields)
    third = any(number > 128 for number in numbers)
    if third:
        numbers.add(65)
    if any(number > 64 for number in numbers):
        numbers.add(1)
    extended = third and profile.tertiary is Tertiary.EXTENSION
    last = 192 if extended else 128 if 1 in numbers else 64
    body = bytearray()
    for number in sorted(numbers - {1}):
        if number == 65 and third:
            body += b"" if extended else _build_bits(numbers, 129, 192, profile.bitmap)
            continue
        spec = rows.get(number)
        if spec is None:
            raise BuildError(f"DE{number} is not in the profile {profile.name}")
        body += build_field(spec, fields[number])
    return _build_digits(mti, profile.mti) + _build_bits(numbers, 1, last, profile.bitmap) + bytes(body)


def _build_bits(numbers: Iterable[int], first: int, last: int, encoding: Encoding) -> bytes:
    bits = sum(1 << (last - number) for number in numbers if first <= number <= last)
    raw = bits.to_bytes((last - first + 1) // 8, "big")
    if encoding is Encoding.BINARY:
        return raw
    return raw.hex().upper().encode("cp500" if encoding is Encoding.EBCDIC else "ascii")


def _build_digits(digits: str, encoding: Encoding) -> bytes:
    if encoding is Encoding.BCD:
        return bytes.fromhex(digits)
    return digits.encode("cp500" if encoding is Encoding.EBCDIC else "ascii")


def build_field(spec: FieldSpec, value: str | bytes) -> bytes:
    """Write one field, its length included. Raises :class:`BuildError` for a value that does not fit."""
    raw, count = _build_bits_field(spec, value) if spec.format is Format.B else _build_text(spec, value)
    if count > spec.most or (spec.shape is Shape.FIXED and count != spec.most):
        raise BuildError(f"DE{spec.number} has {count} {spec.unit}, the profile allows {spec.most}")
    return _build_length(spec, count) + raw


def _build_bits_field(spec: FieldSpec, value: str | bytes) -> tuple[bytes, int]:
    if not isinstance(value, bytes):
        raise BuildError(f"DE{spec.number} holds bits: give bytes")
    count = 2 * len(value) if spec.unit is Unit.DIGITS else len(value)
    if spec.encoding is Encoding.BINARY:
        return value, count
    return value.hex().upper().encode(spec.charset), count


def _build_text(spec: FieldSpec, value: str | bytes) -> tuple[bytes, int]:
    if not isinstance(value, str):
        raise BuildError(f"DE{spec.number} holds text: give a str")
    fixed = spec.shape is Shape.FIXED
    if spec.format is Format.N:
        if value and not (value.isascii() and value.isdigit()):
            raise BuildError(f"DE{spec.number} holds digits only")
        digits = 2 * spec.most if spec.packed and spec.unit is Unit.BYTES else spec.most
        value = value.rjust(digits, "0") if fixed else value
    if spec.packed:
        return _pack(spec, value)
    try:
        raw = value.encode(spec.charset, "surrogateescape")
    except UnicodeEncodeError:
        raise BuildError(f"DE{spec.number} holds a character outside {spec.charset}") from None
    if fixed and spec.format is not Format.N:
        space = " ".encode(spec.charset)
        raw = raw.rjust(spec.most, space) if spec.align is Align.RIGHT else raw.ljust(spec.most, space)
    return raw, len(raw)


def _pack(spec: FieldSpec, digits: str) -> tuple[bytes, int]:
    count = len(digits)
    if not _PACKABLE.issuperset(digits):
        raise BuildError(f"DE{spec.number} holds a character that cannot be packed")
    if count % 2:
        digits = spec.pad + digits if spec.align is Align.RIGHT else digits + spec.pad
    raw = bytes.fromhex(digits)
    return raw, len(raw) if spec.unit is Unit.BYTES else count


def _build_length(spec: FieldSpec, count: int) -> bytes:
    size = spec.length_bytes
    if size == 0:
        return b""
    if spec.length is Encoding.BINARY:
        return count.to_bytes(size, "big")
    if spec.length is Encoding.BCD:
        return bytes.fromhex(str(count).zfill(2 * size))
    return _build_digits(str(count).zfill(size), spec.length)
