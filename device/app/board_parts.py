"""The checks of parts that need nothing of the service but its settings: the board's, and the vendor library's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from device.app.terminal import Terminal
from device.selftest.sheet import Sheet
from device.settings import Settings, read_catalogue
from device.terminal_profile import Reference
from device.worker import silence

if TYPE_CHECKING:
    from device.selftest.hal_parts import HalSetup

Check: TypeAlias = Callable[[Sheet], None]


def board_checks(settings: Settings, terminal: Terminal, wanted: frozenset[str]) -> Mapping[str, Check]:
    """One check a part, for the facts that are ``wanted``. Modules are imported in the worker that runs the check."""
    return {
        "cpu": _cpu,
        "uptime": _uptime,
        "watchdog": _watchdog,
        "usb": lambda sheet: _usb(terminal, sheet),
        "uart": lambda sheet: _uart(settings, sheet),
        "printer": lambda sheet: _printer(settings, wanted, sheet),
        "identity": lambda sheet: _identity(settings, terminal, sheet),
        "power": lambda sheet: _hal_part("power", settings, wanted, sheet),
        "tamper": lambda sheet: _hal_part("tamper", settings, wanted, sheet),
        "keypad": lambda sheet: _hal_part("keypad", settings, wanted, sheet),
        "indicator": lambda sheet: _hal_part("indicator", settings, wanted, sheet),
        "contactless": lambda sheet: _hal_part("contactless", settings, wanted, sheet),
    }


def _cpu(sheet: Sheet) -> None:
    from device.selftest.board import check_cpu  # noqa: PLC0415
    from device.selftest.system import SystemSetup  # noqa: PLC0415

    check_cpu(SystemSetup(), sheet)


def _uptime(sheet: Sheet) -> None:
    from device.selftest.board import check_uptime  # noqa: PLC0415
    from device.selftest.system import SystemSetup  # noqa: PLC0415

    check_uptime(SystemSetup(), sheet)


def _watchdog(sheet: Sheet) -> None:
    from device.selftest.board import check_watchdog  # noqa: PLC0415
    from device.selftest.system import SystemSetup  # noqa: PLC0415

    check_watchdog(SystemSetup(), sheet)


def _usb(terminal: Terminal, sheet: Sheet) -> None:
    from device.selftest.board import check_usb  # noqa: PLC0415
    from device.selftest.system import SystemSetup  # noqa: PLC0415

    reference = terminal.reference()
    check_usb(SystemSetup(), None if reference is None else reference.usb, sheet)


def _uart(settings: Settings, sheet: Sheet) -> None:
    from device.selftest.uart import UartSetup, check_uart  # noqa: PLC0415

    lines = (settings.reader, settings.modem, settings.host_tap, settings.printer)
    check_uart(UartSetup(tuple(line.port for line in lines if line is not None)), sheet)


def _identity(settings: Settings, terminal: Terminal, sheet: Sheet) -> None:
    from device.selftest.hal_parts import check_identity  # noqa: PLC0415

    reference = terminal.reference() or Reference()
    check_identity(library_of(settings), reference.serial_number, reference.versions.get("firmware"), sheet)


def library_of(settings: Settings) -> HalSetup | None:
    """The vendor's library, if there is one; what it prints goes nowhere from now on."""
    from device.selftest.hal_parts import HalSetup  # noqa: PLC0415

    if settings.hal is None:
        return None
    silence()
    return HalSetup(settings.hal)


def _hal_part(part: str, settings: Settings, wanted: frozenset[str], sheet: Sheet) -> None:
    from device.selftest import hal_parts  # noqa: PLC0415

    setup = library_of(settings)
    if part == "contactless":
        hal_parts.check_contactless(setup, sheet, active="contactless.field" in wanted)
    else:
        check = {"power": hal_parts.check_power, "tamper": hal_parts.check_tamper, "keypad": hal_parts.check_keypad}
        check["indicator"] = hal_parts.check_indicator
        check[part](setup, sheet)
    _with_person(setup, wanted, sheet)


def _with_person(setup: HalSetup | None, wanted: frozenset[str], sheet: Sheet) -> None:
    from device.selftest import assisted  # noqa: PLC0415

    if "contactless.tap" in wanted:
        assisted.check_tap(setup, sheet)
    if "keypad.pressed" in wanted:
        assisted.check_keys(setup, read_key_names(), sheet)
    if "indicator.noticed" in wanted:
        assisted.check_noticed(setup, sheet)


def read_key_names() -> Mapping[int, str]:
    """Names of keys by their code, from the catalogue. Raises TableError."""
    table = read_catalogue("key_names.toml")
    table.text("source")
    rows = table.table("key")
    table.close()
    return {int(code): rows.text(code) for code in rows.keys()}  # noqa: SIM118  a Table is not a mapping


def _printer(settings: Settings, wanted: frozenset[str], sheet: Sheet) -> None:
    from device.drivers.printer import PrinterSetup  # noqa: PLC0415
    from device.selftest.printer import check_printer  # noqa: PLC0415

    line = settings.printer
    setup = None if line is None else PrinterSetup(line.port, line.baud)
    hal = library_of(settings) if line is None else None
    check_printer(setup, hal, sheet, active="printer.test_line" in wanted)
