"""The answer to reset: interface bytes and protocols; historical bytes may hold a serial number and are not shown."""

from __future__ import annotations

from device.decoding.result import Backing, Decoded, Outcome, Row, hidden
from device.decoding.tables import Tables
from protocol.atr import parse_atr


def decode(data: bytes, _tables: Tables) -> Decoded:
    """Decode an answer to reset."""
    atr = parse_atr(data)
    if atr.convention == "unknown":
        return Decoded(
            Outcome.NOT_THAT_KIND, {"reason": "An ATR begins with 3B or 3F.", "oddities": list(atr.oddities)}
        )
    result: Row = {
        "convention": atr.convention,
        "protocols": [f"T={number}" for number in atr.protocols],
        "interface": {name: f"{value:02X}" for name, value in atr.interface.items()},
        "historical": hidden(len(atr.historical)),
        "check_byte": {True: "good", False: "wrong", None: "none due"}[atr.tck_ok],
        "oddities": list(atr.oddities),
    }
    backing = Backing.CHECKED if atr.tck_ok else Backing.STRUCTURE if atr.complete else Backing.SHAPE
    return Decoded(Outcome.WHOLE if atr.complete else Outcome.PARTIAL, result, backing)
