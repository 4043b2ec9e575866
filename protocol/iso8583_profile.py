"""Message profiles of ISO 8583 hosts: which encodings, which fields, how long. Data in, a checked value out.

A profile comes as the mapping a TOML reader gives (see ``device/catalogue/profiles``). The encodings of MTI, bitmap,
length, digits, text and bits, and the sides on which an odd digit leans in fields of fixed and of variable length, are
separate settings, because hosts mix them freely: an interbank message has an ASCII MTI and a binary bitmap, a
terminal's UnionPay message has packed digits and ASCII text (ISO 8583:1987, 4.3 leaves it open). A profile may take the
rows of another one (``rows_of``) and say only what differs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from protocol.iso8583_place import Place
from protocol.iso8583_row_checks import check_codes, check_counts, read_parts
from protocol.iso8583_spec import (
    HIGHEST_FIELD,
    MOST_COUNT,
    MOST_HEADER,
    VERSION_OF_DIGIT,
    Align,
    Encoding,
    FieldSpec,
    Format,
    MessageProfile,
    ProfileError,
    Shape,
    Tertiary,
    Unit,
)
from protocol.message_prefix import PREFIXES

__all__ = ["CHARSETS", "Encoding", "MessageProfile", "ProfileError", "parse_profile"]

CHARSETS: Final = ("latin-1", "ascii", "gbk", "gb18030", "utf-8", "cp500", "cp037", "cp1140")
_EBCDIC_CHARSETS: Final = ("cp500", "cp037", "cp1140")
_DIGIT_OF: Final = {year: digit for digit, year in VERSION_OF_DIGIT.items()}
_MOST_VARIANTS: Final = 6
_ROOT_KEYS: Final = frozenset(
    [
        "name",
        "source",
        "rank",
        "version",
        "tertiary",
        "rows_of",
        "encoding",
        "envelope",
        "variant",
        "fields",
        "versions",
    ]
)
_FIELD_KEYS: Final = frozenset(
    (
        *("name", "source", "format", "shape", "most", "unit", "length", "encoding", "charset"),
        *("align", "pad", "check_pad", "codes", "parts"),
    )
)
_CHARACTERS: Final = (Encoding.BCD, Encoding.ASCII, Encoding.EBCDIC)
_BITS: Final = (Encoding.BINARY, Encoding.ASCII, Encoding.EBCDIC)
_FORMATS, _EVERY_ENCODING = tuple(Format), tuple(Encoding)  # made once: a profile has a hundred rows
_SHAPES, _UNITS, _ALIGNS = tuple(Shape), tuple(Unit), tuple(Align)
_ENCODINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "mti": _CHARACTERS,
    "bitmap": _BITS,
    "length": _EVERY_ENCODING,
    "field": _CHARACTERS,
    "bits": _BITS,
    "charset": CHARSETS,
    "text": (Encoding.ASCII, Encoding.EBCDIC),
    "align": _ALIGNS,
    "align_variable": _ALIGNS,
}
_Fields: TypeAlias = Mapping[str, Mapping[int, FieldSpec]]
_Made: TypeAlias = dict[tuple[str, ...], _Fields]  # rows by the encodings that they were read with
_PREFIXES: Final = ("stx", *PREFIXES, "none")
_NEEDED: Final = ("mti", "bitmap", "length", "field")


def parse_profile(
    table: Mapping[str, Any],
    where: str,
    others: Mapping[str, Mapping[str, Any]] | None = None,
    code_lists: Collection[str] | None = None,
) -> MessageProfile:
    """Check a profile's parsed TOML and make it ready for use.

    ``where`` names the file for people. ``others`` are the tables of the profiles whose rows this one may take, by
    name. ``code_lists`` are the lists that its fields may name; None where nobody looks codes up. Raises
    :class:`ProfileError` with file, place and reason.
    """
    place = Place(where)
    place.known(table, _ROOT_KEYS)
    whole = _with_rows_of(table, others or {}, place)
    encoding = place.table(whole, "encoding")
    place.below("encoding").known(encoding, frozenset(_ENCODINGS))
    name = place.text(whole, "name")
    made: _Made = {}
    profile = _read_profile(whole, encoding, name, place.below("encoding"), made)
    if code_lists is not None:
        check_codes(whole, place, code_lists)
    return replace(profile, variants=_read_variants(whole, encoding, name, place, made))


def _with_rows_of(table: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]], place: Place) -> Mapping[str, Any]:
    """The profile with the rows of the one it names put under its own."""
    if "rows_of" not in table:
        return table
    name = place.text(table, "rows_of")
    other = others.get(name)
    if other is None or "rows_of" in other:
        usable = sorted(name for name, one in others.items() if "rows_of" not in one)
        place.fail("rows_of", f"must name a profile that has rows of its own: {', '.join(usable) or 'none is known'}")
    versions = {
        year: {**other.get("versions", {}).get(year, {}), **place.table(table, "versions", {}).get(year, {})}
        for year in {**other.get("versions", {}), **place.table(table, "versions", {})}
    }
    fields = {**other["fields"], **place.table(table, "fields", {})}
    inherited = {key: other[key] for key in ("version", "tertiary", "envelope") if key in other}
    return {**inherited, **table, "fields": fields, "versions": versions}


def _read_variants(
    table: Mapping[str, Any], encoding: Mapping[str, Any], name: str, place: Place, made: _Made
) -> tuple[MessageProfile, ...]:
    rows = table.get("variant", ())
    if (
        not isinstance(rows, list | tuple)
        or len(rows) > _MOST_VARIANTS
        or not all(isinstance(r, Mapping) for r in rows)
    ):
        place.fail("variant", f"must be at most {_MOST_VARIANTS} tables, each written [[variant]]")
    variants = []
    for number, row in enumerate(rows, 1):
        here = place.below("variant", str(number))
        here.known(row, frozenset(("name", *_ENCODINGS)))
        merged = {**encoding, **{key: value for key, value in row.items() if key != "name"}}
        variants.append(_read_profile(table, merged, f"{name} ({here.text(row, 'name')})", here, made))
    return tuple(variants)


def _read_profile(
    table: Mapping[str, Any], encoding: Mapping[str, Any], name: str, place: Place, made: _Made
) -> MessageProfile:
    """One profile or variant; ``place`` is where its encodings stand. Variants share rows that come out alike."""
    root = Place(place.file)
    chosen = {key: place.choice(encoding, key, _ENCODINGS[key]) for key in _NEEDED}
    chosen["bits"] = place.choice(encoding, "bits", _BITS, Encoding.BINARY)
    usual_text = Encoding.EBCDIC if chosen["field"] is Encoding.EBCDIC else Encoding.ASCII
    chosen["text"] = place.choice(encoding, "text", _ENCODINGS["text"], usual_text)
    usual = "cp500" if chosen["text"] is Encoding.EBCDIC else "latin-1"
    chosen["charset"] = place.choice(encoding, "charset", CHARSETS, usual)
    chosen["align"] = place.choice(encoding, "align", _ALIGNS, Align.LEFT)
    chosen["align_variable"] = place.choice(encoding, "align_variable", _ALIGNS, chosen["align"])
    mti, bitmap = chosen.pop("mti"), chosen.pop("bitmap")
    alike = tuple(chosen.values())
    if alike not in made:
        made[alike] = _read_fields(table, chosen, root)
    prefixes, tpdu, headers = _read_envelope(root.table(table, "envelope", {}), root.below("envelope"))
    third = root.choice(table, "tertiary", tuple(Tertiary), Tertiary.FIELD)
    rank = root.whole(table, "rank", 0, 99, 50)
    source = root.text(table, "source")
    profile = MessageProfile(name, source, rank, mti, bitmap, third, made[alike], prefixes, tpdu, headers)
    other = Tertiary.FIELD if third is Tertiary.EXTENSION else Tertiary.EXTENSION
    return replace(profile, other_third=replace(profile, tertiary=other, plans={}), plans={})


def _read_fields(table: Mapping[str, Any], encodings: Mapping[str, Any], root: Place) -> _Fields:
    """The rows of each edition, keyed by the message type's first digit."""
    version = str(table.get("version", "1987"))
    if version not in _DIGIT_OF:
        root.fail("version", f"must be one of {', '.join(_DIGIT_OF)}")
    rows = _Rows(encodings, root.text(table, "source"))
    base = rows.read(root.table(table, "fields"), root.below("fields"))
    fields = {_DIGIT_OF[version]: base}
    for year, changed in root.table(table, "versions", {}).items():
        if year not in _DIGIT_OF or not isinstance(changed, Mapping):
            root.below("versions").fail(year, f"must be a table named {', '.join(_DIGIT_OF)}")
        fields[_DIGIT_OF[year]] = {**base, **rows.read(changed, root.below(f"versions.{year}"))}
    return fields


