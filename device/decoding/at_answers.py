"""What one line of a modem's answer tells, as values that may be shown.

Every value is on an allow-list and looks like what it should; numbers of subscribers, SIMs and devices, messages and
network addresses never get here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, TypeAlias

from device.decoding.modem_catalogue import ModemTables
from device.decoding.result import Row, hidden
from protocol.at_cell import ServingCell
from protocol.at_operator import parse_operator, parse_operators
from protocol.at_packet import (
    parse_active_contexts,
    parse_addresses,
    parse_attached,
    parse_context_parameters,
    parse_contexts,
    parse_event_reporting,
    parse_packet_event,
)
from protocol.at_quectel import parse_network_in_use, parse_qcsq, parse_serving_cells
from protocol.at_registration import NAMES as REGISTRATIONS
from protocol.at_registration import parse_registration_line
from protocol.at_signal import Signal, parse_cesq, parse_csq
from protocol.at_simcom import parse_cpsi
from protocol.at_status import parse_clock, parse_failure, parse_function, parse_sim_state
from protocol.at_vendor import parse_hcsq, parse_mode_in_use, parse_system_state

Describe: TypeAlias = Callable[[str, ModemTables], Row]
_SHOWN_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
_LONG_NUMBER: Final = re.compile(r"\d[\d .-]{5,}\d")
_ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+|:[0-9A-Fa-f]*:|[^\s@]+@[^\s@]+")
_CODES: Final = frozenset(("area", "cell", "routing_area", "code", "operator", "country", "network"))
_MOST_NUMBER: Final = 9_999_999  # the longest that is told is a channel of NR, seven digits
_HEX: Final = re.compile(r"0?[0-9A-Fa-f]{1,9}", re.ASCII)


def describe_answer(line: str, name: str, solicited: bool | None, tables: ModemTables) -> Row | None:
    """The values of a named line; None if its name is not one whose values may be shown."""
    if name in REGISTRATIONS:
        return shown(_registration(line, solicited, tables))
    describe = _DESCRIBED.get(name)
    return None if describe is None else shown(describe(line, tables))


def shown(values: Mapping[str, Any]) -> Row:
    """Leave out what was not told, and hide every text that could be a number of somebody or an address."""
    row: Row = {}
    for key, value in values.items():
        if value in (None, (), ""):
            continue
        row[key] = _showable(key, value)
    return row


def _showable(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _showable(name, item) for name, item in value.items() if item is not None and item != ()}
    if isinstance(value, tuple | list):
        return [_showable(key, item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return _text(key, value)
    return hidden(len(str(value)), "digits") if isinstance(value, int) and abs(value) > _MOST_NUMBER else value


def _text(key: str, value: str) -> str:
    if key in _CODES:
        return value if _HEX.fullmatch(value) else hidden(len(value), "characters")
    value = str(value)  # a plain one, for JSON
    private = _LONG_NUMBER.search(value) or _ADDRESS.search(value) or not _SHOWN_TEXT.fullmatch(value)
    return hidden(len(value), "characters") if private else value


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
    return row | {"oddities": found.oddities}


def signal_row(signal: Signal | None) -> Row:
    """Every level with its unit, each under its own name, and which are unknown."""
    if signal is None:
        return {}
    levels = {f"{kind} {kind.unit}": value for kind, value in signal.values().items()}
    return {"radio": signal.radio, **levels, "unknown": signal.unknown, "oddities": signal.oddities}


def cell_row(cell: ServingCell | None) -> Row:
    """The cell's place and its levels."""
    if cell is None:
        return {}
    place = {key: value for key, value in asdict(cell).items() if key not in ("signal", "source")}
    return place | {key: value for key, value in signal_row(cell.signal).items() if key != "radio"}


def _operator(line: str, tables: ModemTables) -> Row:
    listed = parse_operators([line]) if "(" in line else ()
    if listed:
        return {"operators": [shown(asdict(one)) for one in listed[:20]]}
    found = parse_operator(line)
    if found is None:
        return {}
    names = {"mode_name": tables.name("cops", found.mode), "access_name": tables.name("access", found.access)}
    return asdict(found) | names


