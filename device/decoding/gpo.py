"""A card's answer to GET PROCESSING OPTIONS: interchange profile, file locator, and what other objects may tell."""

from __future__ import annotations

from device.decoding.result import Backing, Decoded, Outcome, Row, hidden
from device.decoding.tables import Tables
from device.decoding.tlv import file_rows, meaning_rows, object_rows
from protocol.ber_tlv import parse_tlv
from protocol.emv_bits import explain_bits
from protocol.gpo import GpoAnswer, GpoFormat, parse_gpo

_GPO = 0xA8
_AIP_BYTES = 2
_AIP_TAG = "82"


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode one answer of format 1 (tag 80) or 2 (tag 77), with or without its status word."""
    answer = parse_gpo(data)
    if answer.format is None:
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": "the answer begins with neither tag 80 nor tag 77"})
    result: Row = {"format": int(answer.format)}
    is_aip = answer.aip is not None and len(answer.aip) == _AIP_BYTES and answer.failure is None
    if answer.aip is not None:
        result["aip"] = answer.aip.hex().upper() if is_aip else hidden(len(answer.aip))
    if answer.afl is not None and answer.failure is None:
        result["afl"] = file_rows(answer.afl)
    result |= _objects(answer, data, tables)
    if answer.format is GpoFormat.CONCATENATED and answer.aip is not None and is_aip:
        result["meanings"] = meaning_rows(
            _AIP_TAG, answer.aip_offset, explain_bits(_AIP_TAG, answer.aip, tables.emv.bits)
        )
    if answer.status_word is not None:
        meaning = tables.status_words.meaning(answer.status_word, _GPO)
        result |= {"status_word": f"{answer.status_word:04X}", "meaning": dict(meaning.texts)}
    result["oddities"] = list(answer.oddities)
    if answer.failure is None:
        odd = any(entry.oddities for entry in answer.afl.entries) if answer.afl else False
        return Decoded(
            Outcome.WHOLE, result, Backing.SHAPE if odd else Backing.STRUCTURE
        )  # other answers have tag 80 too
    result |= {"stopped": f"byte {answer.failure.offset}: the answer is cut off or its lengths do not fit"}
    return Decoded(Outcome.PARTIAL, result | {"offset": answer.failure.offset}, Backing.SHAPE)


def _objects(answer: GpoAnswer, data: bytes, tables: Tables) -> Row:
    """Format 2 holds objects, named and explained; the file locator among them is told by itself."""
    if answer.format is not GpoFormat.OBJECTS:
        return {}
    rows = object_rows(parse_tlv(data), tables.emv)
    rows.pop("files", None)
    return rows
