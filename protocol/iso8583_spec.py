"""What a message profile says, as values: encodings, fields, sub-fields. How a file becomes one: iso8583_profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

HIGHEST_FIELD: Final = 192
MOST_COUNT: Final = 65_535
VERSION_OF_DIGIT: Final = {"0": "1987", "1": "1993", "2": "2003"}  # MTI position 1, ISO 8583:2003, 5.2.2
HEX_CHARACTERS: Final = b"0123456789abcdefABCDEF"
MOST_HEADER: Final = 99  # bytes of a header before the message type


class Encoding(StrEnum):
    """How one thing stands on the wire. BCD: two digits a byte; BINARY: raw bytes or a big-endian number."""

    BCD = "bcd"
    ASCII = "ascii"
    EBCDIC = "ebcdic"
    BINARY = "binary"


class Format(StrEnum):
    """Kinds of content, ISO 8583:1987, 4.2: digits, letters and digits, any text, bits, track data."""

    N = "n"
    AN = "an"
    ANS = "ans"
    B = "b"
    Z = "z"


class Shape(StrEnum):
    """Fixed length, or one to six length digits before the value."""

    FIXED = "fixed"
    LVAR = "LVAR"
    LLVAR = "LLVAR"
    LLLVAR = "LLLVAR"
    LLLLVAR = "LLLLVAR"
    LLLLLVAR = "LLLLLVAR"
    LLLLLLVAR = "LLLLLLVAR"

    @property
    def digits(self) -> int:
        """Digits of the length; 0 where the field is fixed."""
        return 0 if self is Shape.FIXED else len(self.value) - 3


class Unit(StrEnum):
    """What a length counts: DIGITS are half bytes where digits or bits are packed, else characters on the wire.

    BYTES are bytes of the wire, but for bits written as hexadecimal characters the bytes that they stand for.
    """

    DIGITS = "digits"
    BYTES = "bytes"


class Align(StrEnum):
    """Where an odd number of packed digits stands: LEFT leaves the last nibble over, RIGHT the first.

    For text of a fixed field: the side on which it stands when spaces fill it up.
    """

    LEFT = "left"
    RIGHT = "right"


class Tertiary(StrEnum):
    """Where the third bitmap stands when bit 65 is set: as field 65, or straight after the second bitmap."""

    FIELD = "field"
    EXTENSION = "extension"


class ProfileError(ValueError):
    """A message profile that does not fit; the text names file, place and what was expected.

    ``path`` are the keys that lead to the place and ``why`` is the reason, so that a reader of files can add the line.
    """

    def __init__(self, file: str, path: tuple[str, ...], why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"{file}: {self.place}")

    @property
    def place(self) -> str:
        """Table, key and reason: ``[fields] 4: most must be ...``."""
        if len(self.path) == 1:
            return f"{self.path[0]} {self.why}"
        table, *rows, key = self.path
        return f"{' '.join([f'[{table}]', *rows])}: {key} {self.why}"


@dataclass(frozen=True, slots=True)
class Part:
    """A sub-field: the next ``most`` characters of its field; ``codes`` names the list that explains its values."""

    name: str
    most: int
    codes: str = ""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One row of a profile: ``most`` is the exact count of a fixed field and the greatest of a variable one.

    ``pad`` fills up an odd number of packed digits; with ``check_pad`` another filling is a failure.
    """

    number: int
    name: str
    format: Format
    shape: Shape
    most: int
    length: Encoding
    encoding: Encoding
    unit: Unit
    align: Align
    pad: str
    check_pad: bool
    charset: str
    source: str
    codes: str
    parts: tuple[Part, ...]

    @property
    def length_bytes(self) -> int:
        """Bytes of the length before the value; 0 where the field is fixed."""
        digits = self.shape.digits
        return (digits + 1) // 2 if self.length in (Encoding.BCD, Encoding.BINARY) else digits

    @property
    def packed(self) -> bool:
        """Two digits a byte."""
        return self.encoding is Encoding.BCD

    @property
    def halved(self) -> bool:
        """The count is of half bytes."""
        return self.unit is Unit.DIGITS and self.encoding in (Encoding.BCD, Encoding.BINARY)

    @property
    def doubled(self) -> bool:
        """The count is of bytes that stand there as two hexadecimal characters each."""
        return self.unit is Unit.BYTES and self.format is Format.B and self.encoding is not Encoding.BINARY

    def size(self, count: int) -> int:
        """Bytes on the wire of ``count`` units."""
        if self.halved:
            return (count + 1) // 2
        return 2 * count if self.doubled else count


@dataclass(frozen=True, slots=True)
class MessageProfile:
    """One host's way of writing ISO 8583.

    ``fields`` maps the MTI's first digit to the rows of that version. ``variants`` are the same profile with other
    encodings, tried after it when an envelope is opened. ``prefixes`` and ``headers`` say which envelopes are met;
    profiles of a lower ``rank`` are tried first. ``other_third`` is the same profile with the third bitmap at the other
    place, for messages that announce one.
    """

    name: str
    source: str
    rank: int
    mti: Encoding
    bitmap: Encoding
    tertiary: Tertiary
    fields: Mapping[str, Mapping[int, FieldSpec]]
    prefixes: tuple[str, ...]
    tpdu: tuple[bool, ...]
    headers: tuple[int, ...]
    variants: tuple[MessageProfile, ...] = ()
    other_third: MessageProfile | None = None
    plans: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)  # the reader's cache, bounded
