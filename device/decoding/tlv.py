"""EMV data objects: shown are tags of the allow-list with the right size, of the rest the size."""

from __future__ import annotations

from typing import Final

from device.decoding.result import Backing, Decoded, Outcome, Row, hidden
from device.decoding.tables import Tables
from device.drivers.handed_over import TAGS_ALLOWED
from protocol.ber_tlv import Reading, Tlv, parse_tlv
from protocol.emv import scheme_of_aid

_AID_TAGS: Final = frozenset(("84", "4F", "9F06"))
_TAG_BYTES: Final = {"95": 5}


def decode(data: bytes, _tables: Tables) -> Decoded:
    """Decode a string of data objects."""
    parsed = parse_tlv(data)
    objects = []
    for item in parsed.walk():
        shown = parsed.failure is None and _is_shown_tag(item)
        row: Row = {"tag": item.tag, "offset": item.offset}
        row["value"] = item.value.hex().upper() if shown else hidden(len(item.value))
        if shown and item.tag in _AID_TAGS and (scheme := scheme_of_aid(item.value.hex())):
            row["scheme"] = scheme
        objects.append(row)
    result: Row = {"objects": objects}
    if parsed.reading is not Reading.BER:
        result["reading"] = str(parsed.reading)
    if parsed.failure is None:
        return Decoded(Outcome.WHOLE, result, Backing.STRUCTURE) if objects else Decoded(Outcome.NOT_THAT_KIND, result)
    result |= {"stopped": str(parsed.failure), "offset": parsed.failure.offset}
    return Decoded(Outcome.PARTIAL if objects else Outcome.NOT_THAT_KIND, result, Backing.SHAPE)


def _is_shown_tag(item: Tlv) -> bool:
    """On the allow-list and of the right size; an AID begins with a registered or proprietary category (A to F)."""
    if item.tag in _AID_TAGS:
        return 5 <= len(item.value) <= 16 and item.value[0] >= 0xA0
    return item.tag in TAGS_ALLOWED and len(item.value) == _TAG_BYTES.get(item.tag, 2)
