"""SIMCom: the serving cell as +CPSI tells it, for GSM, WCDMA, LTE and NR.

Sources: SIMCom SIM7x00 and A76xx AT manuals (+CPSI), SIM8200 AT manual (NR5G_SA, NR5G_NSA). Firmware tells levels in
tenths, in whole dB and dBm, or as steps; the size of the RSRP decides which (profile from observed samples). 255 is a
level that is not known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from protocol.at_cell import ServingCell, band, digits, hexadecimal, measured, whole
from protocol.at_fields import Field, parse_fields
from protocol.at_signal import Signal, SignalKind, signal_of

_UNKNOWN_STEP: Final = 255


def parse_cpsi(line: str) -> ServingCell | None:
    """A +CPSI line; ``NO SERVICE`` is a cell with its state only. None: no such line.

    The cell identity, decimal in +CPSI, is told in hexadecimal like that of every other command.
    """
    fields = parse_fields(line)
    if not fields or not fields[0].text:
        return None
    name = fields[0].text.upper()
    at = dict(enumerate(fields))
    if name in ("NR5G_NSA", "NR5G"):  # physical cell, band, channel, RSRP, RSRQ, SNR
        while len(fields) > 1 and fields[1].text and whole(fields[1]) is None:  # state and operator of some firmware
            fields = fields[:1] + fields[2:]
        at = dict(enumerate(fields))
        cell = ServingCell("+CPSI", radio="NR", physical_cell=whole(at.get(1)), channel=whole(at.get(3)))
        return replace(cell, band=band(at.get(2)), signal=_nr(fields[4:7]))
    if name not in ("GSM", "WCDMA", "LTE", "NR5G_SA"):
        return ServingCell("+CPSI", name if name == "NO SERVICE" else None)
    return _placed(_base(name, at), name, fields)


def _base(name: str, at: dict[int, Field]) -> ServingCell:
    """What all radios tell in the same places: state, operator, area, cell."""
    word = at[1].text if 1 in at else ""
    country, _, network = at[2].text.partition("-") if 2 in at else ("", "", "")
    decimal = digits(at.get(4), 1, 11)
    return ServingCell(
        "+CPSI",
        word[:20] if word.replace(" ", "").isalpha() else None,
        "NR" if name == "NR5G_SA" else name,
        None,
        digits(Field(country), 3, 3),
        digits(Field(network), 2, 3),
        hexadecimal(at.get(3)),
        f"{int(decimal):X}" if decimal else None,
    )


def _placed(cell: ServingCell, name: str, fields: tuple[Field, ...]) -> ServingCell:
    at = dict(enumerate(fields))
    if name in ("LTE", "NR5G_SA"):
        cell = replace(cell, physical_cell=whole(at.get(5)), channel=whole(at.get(7)), band=band(at.get(6)))
        return replace(cell, signal=_lte(fields[10:14]) if name == "LTE" else _nr(fields[8:11]))
    if name == "WCDMA":
        levels = [(kind, _negative(at.get(place))) for kind, place in ((SignalKind.ECNO, 9), (SignalKind.RSCP, 10))]
        signal = signal_of("+CPSI", name, levels)
        cell = replace(cell, physical_cell=whole(at.get(6)), channel=whole(at.get(7)), signal=signal)
        return replace(cell, band=band(at.get(5)))
    signal = signal_of("+CPSI", name, [(SignalKind.RSSI, measured(at.get(6)))])
    channel, _, word = at[5].text.partition(" ") if 5 in at else ("", "", "")  # 81 EGSM 900
    told = whole(Field(channel)) if word else None
    return replace(cell, channel=told, band=band(at.get(5) if told is None else Field(word.strip())), signal=signal)


def _negative(field: Field | None) -> float | None:
    """Return a level that the modem tells without its minus."""
    value = measured(field)
    return None if value is None else -abs(value)


def _level(field: Field) -> float | None:
    value = measured(field)
    return None if value == _UNKNOWN_STEP else value


def _lte(fields: tuple[Field, ...]) -> Signal:
    """RSRQ, RSRP, RSSI in tenths, in dB and dBm, or as steps of 36.133; SNR in dB. The RSRP's size tells which."""
    rsrq, rsrp, rssi, sinr = (*map(_level, fields), None, None, None, None)[:4]
    oddities: list[str] = []
    if rsrp is not None and rsrp <= -200:
        rsrq, rsrp, rssi = (None if value is None else value / 10 for value in (rsrq, rsrp, rssi))
    elif rsrp is not None and rsrp >= 0:
        oddities.append("levels are steps, not dBm; the step of the RSSI is not known")
        rsrp, rsrq, rssi = rsrp - 141, None if rsrq is None else rsrq / 2 - 20, None
    kinds = (SignalKind.RSRQ, SignalKind.RSRP, SignalKind.RSSI, SignalKind.SINR)
    return signal_of("+CPSI", "LTE", zip(kinds, (rsrq, rsrp, rssi, sinr), strict=True), oddities)


def _nr(fields: tuple[Field, ...]) -> Signal:
    """RSRP, RSRQ, SNR in tenths, or in dBm and dB, on early firmware RSRQ first: the RSRP is the lower one."""
    first, second, sinr = (*map(_level, fields), None, None, None)[:3]
    rsrp, rsrq = (first, second) if first is None or second is None or first <= second else (second, first)
    if rsrp is not None and rsrp <= -200:
        rsrp, rsrq, sinr = (None if value is None else value / 10 for value in (rsrp, rsrq, sinr))
    kinds = (SignalKind.RSRP, SignalKind.RSRQ, SignalKind.SINR)
    return signal_of("+CPSI", "NR", zip(kinds, (rsrp, rsrq, sinr), strict=True))
