"""The service: owns the loop, the sockets, the tap, the database and the panel, and lets the halves meet."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from device.actions import Progress, SelftestResult
from device.app.catalogue import Catalogue, load_catalogue
from device.app.declines import Decline, Declines
from device.app.display import Display
from device.app.drawing import draw_task
from device.app.evidence_cache import EvidenceCache
from device.app.host_session import HostSession
from device.app.instance_lock import InstanceLock
from device.app.journal import note
from device.app.parts import PartPlans
from device.app.reporting import history_of, report_of
from device.app.selftests import Selftests
from device.app.tap import Tap
from device.app.terminal import Terminal
from device.drivers.card_token import CardTokens
from device.drivers.host_watch import HandedOver, read_exchange
from device.evidence import Evidence, Exchange, Level, Outcome
from device.loop import Loop
from device.outlets.control import ControlOutlet
from device.ports.json_socket import JsonConnection, JsonServer
from device.settings import Settings
from device.store.store import Store
from device.store.token_key import TokenKey

_FRAMES: Final = ("request", "response")


def software_version() -> str:
    """Return the installed version of posmedic."""
    try:
        return version("posmedic")
    except PackageNotFoundError:
        return "unpackaged"


class Service:
    """Everything that runs on the terminal. Build it, then :meth:`run`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._started = time.monotonic()
        self._lock = InstanceLock(settings.service.run_dir)
        self._loop = Loop()
        self._cache = EvidenceCache()
        self._store = Store(settings.service.state_dir / "posmedic.db")
        self._token_key = TokenKey(settings.service.state_dir / "token.key")
        self._sessions: list[HostSession] = []
        self._catalogue: Catalogue | None = None
        self._terminal = Terminal(settings.profile)
        self._plans = PartPlans(settings, self._terminal, lambda: bool(self._sessions))
        self._declines = Declines(
            self._store, self._cache, lambda: self.catalogue.knowledge, self._terminal.profile, software_version()
        )
        self._selftests = Selftests(self._loop, self._part_plans, lambda: self.catalogue.checks, self._note_evidence)
        self._display = Display(
            self._loop, draw_task(settings, lambda: self.catalogue), lambda finding: self._note_finding(finding)
        )
        self._last: Decline | None = None
        self._revision = 0

    @property
    def catalogue(self) -> Catalogue:
        """The knowledge, read on first use."""
        if self._catalogue is None:
            self._catalogue = load_catalogue()
        return self._catalogue

    def run(self) -> None:
        """Open the sockets, say READY, then serve until SIGTERM or SIGINT."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the frames of a sale
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        socket = self._settings.host_socket
        JsonServer(self._loop, socket.path, socket.allow_uids, self._application_joined, _FRAMES)
        JsonServer(self._loop, self._settings.service.run_dir / "control.sock", (), self._control_joined)
        self._tap = Tap(self._loop, self._settings.host_tap, self._tapped)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._loop.stop())
        note("READY", version=software_version(), store=self._store.degraded or "ok")
        self._loop.call_in(0, self._after_start)
        self._loop.run()
        note("stopped")

    def _after_start(self) -> None:
        self._terminal.load()
        self._selftests.start_boot(lambda: None)
