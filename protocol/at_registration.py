"""What a modem says of its SIM, its network and its signal, as typed values. Subscriber numbers are never asked.

Sources: 3GPP TS 27.007: +CPIN 8.3, +CSQ 8.5, +CESQ 8.69, +CREG 7.2, +COPS 7.3, +CGATT 10.1.9, +CGREG 10.1.20,
+CEREG 10.1.22, +C5GREG 10.1.47, +CGPADDR 10.1.14, +CGDCONT 10.1.1, +CGACT 10.1.10, +CME ERROR 9.2. CSQ values 100 to
199 are a habit of TD-SCDMA modules (vendors' AT manuals).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.at_command import Reply, ResultKind


class RegistrationState(StrEnum):
    """The sum of all registrations, circuit and packet, of every radio generation."""

    HOME = "home"
    ROAMING = "roaming"
    SEARCHING = "searching"
    DENIED = "denied"
    NONE = "none"


class SignalKind(StrEnum):
    """What a dBm value measures: the scales differ by some 20 dB."""

    RSSI = "RSSI"
    RSCP = "RSCP"
    RSRP = "RSRP"


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal level."""

    dbm: int
    kind: SignalKind


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration: state number, area and cell as hexadecimal texts, access technology number."""

    stat: int
    area: str = ""
    cell: str = ""
    access: int | None = None

    @property
    def registered(self) -> bool:
        """Home (1) or roaming (5)."""
        return self.stat in (1, 5)


@dataclass(frozen=True, slots=True)
class Context:
    """One packet data context of +CGDCONT."""

    number: int
    kind: str
    access_point: str


_SIM_ERRORS: Final = {
    10: "NOT INSERTED",
    11: "SIM PIN",
    12: "SIM PUK",
    13: "SIM FAILURE",
    14: "SIM BUSY",
    15: "SIM WRONG",
    17: "SIM PIN2",
    18: "SIM PUK2",
}
_SIM_ERROR_TEXTS: Final = {
    "SIM NOT INSERTED": "NOT INSERTED",
    "SIM PIN REQUIRED": "SIM PIN",
    "SIM PUK REQUIRED": "SIM PUK",
    "SIM FAILURE": "SIM FAILURE",
    "SIM BUSY": "SIM BUSY",
    "SIM WRONG": "SIM WRONG",
}
_FIELD: Final = re.compile(r'\s*(?:"([^"]*)"?|\(([^)]*)\)?|([^,]*))\s*(,|$)')
_STATE: Final = re.compile(r"\d{1,2}")
_HEX: Final = re.compile(r"[0-9A-Fa-f]{1,12}")


@dataclass(frozen=True, slots=True)
class _Field:
    text: str
    quoted: bool

    @property
    def number(self) -> int | None:
        digits = self.text.strip()
        return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) <= 9 else None


def _fields(line: str) -> list[_Field]:
    """Cut what stands after the colon at the commas outside quotes."""
    rest = line.partition(":")[2].strip()
    found: list[_Field] = []
    at = 0
    while at <= len(rest):
        match = _FIELD.match(rest, at)
        if match is None:  # something between a closing quote and the comma
            at = rest.find(",", at) + 1
            if at == 0:
                break
            continue
        quoted, bracketed, plain = match[1], match[2], match[3]
        found.append(_Field((quoted or bracketed or plain or "").strip(), quoted is not None))
        if not match[4]:
            break
        at = match.end()
    return found


def _numbers(line: str) -> list[int | None]:
    return [field.number for field in _fields(line)]


def parse_identity(reply: Reply) -> str | None:
    """Manufacturer, model or revision: the lines of +CGMI, +CGMM, +CGMR or ATI as one text."""
    lines = [re.sub(r"^\+[A-Z]+\s*:\s*", "", line).strip().strip('"') for line in reply.lines]
    text = " ".join(line for line in lines if line)[:120]
    return text or None


def parse_sim(reply: Reply) -> str | None:
    """The SIM's state in the words of +CPIN (``READY``, ``SIM PIN``, ``NOT INSERTED``); None: the modem did not say."""
    for line in reply.lines:
        word = line.partition(":")[2].strip().strip('"').upper()
        if word:
            return word[:20]
    if reply.result.kind is not ResultKind.CME:
        return None
    if reply.result.code is not None:
        return _SIM_ERRORS.get(reply.result.code)
    return _SIM_ERROR_TEXTS.get(reply.result.text.upper())


def parse_csq(reply: Reply) -> Signal | None:
    """The level of +CSQ: -113 + 2n dBm for n of 0 to 31; from 100 on RSCP. None: not known (99, 199) or no answer."""
    for line in reply.lines:
        level = next(iter(_numbers(line)), None)
        if level is not None and 0 <= level <= 31:
            return Signal(-113 + 2 * level, SignalKind.RSSI)
        if level is not None and 100 <= level <= 191:
            return Signal(-116 + (level - 100), SignalKind.RSCP)
    return None


