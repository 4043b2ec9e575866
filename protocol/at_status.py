"""The modem itself: SIM state, power state, clock, identity, the reason of the last failure, and numbers told masked.

Sources: 3GPP TS 27.007: +CPIN 8.3, +CFUN 8.2, +CCLK 8.15, +CEER 6.10, +CME ERROR 9.2; ITU-T V.250, 6.1 (identity);
3GPP TS 23.003, 2.2 (IMSI) and 6.2 (IMEI, IMEISV); ITU-T E.118, 4 (ICCID, 89) and annex B (Luhn check digit).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol.at_command import Reply
from protocol.at_fields import parse_fields, parse_name
from protocol.at_result import ResultKind

SIM_STATES: Final = (
    *("READY", "SIM PIN", "SIM PUK", "SIM PIN2", "SIM PUK2", "PH-SIM PIN", "PH-FSIM PIN", "PH-FSIM PUK"),
    *("PH-NET PIN", "PH-NET PUK", "PH-NETSUB PIN", "PH-NETSUB PUK", "PH-SP PIN", "PH-SP PUK", "PH-CORP PIN"),
    *("PH-CORP PUK", "NOT INSERTED", "NOT READY", "SIM FAILURE", "SIM BUSY", "SIM WRONG", "BLOCKED"),
)
_SIM_ERRORS: Final = {  # +CME ERROR numbers and texts
    5: ("PH-SIM PIN", "PH-SIM PIN REQUIRED"),
    6: ("PH-FSIM PIN", "PH-FSIM PIN REQUIRED"),
    7: ("PH-FSIM PUK", "PH-FSIM PUK REQUIRED"),
    10: ("NOT INSERTED", "SIM NOT INSERTED"),
    11: ("SIM PIN", "SIM PIN REQUIRED"),
    12: ("SIM PUK", "SIM PUK REQUIRED"),
    13: ("SIM FAILURE", "SIM FAILURE"),
    14: ("SIM BUSY", "SIM BUSY"),
    15: ("SIM WRONG", "SIM WRONG"),
    17: ("SIM PIN2", "SIM PIN2 REQUIRED"),
    18: ("SIM PUK2", "SIM PUK2 REQUIRED"),
    40: ("PH-NET PIN", "NETWORK PERSONALIZATION PIN REQUIRED"),
    41: ("PH-NET PUK", "NETWORK PERSONALIZATION PUK REQUIRED"),
    42: ("PH-NETSUB PIN", "NETWORK SUBSET PERSONALIZATION PIN REQUIRED"),
    43: ("PH-NETSUB PUK", "NETWORK SUBSET PERSONALIZATION PUK REQUIRED"),
    44: ("PH-SP PIN", "SERVICE PROVIDER PERSONALIZATION PIN REQUIRED"),
    45: ("PH-SP PUK", "SERVICE PROVIDER PERSONALIZATION PUK REQUIRED"),
    46: ("PH-CORP PIN", "CORPORATE PERSONALIZATION PIN REQUIRED"),
    47: ("PH-CORP PUK", "CORPORATE PERSONALIZATION PUK REQUIRED"),
}
_SAME_STATES: Final = {  # words of modules for a state that has a name
    "SIM NOT INSERTED": "NOT INSERTED",
    "SIM REMOVED": "NOT INSERTED",
    "NO SIM": "NOT INSERTED",
    "SIM NOT READY": "NOT READY",
    "SIM CRASH": "SIM FAILURE",
    "SIM ERROR": "SIM FAILURE",
    "SIM BLOCKED": "BLOCKED",
}
_CLOCK: Final = re.compile(
    r'"?\s*(\d{4}|\d{2})/(\d{1,2})/(\d{1,2})\s*,\s*(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\s*([+-]\d{1,3}))?\s*"?', re.ASCII
)
_FIRST_SET_YEAR: Final = 2005  # clocks that nobody set start at 1970, 1980, 2000 or 2004
_MOST_ZONE_QUARTERS: Final = 96
_MOST_CHECKED: Final = 19  # E.118, 4.1: 19 digits with the check digit; of longer ones not all have it
_LONG_NUMBER: Final = re.compile(r"\d(?:[ -]?\d){13,}")


@dataclass(frozen=True, slots=True)
class Clock:
    """+CCLK: local time to the second, and the zone in quarters of an hour from UTC (None: not told).

    ``set_by_somebody`` is False where the year is that of a clock nobody set.
    """

    local: datetime.datetime
    zone_quarters: int | None
    set_by_somebody: bool


@dataclass(frozen=True, slots=True)
class NumberTold:
    """A number of subscriber, SIM or device, without its digits: what it can be, how long, its check digit.

    ``check_digit_ok`` is None where the kind has none, and where an ICCID is too long to have one for sure.
    """

    kind: str
    length: int
    check_digit_ok: bool | None


def parse_sim(reply: Reply) -> str | None:
    """The SIM's state in the words of +CPIN (``READY``, ``SIM PIN``, ``NOT INSERTED``); None: the modem did not say."""
    for line in reply.lines:
        state = parse_sim_state(line)
        if state is not None:
            return state
    if reply.result.kind is not ResultKind.CME:
        return None
    if reply.result.code is not None:
        return _SIM_ERRORS.get(reply.result.code, (None, ""))[0]
    text = reply.result.text.upper().replace("(U)SIM", "SIM").replace("PERSONALISATION", "PERSONALIZATION")
    return next((state for state, words in _SIM_ERRORS.values() if words == text), None)


