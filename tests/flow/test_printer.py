"""The printer's driver against a simulated one on a real PTY."""

from __future__ import annotations

import time

import pytest

from device.drivers.printer import (
    BUDGET_S,
    Paper,
    PrinterAnswers,
    PrinterBabbleError,
    PrinterCover,
    PrinterError,
    PrinterFact,
    PrinterFault,
    PrinterGarbledError,
    PrinterLine,
    PrinterMuteError,
    PrinterPaper,
    PrinterSetup,
    read_printer,
)
from device.ports.serial_port import PortLostError
from tools.simulate.printer import PrinterBehaviour, SimulatedPrinter

WELL = [
    PrinterAnswers(),
    PrinterLine(online=True),
    PrinterCover(is_open=False),
    PrinterFault(cutter=False, recoverable=False, unrecoverable=False, goes_by_itself=False),
    PrinterPaper(Paper.OK),
]


def ask(behaviour: PrinterBehaviour) -> tuple[list[PrinterFact], Exception | None, SimulatedPrinter]:
    printer = SimulatedPrinter(behaviour)
    port = printer.start()
    facts: list[PrinterFact] = []
    failure: Exception | None = None
    began = time.monotonic()
    try:
        for fact in read_printer(PrinterSetup(port, 9600)):
            facts.append(fact)
    except (PrinterError, PortLostError) as error:
        failure = error
    finally:
        printer.stop()
    assert time.monotonic() - began < BUDGET_S + 1  # the bound itself is what is promised
    assert printer.paper == b""
    return facts, failure, printer


@pytest.mark.parametrize("behaviour", ["ok", "asb", "noisy"])
def test_a_healthy_printer_answers_each_question_once_and_prints_nothing(behaviour: str) -> None:
    facts, failure, printer = ask(PrinterBehaviour(behaviour))
    assert failure is None
    assert facts == WELL
    assert printer.asked == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("1a121212", PrinterLine(online=False)),
        ("12161212", PrinterCover(is_open=True)),
        ("12121a12", PrinterFault(cutter=True, recoverable=False, unrecoverable=False, goes_by_itself=False)),
        ("12121612", PrinterFault(cutter=False, recoverable=True, unrecoverable=False, goes_by_itself=False)),
        ("12123212", PrinterFault(cutter=False, recoverable=False, unrecoverable=True, goes_by_itself=False)),
        ("12125212", PrinterFault(cutter=False, recoverable=False, unrecoverable=False, goes_by_itself=True)),
        ("1212121e", PrinterPaper(Paper.NEAR_END)),
        ("12121272", PrinterPaper(Paper.OUT)),
        ("1212127e", PrinterPaper(Paper.OUT)),
    ],
)
def test_each_state_is_told_and_nothing_else_changes(answers: str, told: PrinterFact) -> None:
    facts, failure, _ = ask(PrinterBehaviour(answers=bytes.fromhex(answers)))
    assert failure is None
    assert [fact for fact in facts if fact not in WELL] == [told]
    assert len(facts) == len(WELL)


def test_a_printer_that_knows_half_the_questions_tells_what_it_knows() -> None:
    facts, failure, _ = ask(PrinterBehaviour("half"))
    assert failure is None
    assert facts == [WELL[0], WELL[1], WELL[4]]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [("mute", PrinterMuteError), ("garbled", PrinterGarbledError)],
)
def test_silence_and_a_wrong_speed_are_told_apart(behaviour: str, error: type[Exception]) -> None:
    facts, failure, printer = ask(PrinterBehaviour(behaviour))
    assert facts == []
    assert type(failure) is error
    assert printer.asked == [1]


def test_babble_is_not_taken_for_answers() -> None:
    facts, failure, _ = ask(PrinterBehaviour("babble"))
    assert facts == []
    assert type(failure) in (PrinterBabbleError, PrinterGarbledError)


def test_a_pulled_plug_keeps_what_was_known() -> None:
    facts, failure, _ = ask(PrinterBehaviour("unplugged"))
    assert facts == WELL[:2]
    assert type(failure) is PortLostError
