"""u-blox +UCGED, +UREG and its settings in one number, Huawei ^SYSINFO, ^SYSINFOEX, ^MODE and ^HCSQ.

Sources: u-blox SARA-R4 and SARA-R5 AT manuals (+UCGED, +UREG, +UPSV, +URAT), Huawei ME909 AT manual (^SYSINFO,
^SYSINFOEX, ^MODE, ^HCSQ); the steps of NR in ^HCSQ are a profile from observed samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from protocol.at_cell import ServingCell, digits, hexadecimal, measured, whole
from protocol.at_fields import Field, parse_fields, parse_name
from protocol.at_signal import Signal, SignalKind, signal_of

_UNKNOWN_INDEX: Final = 255
_UCGED_LEVELS: Final = {"+RSRP": SignalKind.RSRP, "+RSRQ": SignalKind.RSRQ}
_HCSQ_STEPS: Final = {  # value of number 0 and step, ME909 manual, ^HCSQ
    SignalKind.RSSI: (-121.0, 1.0),
    SignalKind.RSCP: (-121.0, 1.0),
    SignalKind.ECNO: (-32.5, 0.5),
    SignalKind.RSRP: (-141.0, 1.0),
    SignalKind.SINR: (-20.2, 0.2),
    SignalKind.RSRQ: (-20.0, 0.5),
}
_HCSQ: Final = {
    "GSM": (SignalKind.RSSI,),
    "WCDMA": (SignalKind.RSSI, SignalKind.RSCP, SignalKind.ECNO),
    "TD-SCDMA": (SignalKind.RSSI, SignalKind.RSCP, SignalKind.ECNO),
    "LTE": (SignalKind.RSSI, SignalKind.RSRP, SignalKind.SINR, SignalKind.RSRQ),
    "NR": (SignalKind.RSRP, SignalKind.SINR, SignalKind.RSRQ),
}
_MOST_NUMBERS: Final = 8


@dataclass(frozen=True, slots=True)
class SystemState:
    """Huawei ^SYSINFO and ^SYSINFOEX: numbers of the manual; None where one is absent.

    ``service`` 0 none, 1 restricted, 2 valid, 3 restricted by region, 4 asleep; ``sim`` 1 usable, 255 absent.
    """

    source: str
    service: int | None = None
    domain: int | None = None
    roaming: int | None = None
    mode: int | None = None
    sim: int | None = None
    submode: int | None = None


def parse_mode_in_use(line: str) -> int | None:
    """The access mode of +CNSMOD (``<n>,<mode>`` or ``<mode>``) or the state of +UREG; names are in the catalogue."""
    numbers = [field.number for field in parse_fields(line)]
    number = numbers[-1] if len(numbers) in (1, 2) else None
    return number if number is not None and 0 <= number <= 99 else None


def parse_ucged(lines: Iterable[str]) -> ServingCell | None:
    """u-blox +UCGED in an LTE cell; None: nothing of it is there.

    Mode 2: a line of the radio (6) and a line of the cell. Mode 5: +RSRP and +RSRQ of physical cell and channel.
    """
    lines = tuple(lines)
    levels = [line for line in lines if parse_name(line) in _UCGED_LEVELS]
    return _by_levels(levels) if levels else _by_rows([fields for line in lines if (fields := parse_fields(line))])


def _by_levels(lines: Sequence[str]) -> ServingCell:
    values = []
    at = dict(enumerate(parse_fields(lines[0])))
    for line in lines:
        fields = dict(enumerate(parse_fields(line)))
        if whole(fields.get(0)) == whole(at.get(0)):
            values.append((_UCGED_LEVELS[parse_name(line)], measured(fields.get(2))))
    signal = signal_of("+UCGED", "LTE", values)
    return ServingCell("+UCGED", radio="LTE", physical_cell=whole(at.get(0)), channel=whole(at.get(1)), signal=signal)


def _by_rows(rows: Sequence[tuple[Field, ...]]) -> ServingCell | None:
    radio = next((row for row in rows if len(row) == 4 and row[0].number == 6), None)
    cell = next((dict(enumerate(row)) for row in rows if len(row) > 12), None)
    if radio is None or cell is None:
        return None
    rsrp, rsrq = whole(cell.get(10)), whole(cell.get(11))
    sinr = measured(cell.get(12))
    values = (
        (SignalKind.RSRP, rsrp - 141.0 if rsrp is not None and 0 <= rsrp <= 97 else None),
        (SignalKind.RSRQ, rsrq / 2 - 20 if rsrq is not None and 0 <= rsrq <= 34 else None),
        (SignalKind.SINR, None if sinr == _UNKNOWN_INDEX else sinr),
    )
    band_number = whole(cell.get(1))
    return ServingCell(
        "+UCGED",
        "SERVICE" if radio[1].number == 4 else None,
        "LTE",
        None,
        digits(radio[2], 3, 3),
        digits(radio[3], 2, 3),
        hexadecimal(cell.get(4)),
        hexadecimal(cell.get(5)),
        whole(cell.get(6)),
        whole(cell.get(0)),
        None if band_number in (None, _UNKNOWN_INDEX) else str(band_number),
        signal_of("+UCGED", "LTE", values),
    )


def parse_numbers(line: str) -> tuple[int, ...]:
    """The numbers of a setting or state that is numbers alone (+UPSV, +URAT, ^MODE, ^CURC); empty if one is none."""
    numbers = [field.number for field in parse_fields(line)]
    told = tuple(number for number in numbers if number is not None)
    return told if len(told) == len(numbers) <= _MOST_NUMBERS else ()


def parse_system_state(line: str) -> SystemState | None:
    """Huawei ^SYSINFOEX (mode behind a reserved place) or ^SYSINFO (mode before the SIM's state)."""
    numbers = [field.number for field in parse_fields(line)]
    if not numbers or numbers[0] is None:
        return None
    at = dict(enumerate(numbers))
    if line.strip().upper().startswith("^SYSINFOEX"):
        return SystemState("^SYSINFOEX", at[0], at.get(1), at.get(2), at.get(5), at.get(3), at.get(7))
    return SystemState("^SYSINFO", at[0], at.get(1), at.get(2), at.get(3), at.get(4), at.get(6))


def parse_hcsq(line: str) -> Signal | None:
    """Huawei ^HCSQ: ``"LTE",<rssi>,<rsrp>,<sinr>,<rsrq>`` as steps, 255 unknown; ``"NOSERVICE"`` knows nothing."""
    fields = list(parse_fields(line))
    while fields and fields[0].number is not None:  # some firmware sets its reporting numbers before
        fields.pop(0)
    if not fields or not fields[0].text:
        return None
    name = {"NR5G": "NR", "TDSCDMA": "TD-SCDMA"}.get(fields[0].text.upper(), fields[0].text.upper())
    values: list[tuple[SignalKind, float | None]] = []
    for kind, field in zip(_HCSQ.get(name, ()), fields[1:], strict=False):
        base, step = _HCSQ_STEPS[kind]
        number = whole(field)
        values.append((kind, None if number in (None, _UNKNOWN_INDEX) else round(base + step * (number or 0), 1)))
    return signal_of("^HCSQ", name if name in _HCSQ else "", values)
