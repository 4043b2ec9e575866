"""A person before the panel: boot self-test, keys and touch, the customer's page, and a sale that comes between."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.input_events import pressed, touched
from support.terminal import FIELDS, PATIENCE_S, Terminal, wait_until

from tools.simulate.running_service import RunningService

ENTER, ESC, ZERO, FIVE, BACKSPACE = 28, 1, 11, 6, 14


class Person:
    """Presses keys and touches the panel."""

    def __init__(self, folder: Path) -> None:
        self.device = folder / "event0"
        os.mkfifo(self.device)
        self._fd = os.open(self.device, os.O_RDWR)

    def does(self, data: bytes) -> None:
        os.write(self._fd, data)

    def is_heard_by(self, service: RunningService) -> bool:
        for link in Path(f"/proc/{service.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                if link.readlink() == self.device:
                    return True
        return False


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.remove()


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def framebuffer(terminal: Terminal, person: Person, more: str = "") -> Path:
    panel = terminal.folder / "panel"
    panel.touch()
    terminal.configure(
        f'[[input]]\ndevice = "{person.device}"\n{more}',
        f'kind = "framebuffer"\npath = "{panel}"\nsize = "320x240"\nbits = 16',
    )
    return panel


def test_the_boot_self_test_is_on_a_panel_of_our_own_until_it_is_dismissed_and_dark_then(
    terminal: Terminal, person: Person
) -> None:
    panel = framebuffer(terminal, person)
    with terminal.running() as service:
        service.wait_for_line(" screen shows=selftest page=1")
        assert len(set(panel.read_bytes())) > 2
        wait_until(lambda: person.is_heard_by(service), PATIENCE_S, "the keys")
        person.does(pressed(ESC))
        wait_until(lambda: not any(panel.read_bytes()), PATIENCE_S, "a dark panel")
        wait_until(lambda: not person.is_heard_by(service), PATIENCE_S, "closed keys")


def test_an_application_that_comes_gets_the_panel_at_once_and_is_asked_to_paint(
    terminal: Terminal, person: Person
) -> None:
    framebuffer(terminal, person)
    with terminal.running() as service:
        service.wait_for_line(" screen shows=selftest page=1")
        with terminal.client() as application:
            application.hello("unionpay")
            application.wait_for("repaint")
            assert not person.is_heard_by(service)


def test_keys_turn_pages_language_and_the_customers_page_and_a_sale_ends_it(terminal: Terminal, person: Person) -> None:
    panel = framebuffer(terminal, person)
    with terminal.running() as service, terminal.client() as application:
        application.hello("unionpay")
        application.say("exchange", id="1", fields=FIELDS, mac="verified", entry_mode="chip")
        application.wait_for("diagnosis", id="1", revision=2)
        assert not person.is_heard_by(service)
        application.say("display", state="granted")
        service.wait_for_line(" screen page=1 ")
        assert person.is_heard_by(service)
        seen = {panel.read_bytes()}
        for key, line in ((ENTER, "page=2 "), (BACKSPACE, "page=1 "), (ZERO, "page=1 "), (FIVE, "page=1 pages=1 ")):
            before, since = panel.read_bytes(), service.lines
            person.does(pressed(key))
            service.wait_for_line(f" screen {line}", since=since)
            assert panel.read_bytes() != before
            seen.add(panel.read_bytes())
        assert len(seen) == 4  # back is the page that was seen before
        application.say("busy")
        wait_until(lambda: not person.is_heard_by(service), PATIENCE_S, "closed keys")
        application.wait_for("repaint")


def test_a_finger_on_the_bar_dismisses_the_page_and_the_owner_repaints(terminal: Terminal, person: Person) -> None:
    framebuffer(terminal, person, "touch = true")
    with terminal.running() as service, terminal.client() as application:
        application.hello("unionpay")
        application.say("exchange", id="1", fields=FIELDS)
        application.say("display", state="granted")
        service.wait_for_line(" screen page=1 ")
        application.wait_for("diagnosis", id="1", revision=2)
        application.wait_for("repaint")  # of the boot self-test
        since = service.lines
        person.does(touched(200, 40))
        service.wait_for_line(" screen page=2 ", since=since)
        person.does(touched(310, 235))
        application.wait_for("repaint")
        wait_until(lambda: not person.is_heard_by(service), PATIENCE_S, "closed keys")


@pytest.mark.parametrize("move", ["next", "language", "customer", "back"])
def test_an_application_turns_pages_over_its_socket(move: str, terminal: Terminal, person: Person) -> None:
    framebuffer(terminal, person)
    with terminal.running() as service, terminal.client() as application:
        application.hello("unionpay")
        application.say("exchange", id="1", fields=FIELDS)
        application.say("display", state="granted")
        service.wait_for_line(" screen page=1 ")
        application.wait_for("diagnosis", id="1", revision=2)
        since = service.lines
        application.say("page", to=move)
        application.wait_for("ok", of="page")
        if move != "back":
            service.wait_for_line(" screen page=", since=since)
