"""Plays a scenario: builds the simulated world, starts the real service in it, makes the sales, keeps the results."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from device.settings import tool_language
from tools.checked_client import CheckedClient
from tools.payment_client import NoAnswerError
from tools.simulate.card import VirtualCard
from tools.simulate.console_bridge import ConsoleBridge
from tools.simulate.files import prepare_state, write_profile, write_settings
from tools.simulate.host import HOST_NAME, NameServer, PaymentHost
from tools.simulate.modem import SimulatedModem
from tools.simulate.namespace import NamespaceError, Pcscd, inside, start_pcscd
from tools.simulate.pty_peer import PtyPeer
from tools.simulate.reader import SimulatedReader
from tools.simulate.running_service import RunningService, SimulationError, wait_until
from tools.simulate.sale import handed_over, link_frame, play_sale
from tools.simulate.scenario import Scenario, Step

_HOLD: Final = (
    "import os, sys; fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print('held', flush=True); sys.stdin.read()"
)
_ROUTE: Final = (
    ("address", "replace", "10.20.30.2/32", "dev", "lo"),
    ("route", "replace", "default", "dev", "lo", "src", "10.20.30.2"),
)
_BOOT_S: Final = 12.0
_SCREEN_S: Final = 12.0


@dataclass(slots=True)
class Played:
    """What came of a scenario."""

    diagnosis: Mapping[str, Any] | None
    revision: int
    frame: Mapping[str, Any] | None
    missing: list[str]  # what this machine could not provide


class _Link(PtyPeer):
    """The serial host link on which the tap listens; the tap itself must never write a byte to it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()

    def hear(self, data: bytes) -> None:
        """Keep what should never come."""
        self.heard += data


