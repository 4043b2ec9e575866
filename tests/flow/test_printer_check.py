"""The printer's self-test: a real PTY with a simulated printer, and a built-in one behind the vendor's library."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hal_library import LYING, compile_library, compiler_missing
from support.sheet import KeptSheet

from device.drivers.printer import PrinterSetup
from device.selftest.hal_parts import HalSetup
from device.selftest.printer import check_printer
from tools.simulate.printer import PrinterBehaviour, SimulatedPrinter


def check(behaviour: PrinterBehaviour, *, active: bool = False) -> dict[str, tuple[str, str]]:
    printer = SimulatedPrinter(behaviour)
    port = printer.start()
    sheet = KeptSheet()
    try:
        check_printer(PrinterSetup(port, 9600), None, sheet, active=active)
    finally:
        printer.stop()
    return {fact: sheet.told(fact) for fact in sheet.found}


def test_a_printer_in_order_passes_every_question() -> None:
    found = check(PrinterBehaviour())
    assert set(found) == {f"printer.{fact}" for fact in ("answer", "paper", "cover", "cutter", "temperature")}
    assert set(found.values()) == {("pass", "")}


def test_an_active_test_puts_one_line_on_paper_and_a_safe_one_nothing() -> None:
    for active, lines in ((True, 1), (False, 0)):
        printer = SimulatedPrinter(PrinterBehaviour())
        port, sheet = printer.start(), KeptSheet()
        check_printer(PrinterSetup(port, 9600), None, sheet, active=active)
        printer.stop()
        assert printer.paper.count(b"posmedic self-test\n") == lines
        assert bool(printer.paper) is active
        if active:
            assert sheet.told("printer.test_line") == ("pass", "")


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (PrinterBehaviour(answers=b"\x1a\x12\x12\x12"), ("fail", "outside_limit")),  # off line
        (PrinterBehaviour(answers=b"\x12\x12\x1a\x12"), ("fail", "outside_limit")),  # the cutter is stuck
        (PrinterBehaviour("mute"), ("not_run", "mute")),
        (PrinterBehaviour("garbled"), ("fail", "garbled")),
    ],
)
def test_a_line_that_cannot_be_printed_is_no_pass(behaviour: PrinterBehaviour, told: tuple[str, str]) -> None:
    assert check(behaviour, active=True)["printer.test_line"] == told


def test_a_missing_printer_port_fails_its_answer_and_nothing_else_is_asked(tmp_path: Path) -> None:
    sheet = KeptSheet()
    check_printer(PrinterSetup(str(tmp_path / "ttyNONE"), 9600), None, sheet, active=False)
    assert sheet.told("printer.answer") == ("fail", "port_missing")
    assert sheet.told("printer.paper") == ("not_run", "needs_answer")


def test_a_terminal_without_printer_says_not_fitted() -> None:
    sheet = KeptSheet()
    check_printer(None, None, sheet, active=True)
    assert {sheet.told(fact) for fact in sheet.found} == {("not_run", "not_fitted")}
    assert len(sheet.found) == 6


@pytest.mark.skipif(compiler_missing() is not None, reason=str(compiler_missing()))
def test_a_built_in_printer_is_asked_through_the_vendors_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = HalSetup(compile_library(LYING, tmp_path))
    sheet = KeptSheet()
    check_printer(None, setup, sheet, active=True)
    assert sheet.told("printer.paper") == ("marginal", "outside_limit")
    assert sheet.told("printer.cover") == ("pass", "")
    assert sheet.told("printer.test_line") == ("not_run", "not_supported")
    monkeypatch.setenv("LYING_HAL", "paper_77")
    sheet = KeptSheet()
    check_printer(None, setup, sheet, active=False)
    assert sheet.told("printer.paper") == ("fail", "garbage")