def parse_sim_state(line: str) -> str | None:
    """The state on a +CPIN line; a word that is not in the standard is kept, 20 characters long at most."""
    word = line.partition(":")[2].strip().strip('"').upper()
    word = _SAME_STATES.get(word, word)
    return word[:20] if re.fullmatch(r"[A-Z][A-Z0-9 _-]*", word, re.ASCII) else None


def parse_function(line: str) -> int | None:
    """The power state of +CFUN?: 0 off, 1 full, 4 radio off; None: no number."""
    fields = parse_fields(line)
    return fields[0].number if fields else None


def parse_clock(line: str) -> Clock | None:
    """A +CCLK line, quoted or not, the year in two or four digits; None if that is no date."""
    match = _CLOCK.search(line)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if len(match[1]) == 2:
        year += 1900 if year >= 70 else 2000
    try:
        local = datetime.datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    zone = int(match[7]) if match[7] else None
    if zone is not None and abs(zone) > _MOST_ZONE_QUARTERS:
        zone = None
    return Clock(local, zone, year >= _FIRST_SET_YEAR)


def build_clock(clock: Clock, *, long_year: bool = False) -> str:
    """The +CCLK line that says ``clock``."""
    zone = "" if clock.zone_quarters is None else f"{clock.zone_quarters:+03d}"
    year = f"{clock.local.year:04d}" if long_year else f"{clock.local.year % 100:02d}"
    return f'+CCLK: "{year}/{clock.local:%m/%d,%H:%M:%S}{zone}"'


def parse_identity(lines: Iterable[str]) -> str | None:
    """Manufacturer, model or revision: the lines of +CGMI, +CGMM, +CGMR or ATI as one text, without long numbers."""
    told = [re.sub(r"^\+[A-Z]+\s*:\s*", "", line).strip().strip('"') for line in lines if not _LONG_NUMBER.search(line)]
    text = " ".join(line for line in told if line)[:120]
    return text or None


def parse_failure(line: str) -> str | None:
    """The words of +CEER, 80 characters at most and only if no long number is in them."""
    text = line.partition(":")[2].strip().strip('"')[:80] if parse_name(line) else line.strip()[:80]
    return text if text and not re.search(r"\d{6}", text) else None


def parse_number(line: str, asked: str) -> NumberTold | None:
    """What an answer to AT+CGSN, +CIMI, +CCID... tells: kind, length and check digit, never the digits.

    ``asked`` is the command's name (``+CGSN``). An ICCID may end in F, may have its digits swapped in pairs, and those
    of some operators have letters A to F in the middle. Behind an IMEI a comma and a serial number may stand.
    """
    text = line.partition(":")[2] if parse_name(line) else line
    number = text.strip().strip('"').strip().upper()
    if "CCID" in asked or "SCID" in asked:
        return _iccid(number)
    number = number.partition(",")[0].strip(' "').removesuffix("F")
    if not (number.isascii() and number.isdecimal()):
        return None
    if asked[1:] == "CIMI":
        return NumberTold("IMSI", len(number), None) if 6 <= len(number) <= 15 else None
    if len(number) == 15:
        return NumberTold("IMEI", 15, _luhn(number))
    return (
        NumberTold("IMEISV" if len(number) in (16, 17) else "IMEI", len(number), None)
        if 14 <= len(number) <= 17
        else None
    )


def _iccid(number: str) -> NumberTold | None:
    number = number.partition(",")[0].strip(' "')
    if number.startswith("98"):
        number = number + "F" * (len(number) % 2)
        number = "".join(number[at + 1] + number[at] for at in range(0, len(number), 2))
    number = number.rstrip("F")
    if not re.fullmatch(r"\d{6}[0-9A-F]{12,14}", number, re.ASCII):
        return None
    good = number.isdecimal() and _luhn(number)
    is_checked = number.isdecimal() and len(number) <= _MOST_CHECKED
    return NumberTold("ICCID", len(number), good or (False if is_checked else None))


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
