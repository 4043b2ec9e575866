"""One sale as the payment application makes it: the request it sends, the answer it gets, what it hands over."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tools.simulate.iso_message import build_message, build_tlv, spoil, wrap_request, wrap_response
from tools.simulate.scenario import Step, TerminalFacts
from tools.simulate.wallet import Card

_ENTRY: Final = {"chip": "051", "stripe": "021", "contactless": "071", "keyed": "012", "qr": "031", "fallback": "801"}
_APPROVED: Final = ("00", "10", "11", "16")
_MAC: Final = bytes.fromhex("4D414321C0FFEE62")
_AMOUNT: Final = "000000012300"


@dataclass(frozen=True, slots=True)
class SaleBytes:
    """Both frames as they crossed the wire, and bare for a link of its own; ``response`` is None if nothing came."""

    request: bytes
    response: bytes | None


def play_sale(step: Step, terminal: TerminalFacts) -> SaleBytes:
    """Make the request and the host's answer to it, in the envelope of the step's style."""
    used = dataclasses.replace(terminal, **step.changes)
    now = datetime.now()
    ends = {41: used.terminal_id.ljust(8), 42: used.merchant_id.ljust(15), 49: used.currency}
    request: dict[int, str | bytes] = {
        **{3: "000000", 4: _AMOUNT, 11: step.stan, 18: used.mcc, 22: _ENTRY[step.entry], 25: "00"},
        **ends,
        64: _MAC,
    }
    if step.card is not None:
        request |= _card_fields(step, step.card, used)
    response: dict[int, str | bytes] = {
        **{3: "000000", 4: _AMOUNT, 11: step.response_stan, 12: f"{now:%H%M%S}", 13: f"{now:%m%d}"},
        **{37: f"REF{step.stan:>09}", 39: step.code},
        **ends,
    }
    if step.code in _APPROVED:
        response[38] = "123456"
    if step.mac != "absent":
        response[64] = _MAC
    sent = wrap_request(build_message("0200", request, step.style), step.style)
    answer = wrap_response(build_message("0210", response, step.style), step.style)
    return SaleBytes(sent, spoil(answer, step.response))


def _card_fields(step: Step, card: Card, used: TerminalFacts) -> dict[int, str | bytes]:
    if step.entry == "qr":
        return {}
    fields: dict[int, str | bytes] = {2: card.pan, 14: card.expiry}
    if step.entry != "keyed":
        fields |= {35: card.track2, 52: card.pin_block, 26: "12"}
    if step.entry in ("chip", "contactless"):
        fields |= {23: "001", 55: build_tlv(_chip_data(card, used))}
    return fields


def _chip_data(card: Card, used: TerminalFacts) -> dict[str, bytes]:
    """DE55 as terminals send it: without 5F28 and 9F07, which the application hands over beside it."""
    return {
        "9F26": card.cryptogram,
        "9F10": bytes.fromhex("07010103A00000010A0100000000001234567890"),
        "95": bytes.fromhex("0000008000"),
        "9F1A": bytes.fromhex(f"0{used.country}"),
        "5F2A": bytes.fromhex(f"0{used.currency}"),
        "84": bytes.fromhex(card.aid),
    }


def handed_over(step: Step, terminal: TerminalFacts, frames: SaleBytes) -> dict[str, Any]:
    """Build the ``exchange`` message for the helper: the frames, and beside them what DE55 often lacks."""
    used = dataclasses.replace(terminal, **step.changes)
    message: dict[str, Any] = {"entry_mode": "stripe" if step.entry == "fallback" else step.entry}
    if step.over == "fields":
        message["fields"] = _fields(step, used)
    else:
        message["request"] = frames.request.hex().upper()
        message["response"] = None if frames.response is None else frames.response.hex().upper()
    if frames.response is not None and step.mac != "unsaid":
        message["mac"] = step.mac
    if step.entry in ("stripe", "fallback"):
        message["fallback"] = step.entry == "fallback"
    if step.stored:
        message["stored"] = True
    if step.test_card:
        message["test_card"] = True
    if step.card is not None:
        message |= _card_facts(step, step.card, used)
    return message


def _fields(step: Step, used: TerminalFacts) -> dict[str, str]:
    now = datetime.now()
    return {
        **{"mti": "0210", "11": step.stan, "12": f"{now:%H%M%S}", "13": f"{now:%m%d}", "18": used.mcc},
        **{"22": _ENTRY[step.entry], "39": step.code, "41": used.terminal_id, "42": used.merchant_id},
    }


def _card_facts(step: Step, card: Card, used: TerminalFacts) -> dict[str, Any]:
    facts: dict[str, Any] = {"scheme": card.scheme, "expired": card.expired, "service_code": card.service_code}
    if step.over == "fields":
        facts |= {"card_token": f"token-{card.alias}", "bin_group": f"{card.scheme}-{card.bank}"}
    if step.entry in ("chip", "contactless"):
        tags = {
            "5F28": f"0{card.country}",
            "9F1A": f"0{used.country}",
            "9F07": card.usage_control,
            "95": "0000008000",
            "9B": "E800",
            "5F2A": f"0{used.currency}",
            "84": card.aid,
        }
        facts["emv"] = {tag: value for tag, value in {**tags, **step.emv}.items() if value}
    return facts


def link_frame(message: bytes) -> bytes:
    """Put one message on a serial host link: STX, two BCD length bytes, message, ETX, LRC over all but STX."""
    body = message[2:]  # the link has a length of its own instead of the two-byte prefix
    covered = bytes.fromhex(f"{len(body):04d}") + body + b"\x03"
    check = 0
    for byte in covered:
        check ^= byte
    return b"\x02" + covered + bytes([check])
