"""What the makers' own commands tell, as values that may be shown: Quectel, SIMCom, u-blox, Huawei."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Final, TypeAlias

from device.decoding.at_values import cell_row, signal_row
from device.decoding.modem_catalogue import ModemTables
from device.decoding.result import Row
from protocol.at_antenna import parse_antenna_levels
from protocol.at_fields import parse_fields
from protocol.at_neighbour import parse_neighbour
from protocol.at_quectel import parse_network_in_use, parse_qcsq, parse_serving_cells
from protocol.at_signal import parse_csq
from protocol.at_simcom import parse_cpsi
from protocol.at_status import parse_clock
from protocol.at_vendor import parse_hcsq, parse_mode_in_use, parse_numbers, parse_system_state

Describe: TypeAlias = Callable[[str, ModemTables], Row]
_WITHOUT_SERVICE: Final = frozenset(("NOSERVICE", "NONE"))
_NO_SERVICE: Final = "NO SERVICE"


def clock_row(line: str, _tables: ModemTables) -> Row:
    """Date, time and zone; whether somebody set the clock."""
    clock = parse_clock(line)
    if clock is None:
        return {}
    return {"zone_quarters": clock.zone_quarters, "set_by_somebody": clock.set_by_somebody, "local_time": clock.local}


def _is_without_service(line: str) -> bool:
    fields = parse_fields(line)
    return any(field.text.replace(" ", "").upper() in _WITHOUT_SERVICE for field in fields)


def _cells(line: str, _tables: ModemTables) -> Row:
    cells = parse_serving_cells([line])
    if cells:
        return cell_row(cells[0])
    if "neighbourcell" not in line.lower():
        return {}
    found = parse_neighbour(line)
    if found is None:
        return {"cell_kind": "neighbour"}
    place = {"relation": found.relation, "physical_cell": found.physical_cell, "channel": found.channel}
    return {"cell_kind": "neighbour", "radio": found.radio} | place | signal_row(found.signal)


def _antennas(line: str, _tables: ModemTables) -> Row:
    found = parse_antenna_levels(line)
    return {} if found is None else {"radio": found.radio, f"{found.kind} {found.kind.unit}": found.paths}


def _network(line: str, _tables: ModemTables) -> Row:
    found = parse_network_in_use(line)
    if found is None:
        return {}
    return {"state": _NO_SERVICE} if _is_without_service(line) else asdict(found)


def _qcsq(line: str, _tables: ModemTables) -> Row:
    return {"state": _NO_SERVICE} if _is_without_service(line) else signal_row(parse_qcsq(line))


def _hcsq(line: str, _tables: ModemTables) -> Row:
    return {"state": _NO_SERVICE} if _is_without_service(line) else signal_row(parse_hcsq(line))


def _mode_in_use(table: str) -> Describe:
    def describe(line: str, tables: ModemTables) -> Row:
        mode = parse_mode_in_use(line)
        return {"mode": mode, "mode_name": tables.name(table, mode)}

    return describe


def _setting(table: str, second: str = "") -> Describe:
    """Numbers alone: the first has a name in ``table``, the next stands under the key ``second``."""

    def describe(line: str, tables: ModemTables) -> Row:
        numbers = parse_numbers(line)
        row: Row = {"mode": numbers[0], "mode_name": tables.name(table, numbers[0])} if numbers else {}
        return row | {second: numbers[1]} if second and len(numbers) > 1 else row

    return describe


def _system(line: str, tables: ModemTables) -> Row:
    found = parse_system_state(line)
    if found is None:
        return {}
    is_extended = found.source == "^SYSINFOEX"
    names = {
        "service_name": tables.name("service", found.service),
        "domain_name": tables.name("domain", found.domain),
        "mode_name": tables.name("sysinfoex" if is_extended else "sysinfo", found.mode),
        "submode_name": tables.name("submode", found.submode) if is_extended else None,
    }
    return {key: value for key, value in asdict(found).items() if key != "source"} | names


MAKERS: Final[Mapping[str, Describe]] = {
    "+QENG": _cells,
    "+QNWINFO": _network,
    "+QCSQ": _qcsq,
    "+QRSRP": _antennas,
    "+QRSRQ": _antennas,
    "+QSINR": _antennas,
    "+QLTS": clock_row,
    "+CPSI": lambda line, _: cell_row(parse_cpsi(line)),
    "+CNSMOD": _mode_in_use("cnsmod"),
    "+UREG": _mode_in_use("ureg"),
    "+UPSV": _setting("upsv"),
    "+URAT": _setting("urat", "preferred"),
    "^RSSI": lambda line, _: signal_row(parse_csq(line, "^RSSI")),
    "^HCSQ": _hcsq,
    "^SYSINFO": _system,
    "^SYSINFOEX": _system,
    "^MODE": _setting("sysinfo", "submode"),
    "^CURC": _setting("curc"),
    "^NWTIME": clock_row,
}