def _cells(line: str, _tables: ModemTables) -> Row:
    cells = parse_serving_cells([line])
    if not cells:
        return {"cell_kind": "neighbour"} if "neighbourcell" in line.lower() else {}
    return cell_row(cells[0])


def _cesq(line: str, _tables: ModemTables) -> Row:
    signals = parse_cesq(line)
    rows = [shown(signal_row(signal)) for signal in signals]
    return {"radios": rows} if rows else {"unknown": "every level"}


def _mode(table: str) -> Describe:
    def describe(line: str, tables: ModemTables) -> Row:
        mode = parse_mode_in_use(line)
        return {"mode": mode, "mode_name": tables.name(table, mode)}

    return describe


def _context(line: str, _tables: ModemTables) -> Row:
    found = parse_contexts([line]) if "(" not in line else ()
    return asdict(found[0]) if found else {}


def _parameters(line: str, _tables: ModemTables) -> Row:
    found = parse_context_parameters(line)
    if found is None:
        return {}
    told = {"address": bool(found.address), "gateway": bool(found.gateway), "name_servers": len(found.name_servers)}
    return {"number": found.number, "bearer": found.bearer, "access_point": found.access_point} | told


def _system(line: str, tables: ModemTables) -> Row:
    found = parse_system_state(line)
    return {} if found is None else asdict(found) | {"service_name": tables.name("service", found.service)}


def _clock(line: str, _tables: ModemTables) -> Row:
    clock = parse_clock(line)
    if clock is None:
        return {}
    return {"zone_quarters": clock.zone_quarters, "set_by_somebody": clock.set_by_somebody, "local_time": clock.local}


def _event(line: str, _tables: ModemTables) -> Row:
    event = parse_packet_event(line)
    return {} if event is None else asdict(event)


def _sim(line: str, tables: ModemTables) -> Row:
    state = parse_sim_state(line)
    name = tables.name("sim", state)
    return {} if state is None else {"state": state if name else hidden(len(state), "characters"), "state_name": name}


def _failure(line: str, _tables: ModemTables) -> Row:
    text = parse_failure(line)
    plain = text is not None and re.fullmatch(r"[A-Za-z0-9 ,()/_-]{2,60}", text)
    return {"reason": text if plain else hidden(len(text or ""), "characters")}


def _reporting(line: str, _tables: ModemTables) -> Row:
    return dict(zip(("mode", "buffer"), parse_event_reporting(line), strict=True))


_DESCRIBED: Final[Mapping[str, Describe]] = {
    "+CSQ": lambda line, _: signal_row(parse_csq(line)),
    "^RSSI": lambda line, _: signal_row(parse_csq(line, "^RSSI")),
    "+CESQ": _cesq,
    "+QCSQ": lambda line, _: signal_row(parse_qcsq(line)),
    "^HCSQ": lambda line, _: signal_row(parse_hcsq(line)),
    "+QENG": _cells,
    "+CPSI": lambda line, _: cell_row(parse_cpsi(line)),
    "+QNWINFO": lambda line, _: asdict(found) if (found := parse_network_in_use(line)) else {},
    "+CNSMOD": _mode("cnsmod"),
    "+UREG": _mode("ureg"),
    "^SYSINFO": _system,
    "^SYSINFOEX": _system,
    "+COPS": _operator,
    "+CPIN": _sim,
    "+CFUN": lambda line, tables: {"mode": (mode := parse_function(line)), "mode_name": tables.name("function", mode)},
    "+CGATT": lambda line, _: {"attached": parse_attached(line)},
    "+CGACT": lambda line, _: {"active": parse_active_contexts([line])},
    "+CGDCONT": _context,
    "+CGPADDR": lambda line, _: {"addresses": len(parse_addresses([line]))},
    "+CGCONTRDP": _parameters,
    "+CGEV": _event,
    "+CGEREP": _reporting,
    "+CCLK": _clock,
    "+CEER": _failure,
}
