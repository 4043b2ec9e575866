"""A card's answer to GET PROCESSING OPTIONS: interchange profile and file locator are shown, other objects not."""

from __future__ import annotations

from device.decoding.result import Backing, Decoded, Outcome, Row, hidden
from device.decoding.tables import Tables
from protocol.gpo import parse_gpo

_GPO = 0xA8
_AIP_BYTES = 2


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode one answer of format 1 (tag 80) or 2 (tag 77), with or without its status word."""
    answer = parse_gpo(data)
    if answer.format is None:
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": "the answer begins with neither tag 80 nor tag 77"})
    result: Row = {"format": int(answer.format)}
    if answer.aip is not None:
        is_aip = len(answer.aip) == _AIP_BYTES and answer.failure is None
        result["aip"] = answer.aip.hex().upper() if is_aip else hidden(len(answer.aip))
    if answer.afl is not None and answer.failure is None:
        result["afl"] = [
            {"offset": e.offset, "sfi": e.sfi, "first": e.first, "last": e.last, "signed": e.signed}
            | ({"oddities": "; ".join(e.oddities)} if e.oddities else {})
            for e in answer.afl.entries
        ]
    if answer.objects:
        result["objects"] = [
            {
                "offset": item.offset,
                "tag": item.tag if item.tag in tables.emv.tags else "unknown",
                "value": hidden(len(item.value)),
            }
            for item in answer.objects
        ]
    if answer.status_word is not None:
        meaning = tables.status_words.meaning(answer.status_word, _GPO)
        result |= {"status_word": f"{answer.status_word:04X}", "meaning": dict(meaning.texts)}
    result["oddities"] = list(answer.oddities)
    if answer.failure is None:
        return Decoded(Outcome.WHOLE, result, Backing.STRUCTURE)
    result |= {"stopped": f"byte {answer.failure.offset}: the answer is cut off or its lengths do not fit"}
    return Decoded(Outcome.PARTIAL, result | {"offset": answer.failure.offset}, Backing.SHAPE)
