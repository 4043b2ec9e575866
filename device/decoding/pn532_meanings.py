"""What PN532 commands ask for and what their answers say, in words; what comes from a card stays hidden."""

from __future__ import annotations

from typing import Final

from device.decoding.code_catalogue import CodeTables
from device.decoding.result import Row, hidden
from protocol.pn532_message import Pn532Status
from protocol.pn532_target import FoundTarget, Modulation, parse_polled, parse_targets

DIAGNOSE: Final = 0x00
LIST: Final = 0x4A
POLL: Final = 0x60
_LINE_TEST, _ROM_TEST, _RAM_TEST, _POLL_TEST, _ANTENNA_TEST = 0, 1, 2, 4, 7
_SAM_TIMEOUT_MS: Final = 50  # a unit of SAMConfiguration's timeout


def question_row(data: bytes, codes: CodeTables) -> Row:
    """What a command's parameters say, ``data`` from its code on; empty where they say nothing that may be shown."""
    command, given = data[0], data[1:]
    if command == LIST and len(given) > 1:
        row: Row = {"most_targets": given[0], "modulation": codes.text("listed", given[1])}
        return row | ({"value": hidden(len(given) - 2)} if len(given) > 2 else {})
    if command == POLL and len(given) > 2:
        wanted = [codes.text("polled", f"{kind:02X}") for kind in given[2:]]
        return {"modulation": _joined(wanted)}
    if not given or command not in _FIRST:
        return {}
    table = _FIRST[command]
    row = {"settings": codes.text(table, f"{given[0]:02X}")}
    if table == "sam_mode" and len(given) > 1:
        row["settings"] = _and(row["settings"], f"{given[1] * _SAM_TIMEOUT_MS} ms")
        return row
    return row | ({"value": hidden(len(given) - 1)} if len(given) > 1 else {})


_FIRST: Final = {DIAGNOSE: "test", 0x10: "speed", 0x14: "sam_mode", 0x32: "radio"}  # tables of the first parameter


def diagnose_row(answer: bytes, asked: bytes, codes: CodeTables) -> Row:
    """How a test of Diagnose went: ``answer`` behind its code, ``asked`` the question behind its code."""
    if not asked:
        return {}
    test = asked[0]
    row: Row = {"settings": codes.text("test", f"{test:02X}")}
    if test == _LINE_TEST:
        return row | {"result": _verdict(answer == asked, codes)}
    if len(answer) != 1:
        return row
    if test in (_ROM_TEST, _RAM_TEST, _ANTENNA_TEST):
        return row | {"result": _verdict(answer[0] == 0, codes)}
    if test == _POLL_TEST:
        failed = answer[0]
        return row | {"result": {"zh": f"128 次中失败 {failed} 次", "en": f"{failed} of 128 failed"}}
    return row


def status_row(status: Pn532Status, codes: CodeTables) -> Row:
    """The chip's general status."""
    error = f"{status.error:02X}"
    row: Row = {"error": error, "error_meaning": codes.text("error", error)}
    row |= {"external_field": status.external_field, "targets": len(status.targets)}
    if status.targets:
        row["modulation"] = codes.text("modulation", f"{status.targets[0].modulation:02X}")
    return row | {"sam": f"{status.sam:02X}"}


def found_rows(answer: bytes, asked: bytes, codes: CodeTables) -> list[Row]:
    """The cards of an answer to InListPassiveTarget, behind its count; without ``asked`` only if one form fits."""
    known = asked[1] if len(asked) > 1 else None
    if known is not None and known not in list(Modulation):
        return []
    found = parse_targets(answer[1:], answer[0], None if known is None else Modulation(known))
    return [_found(target, codes) for target in found]


def polled_rows(answer: bytes, codes: CodeTables) -> list[Row]:
    """The cards of an answer to InAutoPoll, behind its count."""
    rows: list[Row] = []
    for kind, target in parse_polled(answer[1:], answer[0]):
        row: Row = {"modulation": codes.text("polled", f"{kind:02X}")}
        rows.append((_found(target, codes) if target is not None else {}) | row)
    return rows


def _found(target: FoundTarget, codes: CodeTables) -> Row:
    """A card by its kind: who it is, historical bytes and application data are hidden."""
    row: Row = {"target": target.number, "modulation": codes.text("listed", int(target.modulation))}
    if target.sens_res is not None:
        row["ATQA"] = f"{target.sens_res:04X}"
    if target.sel_res is not None:
        row["SAK"] = f"{target.sel_res:02X}"
    row["id"] = hidden(len(target.identifier))
    if target.modulation is Modulation.TYPE_A and target.rest:
        row["ATS"] = hidden(len(target.rest) + 1)
        row["frame_size"] = target.frame_size
    if target.system_code is not None:
        row["system"] = f"{target.system_code:04X}"
    return row


def _verdict(passed: bool, codes: CodeTables) -> dict[str, str]:
    return codes.text("verdict", "passed" if passed else "failed")


def _joined(texts: list[dict[str, str]]) -> dict[str, str]:
    return {"zh": "；".join(text["zh"] for text in texts), "en": "; ".join(text["en"] for text in texts)}


def _and(text: dict[str, str], more: str) -> dict[str, str]:
    return {"zh": f"{text['zh']}，{more}", "en": f"{text['en']}, {more}"}
