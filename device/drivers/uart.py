"""Serial lines as the kernel counts them, without opening one: a process that holds the line is not disturbed.

The counters are those of ``/proc/tty/driver/*`` (Linux drivers/tty/serial/serial_core.c, uart_line_info): bytes sent
and received, framing, parity, break and overrun errors since the start, and the modem lines that are on. The folder
is root's on most systems, so "not permitted" is an answer of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_DRIVER: Final = re.compile(r"^(\S+)\s+(/dev/\S+)\s+\d+\s+\d+(?:-\d+)?\s+serial\s*$")
_LINE: Final = re.compile(r"^(\d+): uart:(\S+)(.*)$")
_COUNTER: Final = re.compile(r"\b(tx|rx|fe|pe|brk|oe|bo):(\d+)")
_MODEM_LINES: Final = ("RTS", "CTS", "DTR", "DSR", "CD", "RI")


class UartError(Exception):
    """The kernel does not tell; ``reason`` is a short key, the text one sentence."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class UartState:
    """One line: which chip drives it, its counters since the start, and the modem lines that are on now."""

    chip: str
    sent: int
    received: int
    framing: int
    parity: int
    breaks: int
    overruns: int
    lines: tuple[str, ...] = field(default=())

    @property
    def errors(self) -> int:
        """Framing, parity and overrun errors and breaks together."""
        return self.framing + self.parity + self.breaks + self.overruns


def read_uarts(proc_root: Path) -> Mapping[str, UartState]:
    """Every serial line by its device name (``/dev/ttyS0``). Raises UartError where nothing may be read."""
    try:
        drivers = (proc_root / "tty/drivers").read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise UartError("not_supported", "The kernel does not list its serial drivers.") from error
    found: dict[str, UartState] = {}
    refused = False
    for line in drivers.splitlines():
        named = _DRIVER.match(line)
        if named is None:
            continue
        try:
            text = (proc_root / "tty/driver" / named[1]).read_text(encoding="ascii", errors="replace")
        except PermissionError:
            refused = True
        except OSError:
            continue
        else:
            found |= parse_driver(text, named[2])
    if refused and not found:
        raise UartError("not_permitted", "The service may not read the serial lines' counters.")
    return found


def parse_driver(text: str, device: str) -> dict[str, UartState]:
    """The lines of one driver's file; ``device`` is the name without the number. Ports without a chip are left out."""
    found = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None or match[2] == "unknown":
            continue
        counts = {name: int(count) for name, count in _COUNTER.findall(match[3])}
        modem_lines = tuple(name for name in _MODEM_LINES if re.search(rf"[ |]{name}(?:\||$|\s)", match[3]))
        found[f"{device}{match[1]}"] = UartState(
            chip=match[2][:20],
            sent=counts.get("tx", 0),
            received=counts.get("rx", 0),
            framing=counts.get("fe", 0),
            parity=counts.get("pe", 0),
            breaks=counts.get("brk", 0),
            overruns=counts.get("oe", 0) + counts.get("bo", 0),
            lines=modem_lines,
        )
    return found
