"""The answer to reset: what each interface byte says, protocols, and what the historical bytes tell.

Historical bytes may hold a serial number: shown are capabilities, services, life cycle, country and what PC/SC says
of a contactless memory card; everything else is told by its length.
"""

from __future__ import annotations

from device.decoding.atr_catalogue import AtrTables, names_of
from device.decoding.result import Backing, Decoded, Outcome, Row, hidden
from device.decoding.tables import Tables
from protocol.atr import Atr, parse_atr
from protocol.atr_historical import CompactTlv, Historical, StorageCard, parse_historical
from protocol.atr_interface import explain_interface
from protocol.atr_services import Words, explain_capabilities, explain_services, lifecycle_word
from protocol.emv_aids import scheme_of_aid

_PCSC_RID = "A000000306"
_COUNTRY, _SERVICES, _CAPABILITIES, _AID = 1, 3, 7, 15
_RID_BYTES = 5


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode an answer to reset."""
    atr = parse_atr(data)
    if atr.convention == "unknown":
        return Decoded(
            Outcome.NOT_THAT_KIND, {"reason": "An ATR begins with 3B or 3F.", "oddities": list(atr.oddities)}
        )
    told = parse_historical(atr)
    words = tables.atr
    result: Row = {
        "convention": atr.convention,
        "protocols": [f"T={number}" for number in atr.protocols],
        "interface": [
            {"offset": said.offset, "name": said.name, "value": f"{said.value:02X}"}
            | {"meaning": words.text("interface", said.word, said.figures) or ""}
            for said in explain_interface(atr)
        ],
        "historical": _historical(atr, told, tables),
        "check_byte": _check_byte(atr),
        "oddities": [*atr.oddities, *told.oddities],
    }
    if names := names_of(data) if atr.complete else ():
        result["known_as"] = list(names)
    if not atr.complete:
        result |= {"stopped": "the answer to reset ends too early", "offset": len(data)}
    is_whole = atr.complete and not atr.tck_missing
    backing = Backing.CHECKED if atr.tck_ok else Backing.STRUCTURE if is_whole else Backing.SHAPE
    return Decoded(Outcome.WHOLE if atr.complete else Outcome.PARTIAL, result, backing)


def _check_byte(atr: Atr) -> str:
    if atr.tck_ok is not None:
        return "good" if atr.tck_ok else "wrong"
    return "missing" if atr.tck_missing or not atr.complete else "none due"


def _historical(atr: Atr, told: Historical, tables: Tables) -> Row:
    words = tables.atr
    row: Row = {"offset": atr.historical_offset, "length": len(atr.historical)}
    row["form"] = words.text("category", told.category)
    if told.is_contactless:
        row["contactless"] = True
    if told.storage is not None:
        return row | _storage(told.storage, words)
    if told.objects:
        row["objects"] = [_object(item, tables) for item in told.objects]
        row["meanings"] = [meaning for item in told.objects for meaning in _meanings(item, words)]
    elif atr.historical:
        row["value"] = hidden(len(atr.historical))
    if told.lifecycle is not None:
        row["lifecycle"] = words.text("lifecycle", lifecycle_word(told.lifecycle))
    if told.status_word and told.status_word >> 12 in (6, 9):
        row["status_word"] = f"{told.status_word:04X}"
    return row


def _storage(card: StorageCard, words: AtrTables) -> Row:
    if card.rid.hex().upper() != _PCSC_RID:
        return {"value": hidden(len(card.rid) + 3)}
    row: Row = {"rid": _PCSC_RID, "standard": f"{card.standard:02X}"}
    row["standard_name"] = words.text("standard", f"{card.standard:02X}") or ""
    name = f"{card.name:04X}"
    row |= {"card": name, "card_name": words.text("card", name) or words.text("made_by_readers", name) or ""}
    return row


def _object(item: CompactTlv, tables: Tables) -> Row:
    row: Row = {"offset": item.offset, "tag": f"{item.tag:X}", "name": tables.atr.text("object", item.tag) or ""}
    row["length"] = item.length
    value = item.value.hex().upper()
    row["value"] = hidden(len(item.value)) if item.value else ""
    if not item.is_whole:
        return row
    if item.tag == _COUNTRY and value[:3].isdecimal():
        row["value"] = value[:3]
    elif (item.tag, item.length) in ((_SERVICES, 1), (_CAPABILITIES, 1), (_CAPABILITIES, 2), (_CAPABILITIES, 3)):
        row["value"] = value
    elif item.tag == _AID and (scheme := scheme_of_aid(value, tables.emv.schemes)) is not None:
        row["value"] = f"{value[: 2 * _RID_BYTES]} {scheme.word}"
    return row


def _meanings(item: CompactTlv, words: AtrTables) -> list[Row]:
    told: Words = ()
    table = ""
    if item.is_whole and item.tag == _SERVICES and item.length == 1:
        table, told = "services", explain_services(item.value[0])
    elif item.is_whole and item.tag == _CAPABILITIES and item.length <= 3:
        table, told = "capabilities", explain_capabilities(item.value)
    return [{"offset": item.offset, "meaning": words.text(table, word, {"number": number})} for word, number in told]