class Player:
    """One scenario in one folder; use :meth:`play` once."""

    def __init__(
        self, scenario: Scenario, out: Path, language: str, size: str, console: ConsoleBridge | None = None
    ) -> None:
        self._scenario = scenario
        self._out = out
        self._language = language
        self._size = size
        self._console = console
        self._stack = ExitStack()
        self._missing: list[str] = []
        self._pcscd: Pcscd | None = None
        self._card: VirtualCard | None = None
        self._reader: SimulatedReader | None = None
        self._link: _Link | None = None
        self._link_fd = -1
        self._client: CheckedClient | None = None
        self._diagnosis: Mapping[str, Any] | None = None
        self._revision = 0

    def play(self) -> Played:
        """Play to the end. Raises SimulationError naming the step that could not be played."""
        self._out.mkdir(parents=True, exist_ok=True)
        for old in (*self._out.glob("screen*"), self._out / "diagnosis.json", self._out / "frame.json"):
            old.unlink(missing_ok=True)
        with self._stack:
            service = self._start()
            for number, step in enumerate(self._scenario.steps, 1):
                try:
                    self._take(step, service)
                except (SimulationError, NoAnswerError, OSError) as error:
                    raise SimulationError(f"step {number} ({step.do}): {error}") from error
            if self._console is not None:
                self._console.stay()
            return self._collect(service)

    # --- the world ------------------------------------------------------------------------------------------------

    def _start(self) -> RunningService:
        scenario, hardware = self._scenario, self._scenario.hardware
        run_dir = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="posmedic-")))
        missing = prepare_state(scenario, self._out)
        if missing:
            self._missing.append(missing)
        sections: dict[str, Mapping[str, object]] = {}
        if not hardware.fonts:
            self._hide_fonts()
        if hardware.reader is not None:
            self._reader = SimulatedReader(hardware.reader)
            sections["reader"] = {"port": self._started(self._reader), "baud": 9600}
        if hardware.modem is not None:
            sections["modem"] = {"port": self._started(SimulatedModem(hardware.modem)), "baud": 115200}
        if hardware.card is not None:
            sections["smart_card"] = {"reader": "Virtual PCD"}
            self._start_pcscd()
        if scenario.tap:
            self._link = _Link()
            sections["host_tap"] = {"port": self._started(self._link), "baud": 9600, "profile": "unionpay"}
        sections["network"] = self._network()
        for part in hardware.held:
            self._hold(str(sections[part]["port"]))
        profile = write_profile(scenario, self._out)
        if self._console is not None:
            self._stack.callback(self._console.stop)
            profile += f'[[console]]\nport = "{self._console.start()}"\n'
        settings = write_settings(self._out, run_dir, self._language, self._size, sections, profile)
        log = self._stack.enter_context((self._out / "service.log").open("wb"))
        service = RunningService(settings, run_dir, log)
        self._stack.callback(service.stop)
        service.wait_for_line("READY")
        service.wait_for_line("selftest run=boot", timeout_s=_BOOT_S)
        self._host_path = run_dir / "host.sock"
        return service

    def _started(self, peer: PtyPeer) -> str:
        self._stack.callback(peer.stop)
        return peer.start()

    def _start_pcscd(self) -> None:
        if not self._scenario.hardware.pcscd:
            return
        try:
            self._pcscd = start_pcscd()
        except NamespaceError as error:
            self._missing.append(f"no smart-card service: {error}")
            return
        self._stack.callback(self._pcscd.kill)
        if self._scenario.hardware.card is not None:
            self._card = VirtualCard(self._scenario.hardware.card)
            self._stack.callback(self._card.remove)
            self._card.insert()
            time.sleep(1.0)  # pcscd looks for cards every 0.4 s and has no way to be asked whether it has

    def _network(self) -> Mapping[str, object]:
        hardware = self._scenario.hardware
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="posmedic-host-"))) / "ca"
        host = PaymentHost(folder, hardware.tcp, hardware.tls)
        ca_file = self._out / "ca.pem"
        shutil.copy(host.ca_file, ca_file)
        name = HOST_NAME
        if inside():
            for words in _ROUTE:  # the namespace has loopback only; a terminal has an address and a way out
                subprocess.run(["ip", *words], check=True)
            NameServer(hardware.dns)
        else:
            name = "127.0.0.1"
            self._missing.append("no name server of its own: the host is named by its address")
        return {"host": name, "port": host.port, "server_name": HOST_NAME, "ca_file": str(ca_file)}

    def _hide_fonts(self) -> None:
        if not inside():
            self._missing.append("no namespace here, so the fonts are still there")
            return
        for folder in ("/usr/share/fonts", "/usr/local/share/fonts"):
            if Path(folder).is_dir():
                subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)

    def _hold(self, port: str) -> None:
        process = subprocess.Popen([sys.executable, "-c", _HOLD, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        if process.stdout is None or process.stdout.readline() != b"held\n":
            raise SimulationError(f"{port} could not be held by another process")

    # --- the steps ------------------------------------------------------------------------------------------------

    def _take(self, step: Step, service: RunningService) -> None:
        actions: dict[str, Callable[[], object]] = {
            "sale": lambda: self._sell(step, service),
            "bad_json": lambda: self._refused(b'{"v":1,"type":"exchange","id":'),
            "long_line": lambda: self._refused(b'{"v":1,"pad":"' + b"x" * (1 << 20) + b'"}'),
            "line_noise": lambda: self._on_link(bytes(range(256)) * 8),
            "restart_service": lambda: self._restart(service),
            "selftest": lambda: service.ask("selftest", level="safe"),
        }
        if self._reader is not None:
            actions["unplug_reader"] = self._reader.stop
        if self._card is not None:
            actions |= {"insert_card": self._card.insert, "remove_card": self._card.remove}
        if self._pcscd is not None:
            actions |= {"freeze_pcscd": self._pcscd.freeze, "kill_pcscd": self._pcscd.kill}
        if step.do not in actions:
            self._missing.append(f"{step.do} was left out: what it acts on is not there")
            return
        actions[step.do]()

    def _sell(self, step: Step, service: RunningService) -> None:
        frames = play_sale(step, self._scenario.terminal)
        since = service.lines
        if step.over == "tap":
            self._on_link(link_frame(frames.request))
            if frames.response is not None:
                self._on_link(link_frame(frames.response))
            service.wait_for_line(r" diagnosis code=", since=since)
            self._wait_for_screen(step, service, since)
            return
        client = self._application()
        client.say("busy")
        client.wait_for("ok", of="busy")
        client.say("exchange", id=step.stan, **handed_over(step, self._scenario.terminal, frames))
        answer = client.wait_for("diagnosis", "error")
        if answer["type"] == "error":  # the frame was refused: then only the fact that no good answer came is told
            client.say(
                "exchange", id=step.stan, **{**handed_over(step, self._scenario.terminal, frames), "response": None}
            )
            answer = client.wait_for("diagnosis")
        client.say("idle")
        client.wait_for("ok", of="idle")
        self._keep(answer)
        if answer["diagnosis"]["verdict"] != "approved":
            client.say("display", state="granted")
            self._keep(client.wait_for("diagnosis", id=step.stan, revision=2))
            self._wait_for_screen(step, service, since)

    def _wait_for_screen(self, step: Step, service: RunningService, since: int) -> None:
        if step.code in ("00", "10", "11", "16"):
            return
        service.wait_for_line(r" screen page=", since=since, timeout_s=_SCREEN_S)
        if step is self._scenario.steps[-1]:
            service.wait_for_line(r" selftest run=quiet", since=since)
            text, code = self._out / "screen.txt", service.ask("last")["diagnosis"]["short_code"]
            shown = f"drawing every page of the last revision ({code})"
            wait_until(lambda: text.is_file() and code in text.read_text(), _SCREEN_S, shown)

    def _application(self) -> CheckedClient:
        if self._client is None:
            self._client = self._stack.enter_context(CheckedClient(self._host_path))
            self._client.hello("unionpay")
        return self._client

    def _refused(self, line: bytes) -> None:
        client = self._application()
        client.send_line(line)
        client.wait_for("error")

    def _on_link(self, data: bytes) -> None:
        if self._link is not None:
            self._link.send(data)

    def _restart(self, service: RunningService) -> None:
        since = service.lines
        service.restart()
        if self._client is not None:
            self._client.close()
            self._client = None
        service.wait_for_line("selftest run=boot", since=since, timeout_s=_BOOT_S)

    def _keep(self, answer: Mapping[str, Any]) -> None:
        self._diagnosis, self._revision = answer["diagnosis"], answer["revision"]

    # --- the results ----------------------------------------------------------------------------------------------

    def _collect(self, service: RunningService) -> Played:
        if not service.alive:
            raise SimulationError("the service has ended on its own")
        last = service.ask("last")
        if self._diagnosis is None and last is not None:
            self._diagnosis = last["diagnosis"]
        frame = None if last is None else last["frame"]
        for name, value in (("diagnosis.json", self._diagnosis), ("frame.json", frame)):
            if value is not None:
                (self._out / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
        (self._out / "report.txt").write_text(service.ask("report", language=tool_language(self._language)))
        if self._client is not None:
            self._client.close()
        if service.stop() != 0:
            raise SimulationError("the service did not end in order")
        if self._link is not None and self._link.heard:
            raise SimulationError(f"the tap wrote {len(self._link.heard)} bytes to the host link")
        return Played(self._diagnosis, self._revision, frame, self._missing)
