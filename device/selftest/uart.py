"""The serial lines' check: what the kernel counted on the lines that this terminal uses. No line is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.drivers.uart import UartError, UartState, read_uarts
from device.selftest.sheet import Sheet

_COUNTERS: Final = ("framing", "parity", "overruns", "breaks")  # members of UartState


@dataclass(frozen=True, slots=True)
class UartSetup:
    """The lines in use (``/dev/ttyS1``) and where the kernel's files are."""

    ports: tuple[str, ...]
    proc_root: Path = Path("/proc")


def check_uart(setup: UartSetup, sheet: Sheet) -> None:
    """Write what was counted since the start, and uart.lines: the modem lines that are on.

    uart.errors is the sum of uart.framing, uart.parity, uart.overruns and uart.breaks.
    """
    if not setup.ports:
        _not_run(sheet, "not_fitted", "No serial line is configured.")
        return
    try:
        known = read_uarts(setup.proc_root)
    except UartError as error:
        _not_run(sheet, error.reason, str(error))
        return
    used = {port: known[name] for port in setup.ports if (name := _real_name(port)) in known}
    if not used:
        _not_run(sheet, "not_supported", "The lines in use are not serial ports whose errors the kernel counts.")
        return
    sheet.measured("uart.errors", sum(state.errors for state in used.values()), detail=_counters_of(used))
    for fact in _COUNTERS:
        sheet.measured(f"uart.{fact}", sum(getattr(state, fact) for state in used.values()))
    lines = "; ".join(f"{port}: {' '.join(state.lines) or 'none'}" for port, state in used.items())
    sheet.measured("uart.lines", lines[:80])


def _not_run(sheet: Sheet, reason: str, detail: str) -> None:
    for fact in ("errors", *_COUNTERS, "lines"):
        sheet.not_run(f"uart.{fact}", reason, detail)


def _counters_of(used: Mapping[str, UartState]) -> str:
    rows = [
        f"{port}: {state.framing} framing, {state.parity} parity, {state.overruns} overrun, {state.breaks} breaks"
        for port, state in used.items()
    ]
    return "; ".join(rows) + "."


def _real_name(port: str) -> str:
    """``/dev/serial/by-id/...`` and other links lead to the name that the kernel counts under."""
    return str(Path(port).resolve())
