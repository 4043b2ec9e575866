"""Message profiles of ISO 8583 hosts: which encodings, which fields, how long. Data in, a checked value out.

A profile comes as the mapping a TOML reader gives (see ``device/catalogue/profiles``). The encodings of MTI, bitmap,
length and digits are four separate settings, because hosts mix them freely: an interbank message has an ASCII MTI and
a binary bitmap, a terminal's UnionPay message has packed digits and ASCII text (ISO 8583:1987, 4.3 leaves it open).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, NoReturn, TypeVar

HIGHEST_FIELD: Final = 192
MOST_COUNT: Final = 9999
VERSION_OF_DIGIT: Final = {"0": "1987", "1": "1993", "2": "2003"}  # MTI position 1, ISO 8583:2003, 5.2.2
_CHARSETS: Final = ("latin-1", "gbk", "cp500")


class ProfileError(ValueError):
    """A message profile that does not fit; the text names the place and what was expected."""


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
    """Fixed length, or two, three, four length digits before the value."""

    FIXED = "fixed"
    LLVAR = "LLVAR"
    LLLVAR = "LLLVAR"


class Unit(StrEnum):
    """What a length counts."""

    DIGITS = "digits"
    BYTES = "bytes"


class Align(StrEnum):
    """Where an odd number of packed digits stands: LEFT leaves the last nibble over, RIGHT the first."""

    LEFT = "left"
    RIGHT = "right"


class Tertiary(StrEnum):
    """Where the third bitmap stands when bit 65 is set: as field 65, or straight after the second bitmap."""

    FIELD = "field"
    EXTENSION = "extension"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One row of a profile: ``most`` is the exact count of a fixed field and the greatest of a variable one."""

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
    charset: str
    source: str

    @property
    def length_bytes(self) -> int:
        """Bytes of the length before the value; 0 where the field is fixed."""
        if self.shape is Shape.FIXED:
            return 0
        digits = 2 if self.shape is Shape.LLVAR else 3
        if self.length in (Encoding.BCD, Encoding.BINARY):
            return 1 if digits == 2 else 2
        return digits

    @property
    def packed(self) -> bool:
        """Two digits a byte."""
        return self.encoding is Encoding.BCD

    def size(self, count: int) -> int:
        """Bytes on the wire of ``count`` units."""
        if self.unit is Unit.BYTES:
            return count
        return (count + 1) // 2 if self.packed else count


@dataclass(frozen=True, slots=True)
class MessageProfile:
    """One host's way of writing ISO 8583.

    ``fields`` maps the MTI's first digit to the rows of that version. ``variants`` are the same profile with other
    encodings, tried after it when an envelope is opened. ``prefixes`` and ``headers`` say which envelopes are met.
    """

    name: str
    source: str
    mti: Encoding
    bitmap: Encoding
    tertiary: Tertiary
    fields: Mapping[str, Mapping[int, FieldSpec]]
    prefixes: tuple[str, ...]
    tpdu: tuple[bool, ...]
    headers: tuple[int, ...]
    variants: tuple[MessageProfile, ...] = ()
    plans: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)  # the reader's cache, bounded


PREFIXES: Final = ("stx", "length2", "bcd2", "none")
HEADERS: Final = (0, 2, 6, 46)
_FIELD_KEYS: Final = frozenset(
    ["name", "format", "shape", "most", "length", "encoding", "unit", "align", "pad", "charset", "source"],
)
_ROOT_KEYS: Final = frozenset(
    ["name", "source", "version", "tertiary", "encoding", "envelope", "variant", "fields", "versions"]
)
_ENCODING_KEYS: Final = frozenset(["mti", "bitmap", "length", "field"])

_E = TypeVar("_E", bound=StrEnum)


def parse_profile(table: Mapping[str, Any], where: str) -> MessageProfile:
    """Check a profile's parsed TOML and make it ready for use.

    ``where`` names the file for people. Raises :class:`ProfileError` with place and reason.
    """
    _known(table, _ROOT_KEYS, where)
    encoding = _table(table, "encoding", where)
    place = f"{where} [encoding]"
    _known(encoding, _ENCODING_KEYS, place)
    mti = _choice(encoding, "mti", (Encoding.BCD, Encoding.ASCII, Encoding.EBCDIC), place)
    bitmap = _choice(encoding, "bitmap", (Encoding.BINARY, Encoding.ASCII, Encoding.EBCDIC), place)
    length = _choice(encoding, "length", tuple(Encoding), place)
    digits = _choice(encoding, "field", (Encoding.BCD, Encoding.ASCII, Encoding.EBCDIC), place)
    source = _text(table, "source", where)
    reader = _Rows(length, digits, source)
    version = str(table.get("version", "1987"))
    digit_of = {year: digit for digit, year in VERSION_OF_DIGIT.items()}
    if version not in digit_of:
        _fail(where, "version", f"must be one of {', '.join(digit_of)}")
    base = reader.read(_table(table, "fields", where), f"{where} [fields]")
    fields = {digit_of[version]: base}
    for year, rows in _table(table, "versions", where, {}).items():
        if year not in digit_of or not isinstance(rows, Mapping):
            _fail(f"{where} [versions]", year, f"must be a table named {', '.join(digit_of)}")
        fields[digit_of[year]] = {**base, **reader.read(rows, f"{where} [versions.{year}]")}
    prefixes, tpdu, headers = _read_envelope(_table(table, "envelope", where, {}), f"{where} [envelope]")
    name = _text(table, "name", where)
    third = _choice(table, "tertiary", tuple(Tertiary), where, Tertiary.FIELD)
    profile = MessageProfile(name, source, mti, bitmap, third, fields, prefixes, tpdu, headers)
    return replace(profile, variants=_read_variants(profile, table.get("variant", ()), f"{where} [[variant]]"))


