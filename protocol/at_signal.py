"""Signal levels as the standard's commands tell them: +CSQ and +CESQ, each scale kept apart.

Sources: 3GPP TS 27.007, 8.5 (+CSQ) and 8.69 (+CESQ, nine values since Release 15). A step is told as its lower bound
(the lowest step, "below x", one step under it). CSQ 100 to 199 is the RSCP of TD-SCDMA modules (vendors' AT manuals).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from protocol.at_fields import parse_fields


class SignalKind(StrEnum):
    """What a value measures. The dBm scales differ by some 20 dB: they are never compared or mixed."""

    RSSI = "RSSI"
    RSCP = "RSCP"
    ECNO = "Ec/No"
    RSRP = "RSRP"
    RSRQ = "RSRQ"
    SINR = "SINR"

    @property
    def unit(self) -> str:
        """``dBm`` for levels, ``dB`` for ratios."""
        return "dBm" if self in (SignalKind.RSSI, SignalKind.RSCP, SignalKind.RSRP) else "dB"


PLAUSIBLE: Final = {  # least and most that a receiver can tell: 36.133 9.1, 25.133 9.1, 38.133 10.1; RSSI is judgement
    SignalKind.RSSI: (-125.0, -10.0),
    SignalKind.RSCP: (-121.0, -20.0),
    SignalKind.ECNO: (-40.0, 5.0),
    SignalKind.RSRP: (-157.0, -29.0),
    SignalKind.RSRQ: (-43.5, 20.5),
    SignalKind.SINR: (-24.0, 50.0),
}


@dataclass(frozen=True, slots=True)
class Signal:
    """What one line tells of one radio; None where it is absent or not known.

    ``source`` is the command (``+CSQ``), ``radio`` ``GSM``, ``WCDMA``, ``TD-SCDMA``, ``LTE`` or ``NR`` (empty: any).
    ``unknown`` are the values that the modem called unknown, ``oddities`` those that cannot be. ``ber_step`` 0 to 7 is
    the step of the bit error rate (RXQUAL, 45.008 8.2.4).
    """

    source: str
    radio: str = ""
    rssi_dbm: float | None = None
    rscp_dbm: float | None = None
    ecno_db: float | None = None
    rsrp_dbm: float | None = None
    rsrq_db: float | None = None
    sinr_db: float | None = None
    unknown: tuple[SignalKind, ...] = ()
    oddities: tuple[str, ...] = ()
    ber_step: int | None = None

    @property
    def known(self) -> bool:
        """At least one value was told."""
        return any(value is not None for value in self.values().values())

    def values(self) -> dict[SignalKind, float | None]:
        """Every value by what it measures."""
        return {
            SignalKind.RSSI: self.rssi_dbm,
            SignalKind.RSCP: self.rscp_dbm,
            SignalKind.ECNO: self.ecno_db,
            SignalKind.RSRP: self.rsrp_dbm,
            SignalKind.RSRQ: self.rsrq_db,
            SignalKind.SINR: self.sinr_db,
        }


def signal_of(
    source: str, radio: str, values: Iterable[tuple[SignalKind, float | None]], oddities: Iterable[str] = ()
) -> Signal:
    """Put values together; one outside what a receiver can tell is an oddity and not kept, None is unknown."""
    kept: dict[SignalKind, float] = {}
    unknown: list[SignalKind] = []
    odd = list(oddities)
    for kind, value in values:
        least, most = PLAUSIBLE[kind]
        if value is None:
            unknown.append(kind)
        elif least <= value <= most:
            kept[kind] = value
        else:
            odd.append(f"{kind} {value:g} {kind.unit} cannot be")
    return Signal(
        source,
        radio,
        kept.get(SignalKind.RSSI),
        kept.get(SignalKind.RSCP),
        kept.get(SignalKind.ECNO),
        kept.get(SignalKind.RSRP),
        kept.get(SignalKind.RSRQ),
        kept.get(SignalKind.SINR),
        tuple(unknown),
        tuple(odd),
    )


def parse_csq(line: str, source: str = "+CSQ") -> Signal | None:
    """The level of +CSQ (or Huawei ^RSSI): -113 + 2n dBm for n of 0 to 31, 99 unknown; from 100 RSCP, 199 unknown."""
    fields = parse_fields(line)
    level = fields[0].number if fields else None
    if level is None:
        return None
    errors = _ber_step(fields[1].number if len(fields) > 1 else None)
    if 0 <= level <= 31:
        return Signal(source, rssi_dbm=-113.0 + 2 * level, ber_step=errors)
    if 100 <= level <= 191:
        return Signal(source, "TD-SCDMA", rscp_dbm=-116.0 + (level - 100), ber_step=errors)
    if level in (99, 199):
        kind = SignalKind.RSSI if level == 99 else SignalKind.RSCP
        return Signal(source, "" if level == 99 else "TD-SCDMA", unknown=(kind,))
    return Signal(source, oddities=(f"the level {level} is in no table",))


def _ber_step(number: int | None) -> int | None:
    return number if number is not None and 0 <= number <= _MOST_BER_STEP else None


_MOST_BER_STEP: Final = 7
_CESQ: Final = (  # radio, what, position, highest number, value of number 0, step, number for unknown
    ("NR", SignalKind.RSRP, 7, 126, -157.0, 1.0, 255),
    ("NR", SignalKind.RSRQ, 6, 126, -43.5, 0.5, 255),
    ("NR", SignalKind.SINR, 8, 127, -23.5, 0.5, 255),
    ("LTE", SignalKind.RSRP, 5, 97, -141.0, 1.0, 255),
    ("LTE", SignalKind.RSRQ, 4, 34, -20.0, 0.5, 255),
    ("WCDMA", SignalKind.RSCP, 2, 96, -121.0, 1.0, 255),
    ("WCDMA", SignalKind.ECNO, 3, 49, -24.5, 0.5, 255),
    ("GSM", SignalKind.RSSI, 0, 63, -111.0, 1.0, 99),
)


def parse_cesq(line: str) -> tuple[Signal, ...]:
    """The radios of +CESQ that have a value, the newest first; empty if none has one."""
    fields = parse_fields(line)
    found: dict[str, list[tuple[SignalKind, float | None]]] = {}
    odd: dict[str, list[str]] = {}
    for radio, kind, position, most, base, step, unknown in _CESQ:
        level = fields[position].number if position < len(fields) else None
        value = base + step * level if level is not None and 0 <= level <= most else None
        found.setdefault(radio, []).append((kind, value))
        if level is not None and value is None and level != unknown:
            odd.setdefault(radio, []).append(f"the {kind} number {level} is in no table")
    errors = _ber_step(fields[1].number if len(fields) > 1 else None)
    signals = (signal_of("+CESQ", radio, values, odd.get(radio, ())) for radio, values in found.items())
    return tuple(replace(s, ber_step=errors) if s.radio == "GSM" else s for s in signals if s.known)


def build_csq(signal: Signal) -> str:
    """The +CSQ line that says ``signal`` (its RSSI, or the RSCP of TD-SCDMA), unknown as 99."""
    errors = 99 if signal.ber_step is None else signal.ber_step
    if signal.rssi_dbm is not None:
        return f"+CSQ: {round((signal.rssi_dbm + 113) / 2)},{errors}"
    return "+CSQ: 99,99" if signal.rscp_dbm is None else f"+CSQ: {round(signal.rscp_dbm + 216)},{errors}"


def build_cesq(signals: Iterable[Signal], nine: bool = True) -> str:
    """The +CESQ line that says ``signals``; six values unless ``nine``."""
    numbers = [99, 99, *([255] * (7 if nine else 4))]
    told = {signal.radio: signal.values() for signal in signals}
    for radio, kind, position, _most, base, step, _unknown in _CESQ:
        value = told.get(radio, {}).get(kind)
        if value is not None and position < len(numbers):
            numbers[position] = round((value - base) / step)
    return "+CESQ: " + ",".join(map(str, numbers))
