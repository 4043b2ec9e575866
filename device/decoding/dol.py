"""Data object lists (PDOL, CDOL, TDOL, DDOL): tags and lengths that the card wants; a list holds no values."""

from __future__ import annotations

from device.decoding.result import Backing, Decoded, Outcome, Row
from device.decoding.tables import Tables
from protocol.dol import parse_dol


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode one list. Tags that the dictionary does not have are not shown: the bytes may be no list at all."""
    dol = parse_dol(data)
    known = [tables.emv.tags.entry(entry.tag) for entry in dol.entries]
    if not any(known):
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": "no known tag with a length was found"})
    rows: list[Row] = []
    for entry, found in zip(dol.entries, known, strict=True):
        row: Row = {"offset": entry.offset, "tag": entry.tag if found else "unknown", "length": entry.length}
        rows.append(row | ({"name": found.words._asdict()} if found else {}))
    result: Row = {"entries": rows, "value_bytes": dol.length}
    if dol.failure is not None:
        result |= {"stopped": str(dol.failure) if all(known) else "the list ends early", "offset": dol.failure.offset}
        return Decoded(Outcome.PARTIAL, result, Backing.SHAPE)
    return Decoded(Outcome.WHOLE, result, Backing.STRUCTURE if all(known) else Backing.SHAPE)
