"""The answer to reset of a chip card (ISO/IEC 7816-3:2006, clause 8).

What is odd is told, never refused: a terminal meets worn cards and cards that break the standard and still work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_CONVENTIONS: Final = {0x3B: "direct", 0x3F: "inverse"}
_INVERSE_UNDECODED: Final = 0x03
_NAMES: Final = "ABCD"
_MOST_BYTES: Final = 33  # TS and at most 32 more, 8.2.1
_MOST_READ: Final = 64  # of data that is longer than any ATR


@dataclass(frozen=True, slots=True)
class Atr:
    """A parsed ATR.

    ``interface`` maps TA1, TB1, ... to the byte, ``offsets`` to where it stands. ``protocols`` are the T values
    offered, in order; T=15 is no protocol but marks global bytes. ``tck_ok`` is None where no TCK belongs, or where it
    is missing (``tck_missing``), as on some cards that work; ``complete``: nothing else is missing. ``historical`` may
    hold a serial number, so it stays out of every repr; it begins at ``historical_offset``. ``oddities`` are plain
    sentences without data.
    """

    convention: str
    interface: dict[str, int]
    protocols: tuple[int, ...]
    historical: bytes = field(repr=False)
    tck_ok: bool | None
    complete: bool
    oddities: tuple[str, ...]
    offsets: dict[str, int] = field(default_factory=dict)
    historical_offset: int = 0
    tck_missing: bool = False

    @property
    def usable(self) -> bool:
        """The bytes are an answer to reset at all: a known TS, and none missing but perhaps the check byte."""
        return self.convention != "unknown" and self.complete

    @property
    def summary(self) -> str:
        """Protocols and number of oddities, without any data: ``T=0 T=1``, ``T=0, 2 oddities``."""
        protocols = " ".join(f"T={protocol}" for protocol in self.protocols)
        count = len(self.oddities)
        return protocols + (f", {count} oddit{'y' if count == 1 else 'ies'}" if count else "")


class _Reader:
    """Hands out bytes and remembers whether one was missing."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = 0
        self.missing = False

    def byte(self) -> int | None:
        """The next byte, None past the end."""
        if self._next >= len(self._data):
            self.missing = True
            return None
        self._next += 1
        return self._data[self._next - 1]

    def up_to(self, count: int) -> bytes:
        """The next ``count`` bytes, or as many as there are."""
        taken = self._data[self._next : self._next + count]
        self._next += len(taken)
        self.missing = self.missing or len(taken) < count
        return taken

    @property
    def position(self) -> int:
        """Where the next byte stands."""
        return self._next

    @property
    def left(self) -> int:
        """How many bytes nobody has taken."""
        return len(self._data) - self._next


def parse_atr(data: bytes) -> Atr:
    """Parse any bytes as an ATR; never raises."""
    oddities: list[str] = []
    if len(data) > _MOST_BYTES:
        oddities.append(f"it has {len(data)} bytes, the standard allows {_MOST_BYTES}")
    reader = _Reader(data[:_MOST_READ])
    ts = reader.byte()
    convention = "unknown" if ts is None else _CONVENTIONS.get(ts, "unknown")
    if convention == "unknown":
        undecoded = ": 03 is 3F of the inverse convention, not decoded" if ts == _INVERSE_UNDECODED else ""
        oddities.append(f"it does not begin with 3B or 3F{undecoded}")
    t0 = reader.byte() or 0
    offsets: dict[str, int] = {}
    interface, offered = _read_interface(reader, t0 >> 4, offsets)
    historical_offset = reader.position
    historical = reader.up_to(t0 & 0x0F)
    protocols = tuple(dict.fromkeys(protocol for protocol in offered if protocol != 15)) or (0,)
    tck_ok: bool | None = None
    is_due = any(protocol != 0 for protocol in offered)
    if is_due:
        tck_ok = _read_tck(reader, data, oddities)
    elif reader.left:
        oddities.append("a byte follows where T=0 alone has no TCK")
        reader.up_to(1)
    if left := len(data) - reader.position:
        oddities.append(f"{left} byte{'s' * (left > 1)} follow{'s' * (left == 1)} its end")
    if reader.missing:
        oddities.append("it ends too early")
    oddities += _protocol_oddities(offered, interface)
    told = tuple(oddities)
    return Atr(
        convention=convention,
        interface=interface,
        protocols=protocols,
        historical=historical,
        tck_ok=tck_ok,
        complete=not reader.missing,
        oddities=told,
        offsets=offsets,
        historical_offset=historical_offset,
        tck_missing=is_due and tck_ok is None,
    )


def _read_interface(reader: _Reader, announced: int, offsets: dict[str, int]) -> tuple[dict[str, int], list[int]]:
    """TAi to TDi (8.2.3): the upper half of T0 or TDi says which follow, the lower half of TDi names a protocol."""
    interface: dict[str, int] = {}
    offered: list[int] = []
    level = 1
    while announced:
        td = None
        for bit, name in enumerate(_NAMES):
            if not announced >> bit & 1:
                continue
            offset = reader.position
            value = reader.byte()
            if value is None:
                return interface, offered
            offsets[f"T{name}{level}"] = offset
            interface[f"T{name}{level}"] = value
            td = value if name == "D" else None
        if td is None:
            break
        offered.append(td & 0x0F)
        announced = td >> 4
        level += 1
    return interface, offered


def _read_tck(reader: _Reader, data: bytes, oddities: list[str]) -> bool | None:
    """The check byte makes the exclusive-or from T0 to TCK zero (8.2.5)."""
    end = reader.position
    if not reader.left:
        oddities.append("its check byte TCK is missing")
        return None
    reader.up_to(1)
    check = 0
    for value in data[1 : end + 1]:
        check ^= value
    if check:
        oddities.append("its check byte TCK is wrong")
    return check == 0


def _protocol_oddities(offered: list[int], interface: dict[str, int]) -> list[str]:
    oddities = []
    real = [protocol for protocol in offered if protocol != 15]
    if real != sorted(real):
        oddities.append("its protocols are not in ascending order")
    if offered and offered[0] == 15:
        oddities.append("its first protocol is T=15, which is none")
    if unknown := sorted({protocol for protocol in real if protocol > 1}):
        oddities.append("it offers protocols beyond T=0 and T=1: " + " ".join(f"T={value}" for value in unknown))
    if interface.get("TA1") == 0xFF or interface.get("TC2") == 0:
        oddities.append("an interface byte holds a reserved value")
    return oddities
