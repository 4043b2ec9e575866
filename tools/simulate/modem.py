"""A simulated cellular modem on an AT port, with the habits of modems in the field."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from device.table import Table
from tools.simulate.pty_peer import PtyPeer

BEHAVIOURS: Final = ("ok", "noisy", "babble", "nonsense", "half")
QUIRKS: Final = ("double_cr", "no_blank", "cpin_without_ok", "urc_inside", "bare_errors", "text_errors")
_SIM: Final = {"ready": "READY", "pin": "SIM PIN"}
_CELL_COMMANDS: Final = {'AT+QENG="servingcell"': "Quectel", "AT+CPSI?": "SIMCOM INCORPORATED", "AT^HCSQ?": "Huawei"}
_ERROR_TEXTS: Final = {10: "SIM not inserted", 100: "unknown"}


@dataclass(frozen=True, slots=True)
class ModemBehaviour:
    """How the modem is and behaves.

    ``unplugged_after`` pulls the plug, ``sim_pulled_after`` the SIM at that command (1 is the first); 0 never.
    ``behaviour``: ok, noisy (bytes of a bad line before each answer), babble (bytes without end), nonsense (answers of
    no form), half (from the third command on it begins an answer and never ends it).
    """

    sim: str = "ready"
    registration: Mapping[str, str] = field(default_factory=lambda: {"CREG": "0,1", "CGREG": "0,1", "CEREG": "0,1"})
    csq: str = "23,99"
    cesq: str = "99,99,255,255,20,52"
    maker: str = "Quectel"
    cell: tuple[str, ...] = (  # what this maker's command for the serving cell answers; none: an error
        '+QENG: "servingcell","NOCONN","LTE","FDD",460,00,A1B2C3D,77,1650,3,5,5,10F2,-93,-10,-64,140,30',
    )
    operator: str = '0,0,"CHINA MOBILE",7'
    attach: bool = True
    address: str = "10.20.30.40"
    echo: str = "on"
    quirks: tuple[str, ...] = ()
    behaviour: str = "ok"
    mute: bool = False
    slow_s: float = 0.0
    unplugged_after: int = 0
    sim_pulled_after: int = 0

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> ModemBehaviour:
        """Read a scenario's ``[modem]``. Raises TableError."""
        table = Table(values, "scenario [modem]")
        plain = cls()
        registration = table.table("registration", dict(plain.registration))
        behaviour = cls(
            sim=table.choice("sim", ("ready", "missing", "pin"), "ready"),
            registration={name: registration.text(name) for name in registration.keys()},  # noqa: SIM118
            csq=table.text("csq", plain.csq),
            cesq=table.text("cesq", plain.cesq),
            maker=table.text("maker", plain.maker),
            cell=table.texts("cell", plain.cell),
            operator=table.text("operator", plain.operator),
            attach=table.flag("attach", True),
            address=table.text("address", plain.address),
            echo=table.choice("echo", ("on", "off", "doubled", "cut"), "on"),
            quirks=table.texts("quirks", ()),
            behaviour=table.choice("behaviour", BEHAVIOURS, "ok"),
            mute=table.flag("mute", False),
            slow_s=table.number("slow_s", 0.0),
            unplugged_after=table.whole("unplugged_after", 0),
            sim_pulled_after=table.whole("sim_pulled_after", 0),
        )
        unknown = [quirk for quirk in behaviour.quirks if quirk not in QUIRKS]
        if unknown:
            raise table.error("quirks", f"names {unknown[0]!r}; known are {', '.join(QUIRKS)}")
        table.close()
        return behaviour