class _Rows:
    """Reads field rows, filling in what the profile says for all of them."""

    def __init__(self, encodings: Mapping[str, Any], source: str) -> None:
        self._encodings = encodings
        self._source = source

    def read(self, rows: Mapping[str, Any], place: Place) -> dict[int, FieldSpec]:
        """All rows of one table, keyed by field number."""
        read = {}
        for key, row in rows.items():
            if not key.isascii() or not key.isdigit() or not 2 <= int(key) <= HIGHEST_FIELD or int(key) == 65:
                place.fail(key, f"is no field number from 2 to {HIGHEST_FIELD} (65 is a bitmap)")
            if not isinstance(row, Mapping):
                place.fail(key, "must be a table")
            read[int(key)] = self._row(int(key), row, place.below(key))
        return read

    def _row(self, number: int, row: Mapping[str, Any], place: Place) -> FieldSpec:
        place.known(row, _FIELD_KEYS)
        form = place.choice(row, "format", _FORMATS)
        encoding = place.choice(row, "encoding", _EVERY_ENCODING, self._usual(form))
        numeric = form in (Format.N, Format.Z)
        if (encoding is Encoding.BCD and not numeric) or (encoding is Encoding.BINARY and form is not Format.B):
            place.fail("encoding", f"{encoding} does not fit the format {form}")
        packed = encoding is Encoding.BCD
        shape = place.choice(row, "shape", _SHAPES, Shape.FIXED)
        side = self._encodings["align" if shape is Shape.FIXED else "align_variable"] if packed else Align.LEFT
        pad = row.get("pad", "0")
        if not isinstance(pad, str) or len(pad) != 1 or pad not in "0123456789ABCDEF":
            place.fail("pad", "must be one hexadecimal digit, as text")
        check_pad = row.get("check_pad", False)
        if not isinstance(check_pad, bool):
            place.fail("check_pad", "must be true or false")
        spec = FieldSpec(
            number=number,
            name=place.text(row, "name"),
            format=form,
            shape=shape,
            most=place.whole(row, "most", 1, MOST_COUNT),
            length=place.choice(row, "length", _EVERY_ENCODING, self._encodings["length"]),
            encoding=encoding,
            unit=place.choice(row, "unit", _UNITS, Unit.DIGITS if numeric else Unit.BYTES),
            align=place.choice(row, "align", _ALIGNS, side),
            pad=pad,
            check_pad=check_pad,
            charset=self._charset(row, encoding, place),
            source=place.text(row, "source") if "source" in row else self._source,
            codes=place.text(row, "codes") if "codes" in row else "",
            parts=read_parts(row.get("parts", ()), place),
        )
        check_counts(spec, place)
        return spec

    def _usual(self, form: Format) -> Encoding:
        """The encoding of a field that names none of its own."""
        field: Encoding = self._encodings["field"]
        if form is Format.B:
            bits: Encoding = self._encodings["bits"]
            return bits
        text: Encoding = self._encodings["text"]
        return field if form in (Format.N, Format.Z) else text

    def _charset(self, row: Mapping[str, Any], encoding: Encoding, place: Place) -> str:
        """The profile's, unless the row's encoding is of the other family."""
        usual: str = self._encodings["charset"]
        if (encoding is Encoding.EBCDIC) != (usual in _EBCDIC_CHARSETS):
            usual = "cp500" if encoding is Encoding.EBCDIC else "latin-1"
        charset: str = place.choice(row, "charset", CHARSETS, usual)
        return charset


def _read_envelope(table: Mapping[str, Any], place: Place) -> tuple[tuple[str, ...], tuple[bool, ...], tuple[int, ...]]:
    place.known(table, frozenset(("prefixes", "tpdu", "headers")))
    prefixes = table.get("prefixes", list(_PREFIXES))
    if not isinstance(prefixes, list) or not prefixes or any(item not in _PREFIXES for item in prefixes):
        place.fail("prefixes", f"must be a list of {', '.join(_PREFIXES)}")
    tpdu = place.choice(table, "tpdu", ("maybe", "always", "never"), "maybe")
    headers = table.get("headers", [0])
    if not isinstance(headers, list) or not headers or not all(_is_header(header) for header in headers):
        place.fail("headers", f"must be a list of whole numbers from 0 to {MOST_HEADER} (bytes), 0 for none")
    allowed = {"maybe": (True, False), "always": (True,), "never": (False,)}
    return tuple(prefixes), allowed[tpdu], tuple(headers)


def _is_header(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= MOST_HEADER