class _Rows:
    """Reads field rows, filling in what the profile says for all of them."""

    def __init__(self, length: Encoding, digits: Encoding, source: str) -> None:
        self._length = length
        self._digits = digits
        self._source = source

    def read(self, rows: Mapping[str, Any], where: str) -> dict[int, FieldSpec]:
        """All rows of one table, keyed by field number."""
        read = {}
        for key, row in rows.items():
            if not key.isascii() or not key.isdigit() or not 2 <= int(key) <= HIGHEST_FIELD:
                _fail(where, key, f"is no field number from 2 to {HIGHEST_FIELD}")
            if not isinstance(row, Mapping):
                _fail(where, key, "must be a table")
            read[int(key)] = self._row(int(key), row, f"{where} {key}")
        return read

    def _row(self, number: int, row: Mapping[str, Any], where: str) -> FieldSpec:
        _known(row, _FIELD_KEYS, where)
        form = _choice(row, "format", tuple(Format), where)
        numeric = form in (Format.N, Format.Z)
        text = Encoding.EBCDIC if self._digits is Encoding.EBCDIC else Encoding.ASCII
        usual = self._digits if numeric else Encoding.BINARY if form is Format.B else text
        encoding = _choice(row, "encoding", tuple(Encoding), where, usual)
        if (encoding is Encoding.BCD and not numeric) or (encoding is Encoding.BINARY and form is not Format.B):
            _fail(where, "encoding", f"{encoding} does not fit the format {form}")
        unit = Unit.DIGITS if numeric else Unit.BYTES
        charset = row.get("charset", "cp500" if encoding is Encoding.EBCDIC else "latin-1")
        if charset not in _CHARSETS:
            _fail(where, "charset", f"must be one of {', '.join(_CHARSETS)}")
        pad = row.get("pad", "0")
        if not isinstance(pad, str) or pad not in ("0", "F"):
            _fail(where, "pad", 'must be "0" or "F"')
        most = row.get("most")
        if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MOST_COUNT:
            _fail(where, "most", f"must be a whole number from 1 to {MOST_COUNT}")
        return FieldSpec(
            number=number,
            name=_text(row, "name", where),
            format=form,
            shape=_choice(row, "shape", tuple(Shape), where, Shape.FIXED),
            most=most,
            length=_choice(row, "length", tuple(Encoding), where, self._length),
            encoding=encoding,
            unit=_choice(row, "unit", tuple(Unit), where, unit),
            align=_choice(row, "align", tuple(Align), where, Align.LEFT),
            pad=pad,
            charset=charset,
            source=_text(row, "source", where) if "source" in row else self._source,
        )


def _read_envelope(table: Mapping[str, Any], where: str) -> tuple[tuple[str, ...], tuple[bool, ...], tuple[int, ...]]:
    _known(table, frozenset(("prefixes", "tpdu", "headers")), where)
    prefixes = table.get("prefixes", list(PREFIXES))
    if not isinstance(prefixes, list) or not prefixes or any(item not in PREFIXES for item in prefixes):
        _fail(where, "prefixes", f"must be a list of {', '.join(PREFIXES)}")
    tpdu = _choice(table, "tpdu", ("maybe", "always", "never"), where, "maybe")
    headers = table.get("headers", [0])
    if not isinstance(headers, list) or not headers or any(item not in HEADERS for item in headers):
        _fail(where, "headers", f"must be a list of {', '.join(map(str, HEADERS))} (bytes)")
    allowed = {"maybe": (True, False), "always": (True,), "never": (False,)}
    return tuple(prefixes), allowed[tpdu], tuple(headers)


def _read_variants(profile: MessageProfile, rows: object, where: str) -> tuple[MessageProfile, ...]:
    if not isinstance(rows, list | tuple) or len(rows) > 4 or not all(isinstance(row, Mapping) for row in rows):
        raise ProfileError(f"{where}: must be a list of at most 4 tables")
    variants = []
    for row in rows:
        _known(row, frozenset(("name", "mti", "bitmap")), where)
        mti = _choice(row, "mti", (Encoding.BCD, Encoding.ASCII, Encoding.EBCDIC), where, profile.mti)
        bitmap = _choice(row, "bitmap", (Encoding.BINARY, Encoding.ASCII, Encoding.EBCDIC), where, profile.bitmap)
        name = f"{profile.name} ({_text(row, 'name', where)})"
        variants.append(replace(profile, name=name, mti=mti, bitmap=bitmap, plans={}))
    return tuple(variants)


def _fail(where: str, key: str, why: str) -> NoReturn:
    raise ProfileError(f"{where}: {key} {why}")


def _known(table: Mapping[str, Any], keys: frozenset[str], where: str) -> None:
    for key in table:
        if key not in keys:
            _fail(where, key, "is not known here")


def _table(
    table: Mapping[str, Any], key: str, where: str, default: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    value = table.get(key, default)
    if not isinstance(value, Mapping):
        _fail(where, key, "must be a table")
    return value


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        _fail(where, key, "must be a text")
    return value


def _choice(table: Mapping[str, Any], key: str, allowed: Iterable[str], where: str, default: str | None = None) -> Any:
    value = table.get(key, default)
    for item in allowed:
        if value == item:
            return item
    _fail(where, key, f"must be one of {', '.join(allowed)}")