class SimulatedModem(PtyPeer):
    """``SimulatedModem(ModemBehaviour()).start()`` returns the port. ``commands`` lists what was asked."""

    def __init__(self, behaviour: ModemBehaviour) -> None:
        super().__init__()
        self.commands: list[str] = []
        self._is = behaviour
        self._unread = ""
        self._attached = behaviour.attach
        self._has_sim = behaviour.sim != "missing"
        self._chance = random.Random(27007)  # noqa: S311
        self._eol = "\r\r\n" if "double_cr" in behaviour.quirks else "\r\n"

    def hear(self, data: bytes) -> None:
        """Answer each command line."""
        self._unread += data.decode("ascii", "replace")
        while "\r" in self._unread:
            line, _, self._unread = self._unread.partition("\r")
            self.commands.append(line)
            if len(self.commands) == self._is.unplugged_after:
                self.unplug()
            if len(self.commands) == self._is.sim_pulled_after:
                self._has_sim = self._attached = False
                self.send(b"\r\n+CPIN: NOT READY\r\n")
            if not self._is.mute and self._is.behaviour != "babble":
                self._answer(line)

    def idle(self) -> None:
        """A babbling modem never stops."""
        if self._is.behaviour == "babble":
            self.send(self._chance.randbytes(256))

    def _answer(self, command: str) -> None:
        echo = {"on": command + "\r", "off": "", "doubled": command * 2 + "\r", "cut": command[-3:] + "\r"}
        self.send(echo[self._is.echo].encode("ascii"))
        self.pause(self._is.slow_s)
        lines = self._lines(command)
        if "urc_inside" in self._is.quirks:
            lines = ["+CREG: 2", "RING", *lines]
        if "no_blank" in self._is.quirks:
            lines = [line.replace(": ", ":", 1) for line in lines]
        if command == "AT+CPIN?" and "cpin_without_ok" in self._is.quirks:
            lines = [line for line in lines if line != "OK"]
        if self._is.behaviour == "nonsense" and command != "AT":
            lines = ["".join(self._chance.choices("<>#~*%&", k=8)), "OK"]
        text = "".join(f"{self._eol}{line}{self._eol}" for line in lines)
        if self._is.behaviour == "half" and len(self.commands) > 2:
            text = text[:4]
        noise = b"\x00\xff\x80\r\n" if self._is.behaviour == "noisy" else b""
        self.send(noise + text.encode("ascii"))

    def _error(self, code: int) -> list[str]:
        if "bare_errors" in self._is.quirks:
            return ["ERROR"]
        return [f"+CME ERROR: {_ERROR_TEXTS[code] if 'text_errors' in self._is.quirks else code}"]

    def _lines(self, command: str) -> list[str]:
        name = command[3:].rstrip("?")
        if name in ("CREG", "CGREG", "CEREG", "C5GREG"):
            state = self._is.registration.get(name) if self._has_sim or self._is.sim == "missing" else "0,0"
            return [f"+{name}: {state}", "OK"] if state else self._error(100)
        if name == "CPIN":
            return self._error(10) if not self._has_sim else [f"+CPIN: {_SIM[self._is.sim]}", "OK"]
        if command in _CELL_COMMANDS:
            known = _CELL_COMMANDS[command] == self._is.maker and self._is.cell
            return [*self._is.cell, "OK"] if known else ["ERROR"]
        if command.startswith("AT+CGATT="):
            self._attached = command.endswith("1") and self._is.attach
            return ["OK"]
        told = {
            "AT": [],
            "AT+CGMI": [self._is.maker],
            "AT+CGMM": ["EC20F"],
            "AT+CGMR": ["EC20CEFAGR06A05M4G"],
            "ATI": ["Quectel", "EC20F", "Revision: EC20CEFAGR06A05M4G", "IMEI: 860000000000004"],
            "AT+CSQ": [f"+CSQ: {self._is.csq}"],
            "AT+CESQ": [f"+CESQ: {self._is.cesq}"],
            "AT+COPS?": [f"+COPS: {self._is.operator}"],
            "AT+CGATT?": [f"+CGATT: {int(self._attached)}"],
            "AT+CGPADDR": [f'+CGPADDR: 1,"{self._is.address}"'] if self._is.address else [],
        }.get(command)
        return self._error(100) if told is None else [*told, "OK"]
