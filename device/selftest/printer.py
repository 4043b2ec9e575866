"""The printer's check: over its serial line (ESC/POS), or through the vendor's library where it is built in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from device.drivers.printer import (
    PrinterAnswers,
    PrinterCover,
    PrinterError,
    PrinterFact,
    PrinterFault,
    PrinterMuteError,
    PrinterPaper,
    PrinterSetup,
    print_test_line,
    read_printer,
)
from device.ports.serial_port import PortError, PortHeldError, PortLostError, PortMissingError
from device.selftest.hal_parts import HalSetup, act, ask, write_flag
from device.selftest.sheet import Sheet
from native.hal import Hal, Printer

_FACTS: Final = ("printer.answer", "printer.paper", "printer.cover", "printer.cutter", "printer.temperature")
_TEST_LINE: Final = "printer.test_line"
_PAPER: Final = ("ok", "near_end", "out")


def check_printer(setup: PrinterSetup | None, hal: HalSetup | None, sheet: Sheet, *, active: bool) -> None:
    """Write the printer's facts.

    printer.answer: yes; printer.paper: ``ok|near_end|out``; printer.cover: ``closed|open``; printer.cutter:
    ``ok|fault``; printer.temperature: ``ok|overheated``; in an active test printer.test_line: yes. The serial line goes
    before the library.
    """
    if setup is not None:
        _check_serial(setup, sheet)
        if active:
            _print_serial(setup, sheet)
        return
    found = ask(hal, Hal.read_printer, (*_FACTS, *((_TEST_LINE,) if active else ())), sheet)
    if found is None:
        return
    _write_hal(found, sheet)
    if active and hal is not None:
        act(sheet, _TEST_LINE, lambda: Hal(hal.library).print_test_line())


def _write_hal(found: Printer, sheet: Sheet) -> None:
    write_flag(sheet, "printer.answer", 1)
    write_flag(sheet, "printer.paper", found.paper, _PAPER)
    write_flag(sheet, "printer.cover", found.cover_open, ("closed", "open"))
    write_flag(sheet, "printer.cutter", found.cutter_fault, ("ok", "fault"))
    write_flag(sheet, "printer.temperature", found.overheated, ("ok", "overheated"))


def _check_serial(setup: PrinterSetup, sheet: Sheet) -> None:
    missing = list(_FACTS)
    try:
        for fact in read_printer(setup):
            _write_serial(fact, missing, sheet)
    except PortHeldError as error:
        _not_run(sheet, missing, "port_held", str(error))
    except PrinterMuteError as error:  # many printers cannot answer: nothing is known, and nothing is wrong
        _not_run(sheet, missing, "mute", str(error))
    except PortMissingError as error:
        _fail(sheet, missing, "port_missing", str(error))
    except PortLostError as error:
        _fail(sheet, missing, "unplugged", str(error))
    except PrinterError as error:
        _fail(sheet, missing, error.reason, str(error))
    except PortError as error:
        for fact_id in missing:
            sheet.broken(fact_id, "port", str(error))
    else:
        _not_run(sheet, missing, "not_supported", "The printer did not answer this question.")


def _print_serial(setup: PrinterSetup, sheet: Sheet) -> None:
    try:
        sheet.measured(_TEST_LINE, "yes" if print_test_line(setup) else "no")
    except PrinterMuteError as error:  # it may print all the same, but nobody here can know
        sheet.not_run(_TEST_LINE, "mute", str(error))
    except PrinterError as error:
        sheet.failed(_TEST_LINE, error.reason, str(error))
    except PortError as error:
        sheet.not_run(_TEST_LINE, "port", str(error))


def _fail(sheet: Sheet, missing: list[str], reason: str, detail: str) -> None:
    """The first open fact failed; what needed it was not asked."""
    sheet.failed(missing[0], reason, detail)
    _not_run(sheet, missing[1:], "needs_answer", "The printer did not answer, so this was not asked.")


def _write_serial(fact: PrinterFact, missing: list[str], sheet: Sheet) -> None:
    told: dict[str, str] = {}
    if isinstance(fact, PrinterAnswers):
        told["printer.answer"] = "yes"
    elif isinstance(fact, PrinterCover):
        told["printer.cover"] = "open" if fact.is_open else "closed"
    elif isinstance(fact, PrinterPaper):
        told["printer.paper"] = str(fact.paper)
    elif isinstance(fact, PrinterFault):
        told["printer.cutter"] = "fault" if fact.cutter or fact.unrecoverable else "ok"
        told["printer.temperature"] = "overheated" if fact.goes_by_itself else "ok"
    for fact_id, value in told.items():
        missing.remove(fact_id)
        sheet.measured(fact_id, value)


def _not_run(sheet: Sheet, facts: Iterable[str], reason: str, detail: str) -> None:
    for fact in facts:
        sheet.not_run(fact, reason, detail)
