"""What one line of a modem's answer tells, as values that may be shown.

Every value is on an allow-list and looks like what it should; numbers of subscribers, SIMs and devices, messages and
network addresses never get here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from device.decoding.at_makers import MAKERS, Describe, clock_row
from device.decoding.at_values import shown, signal_row
from device.decoding.modem_catalogue import ModemTables
from device.decoding.result import Row, hidden
from protocol.at_fields import parse_fields
from protocol.at_operator import parse_operator, parse_operators
from protocol.at_packet import (
    parse_activity,
    parse_addresses,
    parse_attached,
    parse_context_parameters,
    parse_context_ranges,
    parse_contexts,
    parse_event_reporting,
    parse_packet_event,
)
from protocol.at_registration import NAMES as REGISTRATIONS
from protocol.at_registration import parse_registration_line
from protocol.at_signal import parse_cesq, parse_csq
from protocol.at_status import parse_failure, parse_function, parse_sim_state
from protocol.at_timer import parse_active_time, parse_periodic_update

_PLAIN_WORDS: Final = re.compile(r"""[A-Za-z0-9 ,.:()/_'"#-]{2,60}""")
_MOST_LISTED: Final = 64  # as many as the parser takes


def describe_answer(line: str, name: str, solicited: bool | None, tables: ModemTables) -> Row | None:
    """The values of a named line; None if its name is not one whose values may be shown."""
    if name in REGISTRATIONS:
        return shown(_registration(line, solicited, tables))
    describe = _DESCRIBED.get(name)
    return None if describe is None else shown(describe(line, tables))


def _registration(line: str, solicited: bool | None, tables: ModemTables) -> Row:
    found = parse_registration_line(line, solicited)
    if found is None:
        return {}
    row: Row = {"state": found.stat, "state_name": tables.name("registration", found.stat)}
    row |= {"area": found.area, "cell": found.cell, "routing_area": found.routing_area}
    row |= {"access": found.access, "access_name": tables.name("access", found.access)}
    row |= {"cause": found.cause, "form": "read" if found.solicited else "unsolicited"}
    if found.cause_type == 0:
        row["cause_name"] = tables.name("reject", found.cause)
    row |= {"active_time_s": found.active_time_s, "periodic_update_s": found.periodic_update_s}
    return row | {"oddities": found.oddities}


def _operator(line: str, tables: ModemTables) -> Row:
    listed = parse_operators([line]) if "(" in line else ()
    if listed:
        return {"operators": [_listed(asdict(one), tables) for one in listed[:_MOST_LISTED]]}
    found = parse_operator(line)
    if found is None:
        return {}
    names = {"mode_name": tables.name("cops", found.mode), "access_name": tables.name("access", found.access)}
    return asdict(found) | names


def _listed(one: Row, tables: ModemTables) -> Row:
    names = {"state_name": tables.name("reach", one["state"]), "access_name": tables.name("access", one["access"])}
    return shown(one | names)


def _cesq(line: str, _tables: ModemTables) -> Row:
    signals = parse_cesq(line)
    rows = [shown(signal_row(signal)) for signal in signals]
    return {"radios": rows} if rows else {"unknown": "every level"}


def _context(line: str, _tables: ModemTables) -> Row:
    if "(" in line:
        ranges = parse_context_ranges([line])
        kind = ranges[0].kind if ranges else None
        return {"contexts": [{"lowest": one.first, "highest": one.last} for one in ranges], "kind": kind}
    found = parse_contexts([line])
    return {"context": found[0].number, "kind": found[0].kind, "access_point": found[0].access_point} if found else {}


def _activity(line: str, _tables: ModemTables) -> Row:
    found = parse_activity(line)
    return {} if found is None else {"context": found[0], "active": found[1]}


def _parameters(line: str, _tables: ModemTables) -> Row:
    found = parse_context_parameters(line)
    if found is None:
        return {}
    told = {"address": bool(found.address), "gateway": bool(found.gateway), "name_servers": len(found.name_servers)}
    return {"context": found.number, "bearer": found.bearer, "access_point": found.access_point} | told


def _event(line: str, _tables: ModemTables) -> Row:
    event = parse_packet_event(line)
    return {} if event is None else asdict(event)


def _sim(line: str, tables: ModemTables) -> Row:
    state = parse_sim_state(line)
    name = tables.name("sim", state)
    return {} if state is None else {"state": state if name else hidden(len(state), "characters"), "state_name": name}


def _failure(line: str, _tables: ModemTables) -> Row:
    text = parse_failure(line)
    plain = text is not None and _PLAIN_WORDS.fullmatch(text)
    return {"reason": text if plain else hidden(len(text or ""), "characters")}


def _reporting(line: str, _tables: ModemTables) -> Row:
    return dict(zip(("mode", "buffer"), parse_event_reporting(line), strict=True))


def _power_saving(line: str, _tables: ModemTables) -> Row:
    texts = [field.text for field in parse_fields(line)] + [""] * 5
    timers = {"periodic_update_s": parse_periodic_update(texts[3]), "active_time_s": parse_active_time(texts[4])}
    return {"power_saving": texts[0] in ("1", "2")} | timers if texts[0] in ("0", "1", "2") else {}


_DESCRIBED: Final[Mapping[str, Describe]] = {
    **MAKERS,
    "+CSQ": lambda line, _: signal_row(parse_csq(line)),
    "+CESQ": _cesq,
    "+COPS": _operator,
    "+CPIN": _sim,
    "+CFUN": lambda line, tables: {"mode": (mode := parse_function(line)), "mode_name": tables.name("function", mode)},
    "+CGATT": lambda line, _: {"attached": parse_attached(line)},
    "+CGACT": _activity,
    "+CGDCONT": _context,
    "+CGPADDR": lambda line, _: {"addresses": len(parse_addresses([line]))},
    "+CGCONTRDP": _parameters,
    "+CGEV": _event,
    "+CGEREP": _reporting,
    "+CCLK": clock_row,
    "+CPSMS": _power_saving,
    "+CEER": _failure,
}
