"""Readers of single ISO 8583 values and lengths, made once per field of a profile.

A reader gets the data, the value's first and last offset and its count, and gives digits or text as ``str``, bits as
``bytes``. Packed digits follow the field's alignment (ISO 8583:1987 leaves it to the host; profiles say which).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from protocol.iso8583_spec import HEX_CHARACTERS, Align, Encoding, FieldSpec, Format, Shape, Unit

Value: TypeAlias = str | bytes
Data: TypeAlias = bytes | bytearray
Read: TypeAlias = Callable[[Data, int, int, int], Value]
Count: TypeAlias = Callable[[Data, int], int]

_EBCDIC_ZERO: Final = 0xF0
_BCD: Final = tuple(10 * (b >> 4) + (b & 15) if b >> 4 < 10 and b & 15 < 10 else -1 for b in range(256))


class BadValueError(ValueError):
    """A value that is not of its field's format; the text is the reason and never shows the value."""


def reader(spec: FieldSpec) -> Read:
    """Return the function that reads this field's value."""
    if spec.format is Format.B:
        if spec.encoding is not Encoding.BINARY:
            return _hex_reader(spec)
        return _read_half_bytes if spec.halved else read_raw
    if spec.packed:
        return _packed_reader(spec)
    if spec.format is Format.N:
        return _digits_reader(spec)
    return _text_reader(spec)


def counter(encoding: Encoding, size: int) -> Count:
    """Return the function that reads a length of ``size`` bytes: -1 or IndexError where no number stands there."""
    if encoding is Encoding.BCD:
        return (_count_bcd1, _count_bcd2, _count_bcd3)[size - 1]
    if encoding is Encoding.BINARY:
        return _binary_counter(size)
    return _ascii_counter(size) if encoding is Encoding.ASCII else _ebcdic_counter(size)


def read_raw(data: Data, start: int, stop: int, _count: int) -> Value:
    """Bits, as they stand."""
    return bytes(data[start:stop])


def _read_half_bytes(data: Data, start: int, stop: int, count: int) -> Value:
    if count % 2:
        raise BadValueError("an odd number of half bytes is no bits")
    return bytes(data[start:stop])


def _hex_reader(spec: FieldSpec) -> Read:
    charset = spec.charset

    def read(data: Data, start: int, stop: int, _count: int) -> Value:
        text = data[start:stop].decode(charset)
        if (stop - start) % 2 or text.encode("latin-1", "replace").translate(None, HEX_CHARACTERS):
            raise BadValueError("not hexadecimal characters")
        return bytes.fromhex(text)

    return read


def _packed_reader(spec: FieldSpec) -> Read:
    right = spec.align is Align.RIGHT
    track = spec.format is Format.Z
    by_bytes = spec.unit is Unit.BYTES
    pad = spec.pad.lower() if spec.check_pad else ""
    if spec.format is Format.N and spec.shape is Shape.FIXED and (by_bytes or spec.most % 2 == 0):
        return _read_even_digits

    def read(data: Data, start: int, stop: int, count: int) -> Value:
        digits = data[start:stop].hex()
        if by_bytes:
            count *= 2
        if len(digits) > count:
            if pad and digits[0 if right else -1] != pad:
                raise BadValueError("the digit that fills up the last byte is another one")
            digits = digits[1:] if right else digits[:count]
        if track:
            return digits.upper()
        if digits and not digits.isdigit():
            raise BadValueError("not all digits")
        return digits

    return read


def _read_even_digits(data: Data, start: int, stop: int, _count: int) -> Value:
    digits = data[start:stop].hex()
    if not digits.isdigit():
        raise BadValueError("not all digits")
    return digits


def _digits_reader(spec: FieldSpec) -> Read:
    charset = spec.charset
    if spec.encoding is Encoding.ASCII:
        return _read_ascii_digits

    def read(data: Data, start: int, stop: int, _count: int) -> Value:
        digits = data[start:stop].decode(charset)
        if digits and not (digits.isascii() and digits.isdigit()):
            raise BadValueError("not all digits")
        return digits

    return read


def _read_ascii_digits(data: Data, start: int, stop: int, _count: int) -> Value:
    digits = data[start:stop]
    if digits and not digits.isdigit():
        raise BadValueError("not all digits")
    return digits.decode("ascii")


def _read_latin(data: Data, start: int, stop: int, _count: int) -> Value:
    return data[start:stop].decode("latin-1")


def _read_ascii(data: Data, start: int, stop: int, _count: int) -> Value:
    text = data[start:stop]
    if not text.isascii():
        raise BadValueError("a character outside ASCII")
    return text.decode("ascii")


def _text_reader(spec: FieldSpec) -> Read:
    charset = spec.charset
    if charset == "latin-1":
        return _read_latin
    if charset == "ascii":
        return _read_ascii

    def read(data: Data, start: int, stop: int, _count: int) -> Value:
        return data[start:stop].decode(charset, "surrogateescape")

    return read


def _count_bcd1(data: Data, at: int) -> int:
    return _BCD[data[at]]


def _count_bcd2(data: Data, at: int) -> int:
    high, low = _BCD[data[at]], _BCD[data[at + 1]]
    return -1 if high < 0 or low < 0 else 100 * high + low


def _count_bcd3(data: Data, at: int) -> int:
    high, low = _count_bcd1(data, at), _count_bcd2(data, at + 1)
    return -1 if high < 0 or low < 0 else 10_000 * high + low


def _count_binary1(data: Data, at: int) -> int:
    return data[at]


def _binary_counter(size: int) -> Count:
    if size == 1:
        return _count_binary1

    def count(data: Data, at: int) -> int:
        number = data[at : at + size]
        return int.from_bytes(number, "big") if len(number) == size else -1

    return count


def _ascii_counter(size: int) -> Count:
    def count(data: Data, at: int) -> int:
        digits = data[at : at + size]
        return int(digits) if digits.isdigit() and len(digits) == size else -1

    return count


def _ebcdic_counter(size: int) -> Count:
    def count(data: Data, at: int) -> int:
        digits = data[at : at + size]
        if len(digits) < size or not all(_EBCDIC_ZERO <= byte <= _EBCDIC_ZERO + 9 for byte in digits):
            return -1
        return int(digits.decode("cp500"))

    return count
