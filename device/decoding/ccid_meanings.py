"""What CCID messages set up and why they failed, in words."""

from __future__ import annotations

from typing import Final

from device.decoding.code_catalogue import CodeTables
from device.decoding.result import Row
from protocol.ccid_frame import CcidFrame
from protocol.ccid_message import CcidMessageError, CcidType, parse_parameters, parse_rate

_CHOICES: Final = {  # tables of the first special byte
    CcidType.ICC_POWER_ON: "power",
    CcidType.ICC_CLOCK: "clock_command",
    CcidType.MECHANICAL: "mechanical",
}
_PARAMETERS: Final = (CcidType.SET_PARAMETERS, CcidType.PARAMETERS)
_RATES: Final = (CcidType.SET_RATE, CcidType.RATE)
_LAST_PLACE: Final = 0x7F  # errors up to here are the place of a parameter
_OWN: Final = range(0x81, 0xC1)


def settings_of(frame: CcidFrame, codes: CodeTables) -> Row:
    """What a message sets up or answers about it; empty where it does neither, or has not its form."""
    if frame.type in _CHOICES:
        return {"settings": codes.text(_CHOICES[CcidType(frame.type)], frame.special[0])}
    if frame.type == CcidType.SECURE and frame.data:
        return {"settings": codes.text("pin", frame.data[0])}
    try:
        if frame.type in _PARAMETERS:
            return {"settings": _parameters(frame)}
        if frame.type in _RATES:
            rate = parse_rate(frame)
            return {"settings": f"{rate.clock_khz} kHz, {rate.rate_bps} bit/s"}
    except CcidMessageError:
        pass  # it is hidden with its length then
    return {}


def _parameters(frame: CcidFrame) -> str:
    told = parse_parameters(frame)
    text = f"T={told.protocol}, TA1={told.speed:02X}, guard={told.guard}, waiting={told.waiting:02X}"
    return text if told.information_size is None else f"{text}, IFSC={told.information_size}"


def error_row(error: int, codes: CodeTables) -> Row:
    """Why a command failed, bError: its number, the standard's own name, and what it means."""
    key = f"{error:02X}"
    name = codes.word("error", key)
    row: Row = {"error": key} | ({"error_name": name} if name else {})
    if key in codes.texts["error"]:
        return row | {"error_meaning": codes.text("error", key)}
    if error <= _LAST_PLACE or error in _OWN:
        texts = codes.text("error", "parameter" if error <= _LAST_PLACE else "own")
        place = str(error) if error <= _LAST_PLACE else key
        return row | {"error_meaning": {language: text.format(place) for language, text in texts.items()}}
    return row | {"error_meaning": codes.text("error", key)}