def parse_cesq(reply: Reply) -> Signal | None:
    """The level of +CESQ, of the newest radio that has one: 5G RSRP, LTE RSRP, RSCP, RSSI. None: not known."""
    scales = (  # field, highest number, dBm of number 0, what it measures (27.007 8.69)
        (8, 126, -157, SignalKind.RSRP),
        (5, 97, -141, SignalKind.RSRP),
        (2, 96, -121, SignalKind.RSCP),
        (0, 63, -111, SignalKind.RSSI),
    )
    for line in reply.lines:
        numbers = _numbers(line)
        for position, most, base_dbm, kind in scales:
            level = numbers[position] if position < len(numbers) else None
            if level is not None and level <= most:
                return Signal(base_dbm + level, kind)
    return None


def parse_registration(reply: Reply) -> Registration | None:
    """The read form of +CREG, +CGREG, +CEREG or +C5GREG: ``<n>,<stat>[,<area>,<cell>[,<access>]]``.

    An unsolicited line (``<stat>[,<area>...]``) may stand in the answer too; it counts only where no read form came.
    """
    unasked: Registration | None = None
    asked: Registration | None = None
    for line in reply.lines:
        fields = _fields(line)
        if not fields or fields[0].number is None:
            continue
        if len(fields) > 1 and not fields[1].quoted and _STATE.fullmatch(fields[1].text):
            asked = _registration(fields[1:])
        else:
            unasked = _registration(fields)
    return asked or unasked


def _registration(fields: list[_Field]) -> Registration | None:
    stat = fields[0].number
    if stat is None or stat > 99:
        return None
    area, cell = (_hex(fields[at]) if len(fields) > at else "" for at in (1, 2))
    return Registration(stat, area, cell, fields[3].number if len(fields) > 3 else None)


def _hex(field: _Field) -> str:
    """Return a hexadecimal number as some modems write it, with blanks inside, in one piece."""
    text = re.sub(r"\s", "", field.text)
    return text.upper() if _HEX.fullmatch(text) else ""


def sum_registrations(registrations: Iterable[Registration]) -> RegistrationState:
    """One word for all: any home or roaming wins, as a data-only modem may be searching for ever in +CREG."""
    states = {registration.stat for registration in registrations}
    ranking = (
        (1, RegistrationState.HOME),
        (5, RegistrationState.ROAMING),
        (3, RegistrationState.DENIED),
        (2, RegistrationState.SEARCHING),
    )
    return next((word for stat, word in ranking if stat in states), RegistrationState.NONE)


def parse_operator(reply: Reply) -> str | None:
    """The operator's name of +COPS?: ``<mode>[,<format>,<name>[,<access>]]``; names in UCS2 are decoded."""
    for line in reply.lines:
        fields = _fields(line)
        if len(fields) > 2 and fields[2].text:
            numeric = fields[1].number == 2
            return fields[2].text[:60] if numeric else _from_ucs2(fields[2].text)[:60]
    return None


def _from_ucs2(text: str) -> str:
    if len(text) < 8 or len(text) % 4 or not re.fullmatch(r"[0-9A-Fa-f]+", text):
        return text
    try:
        name = bytes.fromhex(text).decode("utf-16-be")
    except UnicodeDecodeError:
        return text
    return name if name.isprintable() else text


def parse_attached(reply: Reply) -> bool | None:
    """Is packet service attached (+CGATT)?"""
    for line in reply.lines:
        numbers = _numbers(line)
        if numbers and numbers[0] in (0, 1):
            return numbers[0] == 1
    return None


def parse_addresses(reply: Reply) -> tuple[str, ...]:
    """The addresses of +CGPADDR, without unset ones; IPv6 also where it is written as sixteen decimal numbers."""
    found = [_address(field.text) for line in reply.lines for field in _fields(line)[1:]]
    return tuple(dict.fromkeys(address for address in found if address))


def _address(text: str) -> str:
    numbers = text.split(".")
    try:
        if len(numbers) == 16:
            address = ipaddress.ip_address(bytes(int(number) for number in numbers))
        else:
            address = ipaddress.ip_address(
                ".".join(n.lstrip("0") or "0" for n in numbers) if len(numbers) == 4 else text
            )
    except ValueError:
        return ""
    return "" if address.is_unspecified else str(address)


def parse_contexts(reply: Reply) -> tuple[Context, ...]:
    """The contexts of +CGDCONT?."""
    found = []
    for line in reply.lines:
        fields = _fields(line)
        number = fields[0].number if fields else None
        if number is not None and len(fields) > 2:
            found.append(Context(number, fields[1].text[:10], fields[2].text[:100]))
    return tuple(found)


def parse_active_contexts(reply: Reply) -> tuple[int, ...]:
    """The numbers of the contexts that +CGACT? calls active."""
    pairs = [_numbers(line) for line in reply.lines]
    return tuple(pair[0] for pair in pairs if len(pair) > 1 and pair[0] is not None and pair[1] == 1)
