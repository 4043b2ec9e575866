"""Network registration: +CREG, +CGREG, +CEREG and +C5GREG in every form, asked and unasked.

Sources: 3GPP TS 27.007: +CREG 7.2, +CGREG 10.1.20, +CEREG 10.1.22, +C5GREG 10.1.47. The read form is
``<n>,<stat>[,<area>,<cell>...]``, the unsolicited one lacks ``<n>``: a line alone does not always tell which it is, so
the parser takes what was asked. Blanks and commas inside hexadecimal numbers, an area code with the routing area
behind it in +CEREG, and quotes that are missing, or around everything, are habits of modules in the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.at_fields import Field, parse_fields, parse_name
from protocol.at_timer import parse_active_time, parse_periodic_update

NAMES: Final = ("+CREG", "+CGREG", "+CEREG", "+C5GREG")
_MOST_STATE: Final = 99
_MOST_KNOWN_STATE: Final = 11  # 27.007 7.2
_STATE_OF_NORDIC: Final = 90  # no registration because of the SIM
_STATE: Final = re.compile(r"\d{1,2}", re.ASCII)
_HEX: Final = re.compile(r"[0-9A-Fa-f]{1,16}", re.ASCII)
_READ_FORM: Final = 2  # <n>,<stat> and nothing else cannot be unsolicited


class RegistrationState(StrEnum):
    """The sum of all registrations, circuit and packet, of every radio generation."""

    HOME = "home"
    ROAMING = "roaming"
    SEARCHING = "searching"
    DENIED = "denied"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration; None where it was not told.

    ``stat`` and ``access`` are numbers of 27.007 7.2 (names in the catalogue); ``area`` (LAC, TAC), ``cell`` and
    ``routing_area`` hexadecimal texts as sent, blanks taken out; ``mode`` the ``<n>`` of the read form; ``cause_type``
    0 is a 3GPP cause, 1 the maker's own. ``active_time_s`` and ``periodic_update_s`` are the timers of power saving
    that the network granted, None also where it switched them off. ``oddities`` says what was not as the standard has
    it.
    """

    stat: int
    area: str | None = None
    cell: str | None = None
    access: int | None = None
    routing_area: str | None = None
    cause_type: int | None = None
    cause: int | None = None
    mode: int | None = None
    solicited: bool = False
    oddities: tuple[str, ...] = ()
    active_time_s: int | None = None
    periodic_update_s: int | None = None

    @property
    def registered(self) -> bool:
        """Home (1), roaming (5), or the same without circuit calls preferred (9, 10)."""
        return self.stat in (1, 5, 9, 10)


def parse_registration_line(line: str, solicited: bool | None = None) -> Registration | None:
    """One line. ``solicited``: was this command's read form asked? None: nobody knows (a piece of a log).

    None if the line has no state, or is too broken to say which number is the state.
    """
    fields = parse_fields(line)
    if not fields:
        return None
    oddities: list[str] = []
    read_form = _is_read_form(fields, solicited)
    if solicited and not read_form:
        oddities.append("the unsolicited form inside an answer")
    mode = fields[0].number if read_form else None
    tail = fields[1:] if read_form else fields
    stat = tail[0].number if tail else None
    if stat is None or not 0 <= stat <= _MOST_STATE:
        return None
    if stat > _MOST_KNOWN_STATE and stat != _STATE_OF_NORDIC:
        oddities.append(f"the state {stat} is in no table")
    area, cell, access, routing_area, rest = _places(parse_name(line), tail[1:], oddities)
    cause_type, cause = (rest[at].number if at < len(rest) else None for at in (0, 1))
    timers = [] if parse_name(line) == "+C5GREG" else [field.text for field in rest[2:4]]
    area_code = _hex(area, "area", oddities)
    if solicited and not read_form and area is not None and area.text and area_code is None:
        return None  # neither form: a comma may be lost, and the first number need not be the state
    return Registration(
        stat,
        area_code,
        _hex(cell, "cell", oddities),
        _within(access, 0, 99, oddities),
        _hex(routing_area, "routing area", oddities),
        cause_type,
        cause,
        mode,
        read_form,
        tuple(oddities),
        parse_active_time(timers[0]) if timers else None,
        parse_periodic_update(timers[1]) if len(timers) > 1 else None,
    )


def _is_read_form(fields: tuple[Field, ...], solicited: bool | None) -> bool:
    """Decide by what cannot be: the second field of an unsolicited line is an area, of a read form a state."""
    if len(fields) == 1 or fields[0].number is None:
        return False
    first, second = fields[:2]
    if (second.quoted and not first.quoted) or not (_STATE.fullmatch(second.text) or _is_padded(first, second)):
        return False
    if len(fields) == _READ_FORM:
        return True
    if fields[2].quoted and not second.quoted:  # a state and a quoted area, not an area and a cell
        return True
    if len(fields) == 3:  # n,stat,area without a cell does not exist: stat,area,cell; 2,3, with nothing behind does
        return not fields[2].text
    return bool(solicited) or not _is_placed(fields, solicited)


