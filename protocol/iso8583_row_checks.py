"""What must hold within the rows of a message profile: lengths that can tell, parts that fit, lists that exist."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from protocol.iso8583_place import Place
from protocol.iso8583_spec import MOST_COUNT, Encoding, FieldSpec, Format, Part, Unit

_MOST_PARTS: Final = 40


def check_codes(table: Mapping[str, Any], place: Place, code_lists: Collection[str]) -> None:
    """Refuse a code list that there is not, so that a misspelt one is told instead of explaining nothing."""
    tables = {"fields": table["fields"]} | {
        f"versions.{year}": rows for year, rows in table.get("versions", {}).items()
    }
    for home, rows in tables.items():
        for number, row in rows.items():
            for one in (row, *row.get("parts", ())):
                if one.get("codes", "") not in ("", *code_lists):
                    place.below(home, number).fail("codes", f"must be one of {', '.join(sorted(code_lists))}")


def check_counts(spec: FieldSpec, place: Place) -> None:
    """Can the length before the value tell ``most``, is it a whole number of bytes, and do the parts fit in?"""
    together = sum(part.most for part in spec.parts)
    if together > spec.most:
        place.fail("parts", f"are {together} characters together, and most is {spec.most}")
    if spec.parts and spec.format is Format.B:
        place.fail("parts", "must be left out: bits have none")
    digits = spec.shape.digits
    greatest = 256**spec.length_bytes - 1 if spec.length is Encoding.BINARY else 10**digits - 1
    if digits and spec.most > greatest:
        place.fail("most", f"is {spec.most}, and the length of {spec.shape} tells at most {greatest}")
    if spec.format is Format.B and spec.unit is Unit.DIGITS and not digits and spec.most % 2:
        place.fail("most", "must be even: bits are whole bytes")


def read_parts(rows: object, place: Place) -> tuple[Part, ...]:
    """The sub-fields of a row."""
    if not isinstance(rows, list | tuple) or len(rows) > _MOST_PARTS or not all(isinstance(r, Mapping) for r in rows):
        place.fail("parts", f"must be a list of at most {_MOST_PARTS} tables")
    parts = []
    for row in rows:
        place.known(row, frozenset(("name", "most", "codes")))
        codes = place.text(row, "codes") if "codes" in row else ""
        parts.append(Part(place.text(row, "name"), place.whole(row, "most", 1, MOST_COUNT), codes))
    return tuple(parts)
