"""The technician's ports of this terminal: lines and sessions brought together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from device.app.console_requests import ConsoleRequests, RunWords
from device.app.journal import note
from device.outlets.console.command_table import CommandRow, parse_commands
from device.outlets.console.open_commands import OPEN_COMMANDS
from device.outlets.console.session import Handler, Session
from device.ports.console_port import ConsolePort
from device.settings import read_catalogue
from device.settings_parts import ConsoleSettings

if TYPE_CHECKING:
    from device.app.service import Service


class Consoles:
    """Opens every port of the settings; each has one session."""

    def __init__(self, service: Service, run_words: RunWords, settings_path: Path) -> None:
        self._service = service
        table = read_catalogue("console.toml")
        self._desk = ConsoleRequests(service, run_words, settings_path, table.table("access"))
        self._table = parse_commands(table)
        table.close()

    def open(self) -> None:
        """Open the ports; one that cannot be opened is tried again, and told as a problem."""
        for console in self._service.settings.consoles:
            self._open(console)

    def _open(self, console: ConsoleSettings) -> None:
        port = ConsolePort(self._service.loop, console.port, console.baud, console.flow)
        language = self._service.settings.tool_language
        session = Session(self._desk, self._table, find_handler, port, console.port, language)

        def plugged(there: bool) -> None:
            note("console", port=console.port, there="yes" if there else "no")
            if not there:
                session.unplug()

        port.on_data, port.on_plug = session.feed, plugged
        port.open()
        if port.problem:
            note("console", problem=port.problem)


def find_handler(row: CommandRow) -> Handler:
    """What carries out a command; those above level 0 are read when somebody who signed in asks for one."""
    if row.name in OPEN_COMMANDS:
        return OPEN_COMMANDS[row.name]
    from device.outlets.console import diag_commands, maint_commands, vendor_commands  # noqa: PLC0415

    return {**diag_commands.COMMANDS, **maint_commands.COMMANDS, **vendor_commands.COMMANDS}[row.name]