def _is_padded(first: Field, second: Field) -> bool:
    """Both numbers with leading zeros to three digits: 002,001."""
    return all(len(field.text) == 3 and field.text[0] == "0" and field.number is not None for field in (first, second))


def _is_placed(fields: tuple[Field, ...], solicited: bool | None) -> bool:
    """``stat,area,cell,access`` with an area that looks like a state, in a line that nobody is known to have asked."""
    is_short = len(fields) == 4 or len(fields[4].text) <= 2  # behind the access: a routing area, a type of cause
    if solicited is False and is_short and not fields[3].quoted and _STATE.fullmatch(fields[3].text):
        return True
    return fields[1].number is not None and fields[1].number > _MOST_KNOWN_STATE


def _places(
    name: str, tail: tuple[Field, ...], oddities: list[str]
) -> tuple[Field | None, Field | None, Field | None, Field | None, tuple[Field, ...]]:
    """Return area, cell, access, routing area, and what follows with the cause first."""
    at = dict(enumerate(tail))
    if name == "+CEREG" and _has_routing_area(tail):
        oddities.append("a routing area between the area and the cell")
        return at.get(0), at.get(2), at.get(3), at.get(1), tail[4:]
    if name == "+CGREG":
        return at.get(0), at.get(1), at.get(2), at.get(3), tail[4:]
    if name == "+C5GREG":  # the allowed slices (NSSAI) and their length stand between access and cause
        return at.get(0), at.get(1), at.get(2), None, tail[5:]
    return at.get(0), at.get(1), at.get(2), None, tail[3:]


def _has_routing_area(tail: tuple[Field, ...]) -> bool:
    """Area, two hexadecimal digits, a longer cell, access."""
    if len(tail) < 4 or not (_STATE.fullmatch(tail[3].text) and _HEX.fullmatch(tail[1].text)):
        return False
    return len(tail[1].text) <= 2 < len(tail[2].text) and bool(_HEX.fullmatch(tail[2].text))


def _hex(field: Field | None, what: str, oddities: list[str]) -> str | None:
    """Return a hexadecimal number in one piece."""
    if field is None or not field.text:
        return None
    text = re.sub(r"[\s,]", "", field.text)
    if text != field.text:
        oddities.append(f"the {what} has blanks or commas inside")
    text = text[2:] if text[:2] in ("0x", "0X") else text
    if _HEX.fullmatch(text):
        return text.upper()
    oddities.append(f"the {what} is not hexadecimal")
    return None


def _within(field: Field | None, least: int, most: int, oddities: list[str]) -> int | None:
    if field is None or not field.text:
        return None
    if field.number is not None and least <= field.number <= most:
        return field.number
    oddities.append("the access technology is not a number")
    return None


def parse_registration(lines: Iterable[str]) -> Registration | None:
    """The registration in the lines of an answer: the read form, or where none came the last unsolicited one."""
    unasked: Registration | None = None
    asked: Registration | None = None
    for line in lines:
        found = parse_registration_line(line, solicited=True)
        if found is not None and found.solicited:
            asked = found
        elif found is not None:
            unasked = found
    return asked or unasked


def sum_registrations(registrations: Iterable[Registration]) -> RegistrationState:
    """One word for all: any home or roaming wins, as a data-only modem may be searching for ever in +CREG.

    Registered for messages only (6, 7), for emergencies (8) or for restricted local services (11) carries no sale and
    counts as none.
    """
    states = {registration.stat for registration in registrations}
    ranking = (
        ({1, 9}, RegistrationState.HOME),
        ({5, 10}, RegistrationState.ROAMING),
        ({3}, RegistrationState.DENIED),
        ({2}, RegistrationState.SEARCHING),
    )
    return next((word for stats, word in ranking if stats & states), RegistrationState.NONE)


def build_registration(name: str, registration: Registration) -> str:
    """The line that says ``registration`` as the standard has it: a read form if it is solicited."""
    tail: list[str] = []
    if registration.area is not None or registration.cell is not None:
        tail += [f'"{registration.area or ""}"', f'"{registration.cell or ""}"']
        if registration.access is not None:
            tail.append(str(registration.access))
            if name == "+CGREG":
                tail.append(f'"{registration.routing_area}"' if registration.routing_area else "")
    if registration.cause is not None and registration.cause_type is not None:
        width = {"+CGREG": 4, "+C5GREG": 5}.get(name, 3)
        tail += [""] * (width - len(tail)) + [str(registration.cause_type), str(registration.cause)]
    head = [str(registration.mode or 0)] if registration.solicited else []
    return f"{name}: " + ",".join([*head, str(registration.stat), *tail])
