"""Quectel: serving and neighbour cells (+QENG), the network in use (+QNWINFO), signal (+QCSQ).

Sources: Quectel AT manuals of EC2x/EG9x (+QENG, +QNWINFO, +QCSQ), BG9x (+QCSQ) and RM50x (+QENG of 5G, in several lines
with LTE beside NR). Neoway and Fibocom modules with a Quectel-like firmware tell the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol.at_cell import ServingCell, band, digits, hexadecimal, measured, sinr_by_size, whole
from protocol.at_fields import Field, parse_fields
from protocol.at_signal import Signal, SignalKind, signal_of

_RADIOS: Final = {
    "GSM": "GSM",
    "WCDMA": "WCDMA",
    "TDSCDMA": "TD-SCDMA",
    "LTE": "LTE",
    "CAT-M": "LTE",
    "CAT-M1": "LTE",
    "CAT-NB": "LTE",
    "CAT-NB1": "LTE",
    "EMTC": "LTE",
    "NBIOT": "LTE",
    "NR5G": "NR",
    "NR5G-SA": "NR",
    "NR5G-NSA": "NR",
}
_LAYOUTS: Final = {  # places behind the radio's name
    "LTE": ("duplex", "mcc", "mnc", "cell", "pci", "channel", "band", "", "", "tac", "rsrp", "rsrq", "rssi", "sinr"),
    "NR5G-SA": ("duplex", "mcc", "mnc", "cell", "pci", "tac", "channel", "band", "", "rsrp", "rsrq", "sinr"),
    "NR5G-NSA": ("mcc", "mnc", "pci", "rsrp", "sinr", "rsrq", "channel", "band"),
    "WCDMA": ("mcc", "mnc", "tac", "cell", "channel", "pci", "", "rscp", "ecno"),
    "GSM": ("mcc", "mnc", "tac", "cell", "", "channel", "band", "rssi"),
}
_KINDS: Final = {
    "rssi": SignalKind.RSSI,
    "rscp": SignalKind.RSCP,
    "ecno": SignalKind.ECNO,
    "rsrp": SignalKind.RSRP,
    "rsrq": SignalKind.RSRQ,
    "sinr": SignalKind.SINR,
}
_QCSQ: Final = {
    "GSM": ("rssi",),
    "WCDMA": ("rssi", "rscp", "ecno"),
    "TD-SCDMA": ("rssi", "rscp", "ecno"),
    "LTE": ("rssi", "rsrp", "sinr", "rsrq"),
    "NR": ("rsrp", "sinr", "rsrq"),
}


_MOST_CODE: Final = 3
_MARKERS: Final = ("", "-", "--", "NULL", "N/A")


@dataclass(frozen=True, slots=True)
class NetworkInUse:
    """+QNWINFO: access technology in the modem's words, operator's digits, band, channel; all None: no service."""

    access: str | None = None
    operator: str | None = None
    band: str | None = None
    channel: int | None = None


def parse_serving_cells(lines: Iterable[str]) -> tuple[ServingCell, ...]:
    """The cells of ``AT+QENG="servingcell"``: one, or with LTE beside NR several lines under one state.

    While searching (``SEARCH``) or without details one cell with its state only.
    """
    cells: list[ServingCell] = []
    state: str | None = None
    for line in lines:
        fields = parse_fields(line)
        if not fields or fields[0].text.lower().startswith("neighbourcell"):
            continue
        if fields[0].text.lower() == "servingcell":
            state = _word(fields, 1)
            fields = fields[2:]
            if not fields:
                cells.append(ServingCell("+QENG", state))
                continue
        cell = _cell(state, fields)
        if cell is not None:
            cells.append(cell)
    detailed = [cell for cell in cells if cell.radio is not None]
    return tuple(detailed or cells)


def _cell(state: str | None, fields: tuple[Field, ...]) -> ServingCell | None:
    name = fields[0].text.upper()
    radio = _RADIOS.get(name)
    layout = _LAYOUTS.get(name) or _LAYOUTS.get(radio or "")
    if radio is None:
        return None
    at = dict(zip(layout or (), fields[1:], strict=False))
    if _is_displaced(at):
        return ServingCell("+QENG", state, radio, signal=Signal("+QENG", radio, oddities=("values are out of place",)))
    oddities: list[str] = []
    values = [(_KINDS[key], measured(field)) for key, field in at.items() if key in _KINDS and key != "sinr"]
    if "sinr" in at:
        raw = measured(at["sinr"])
        values.append((SignalKind.SINR, raw if radio == "NR" else sinr_by_size(raw, oddities)))
    return ServingCell(
        "+QENG",
        state,
        radio,
        at["duplex"].text if "duplex" in at and at["duplex"].text in ("FDD", "TDD") else None,
        digits(at.get("mcc"), 3, 3),
        digits(at.get("mnc"), 2, 3),
        hexadecimal(at.get("tac")),
        hexadecimal(at.get("cell")),
        whole(at.get("pci")),
        whole(at.get("channel")),
        None if radio == "GSM" else band(at.get("band")),  # a number of its own, 0 also where it is not known
        signal_of("+QENG", radio, values, oddities),
    )


def _is_displaced(at: dict[str, Field]) -> bool:
    """A comma is lost or too many: what must be a number or a short code is something else."""
    if any(len(at[key].text) > _MOST_CODE for key in ("duplex", "mcc", "mnc") if key in at):
        return True
    numbers = (at[key] for key in ("pci", "channel", "rsrp", "rscp") if key in at)
    return any(field.decimal is None and field.text not in _MARKERS for field in numbers)


def _word(fields: tuple[Field, ...], at: int) -> str | None:
    text = fields[at].text.upper() if at < len(fields) else ""
    return text if text.isascii() and text.isalpha() and len(text) <= 12 else None


def count_neighbours(lines: Iterable[str]) -> int:
    """How many neighbour cells ``AT+QENG="neighbourcell"`` lists with a channel."""
    heads = [parse_fields(line) for line in lines]
    return sum(1 for head in heads if len(head) > 2 and head[0].text.lower().startswith("neighbourcell"))


def parse_network_in_use(line: str) -> NetworkInUse | None:
    """A +QNWINFO line; ``No Service`` (quoted or not) has every value None. None: no such line."""
    fields = parse_fields(line)
    if not fields or not fields[0].text:
        return None
    at = dict(enumerate(fields))
    if fields[0].text.upper() in ("NO SERVICE", "NONE"):
        return NetworkInUse()
    return NetworkInUse(fields[0].text[:20], digits(at.get(1), 5, 6), band(at.get(2)), whole(at.get(3)))


def parse_qcsq(line: str) -> Signal | None:
    """A +QCSQ line: ``"LTE",<rssi>,<rsrp>,<sinr>,<rsrq>``, ``"NR5G",<rsrp>,<sinr>,<rsrq>``, ``"NOSERVICE"``."""
    fields = parse_fields(line)
    if not fields or not fields[0].text:
        return None
    radio = _RADIOS.get(fields[0].text.upper())
    if radio is None:
        return Signal("+QCSQ")
    oddities: list[str] = []
    values: list[tuple[SignalKind, float | None]] = []
    for key, field in zip(_QCSQ[radio], fields[1:], strict=False):
        value = measured(field)
        if key == "sinr" and radio != "NR":
            value = sinr_by_size(value, oddities)
        values.append((_KINDS[key], value))
    return signal_of("+QCSQ", radio, values, oddities)


def build_serving_lte(cell: ServingCell, sinr: int) -> str:
    """The one-line +QENG answer of an LTE cell, with ``sinr`` as the modem tells it; unknown values as ``-``."""
    signal = cell.signal or Signal("+QENG")
    levels = (signal.rsrp_dbm, signal.rsrq_db, signal.rssi_dbm)
    told = ",".join("-" if level is None else f"{level:g}" for level in levels)
    return (
        f'+QENG: "servingcell","{cell.state}","LTE","{cell.duplex}",{cell.country},{cell.network},{cell.cell},'
        f"{cell.physical_cell},{cell.channel},{cell.band},5,5,{cell.area},{told},{sinr},-"
    )
