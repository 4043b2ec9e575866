"""The service listens to a modem's second port and tells how often it came back into the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sheet import KeptSheet
from support.terminal import PATIENCE_S, Terminal, wait_until

from device.app.modem_watch import FACT, ModemWatch
from device.loop import Loop
from tools.simulate.modem import ModemBehaviour, SimulatedModem


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    made.remove()


def test_the_service_counts_what_the_modem_tells_unasked(terminal: Terminal) -> None:
    modem, second = SimulatedModem(ModemBehaviour()), SimulatedModem(ModemBehaviour())
    terminal.configure(f'[modem]\nport = "{modem.start()}"\nlisten = "{second.start()}"')
    try:
        with terminal.running() as service:

            def told() -> tuple[str, object]:
                rows = service.ask("selftest", level="safe", part="modem")["evidence"]
                row = next(row for row in rows if row["id"] == FACT)
                return row["outcome"], row["value"]

            wait_until(lambda: len(second.commands) == 3, PATIENCE_S, "the questions")
            assert second.commands == ["AT+CREG=1", "AT+CGREG=1", "AT+CEREG=1"]
            assert told() == ("pass", 0)
            second.send(b"\r\n+CEREG: 2\r\n\r\n+CEREG: 5\r\n" * 5)
            wait_until(lambda: told() == ("marginal", 5), PATIENCE_S, "five returns")
            second.unplug()
            wait_until(lambda: told()[0] == "not_run", PATIENCE_S, "the loss of the port")
    finally:
        modem.stop()
        second.stop()


def test_only_a_return_counts_and_only_for_an_hour(tmp_path: Path) -> None:
    now = [0.0]
    watch = ModemWatch(Loop(), str(tmp_path / "ttyNONE"), 115200, lambda: now[0])
    assert "is not there" in watch.problem
    watch.problem = ""

    def count() -> object:
        sheet = KeptSheet()
        watch.check(sheet)
        return sheet.found[FACT].value

    watch.take(b"+CREG: 1\r\n+CREG: 1\r\n")  # as it is told at first
    assert count() == 0
    for piece in (b"+CRE", b"G: 0\r", b'\n+CREG:1,"00A1","0B2C"\r\n', b"RING\r\n", b"x" * 1000, b"\n"):
        watch.take(piece)
    assert count() == 1
    watch.take(b"+CGREG: 2\r\n+CREG: 1\r\n")  # the other network's loss is no return of this one
    assert count() == 1
    now[0] = 3599.0
    watch.take(b"+CGREG: 1\r\n")
    assert count() == 2
    now[0] = 3601.0
    assert count() == 1


def test_without_a_second_port_nobody_has_listened(terminal: Terminal) -> None:
    modem = SimulatedModem(ModemBehaviour())
    terminal.configure(f'[modem]\nport = "{modem.start()}"')
    with terminal.running() as service:
        rows = service.ask("selftest", level="safe", part="modem")["evidence"]
        assert next(row["reason"] for row in rows if row["id"] == FACT) == "no_listener"
    modem.stop()
