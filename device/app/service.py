"""The service: owns the loop, the sockets, the tap, the database and the panel, and lets the two halves meet."""

from __future__ import annotations

import dataclasses
import resource
import signal
import time
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from device import __version__
from device.app.applications import Applications
from device.app.catalogue import Catalogue, load_what_fits
from device.app.declines import Decline, Declines
from device.app.evidence_cache import EvidenceCache
from device.app.host_session import VERSION, HostSession
from device.app.instance_lock import InstanceLock
from device.app.journal import note
from device.app.overlays import build_knowledge
from device.app.parts import PartPlans
from device.app.quiet_hour import QuietHour
from device.app.requests import Requests
from device.app.screens import Screens
from device.app.selftests import Selftests
from device.app.supervisor import Supervisor
from device.app.tap import Tap
from device.app.terminal import Terminal
from device.app.trend_watch import with_trend
from device.app.updates import Updates
from device.diagnosis.diagnosis_json import diagnosis_to_json
from device.diagnosis.headline import write_hotline
from device.drivers.card_token import CardTokens
from device.drivers.handed_over import HandedOver
from device.drivers.host_watch import read_exchange
from device.evidence import WINDOW_S, Evidence, Outcome
from device.loop import Loop
from device.outlets.control import ControlOutlet
from device.ports.json_socket import JsonConnection, JsonServer
from device.settings import Settings
from device.store.store import Store
from device.store.token_key import TokenKey

_FRAMES: Final = ("request", "response")
_DEFAULT_HOST: Final = "unionpay"
_MOST_SALE_S: Final = 300.0


class Service:
    """Everything that runs on the terminal. Build it, then :meth:`run`. It is the app's ``HostDesk``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = InstanceLock(settings.service.run_dir)
        self.version = __version__
        self.loop = Loop()
        self.cache = EvidenceCache()
        self.store = Store(settings.service.state_dir / "posmedic.db", anchor_path=settings.console_access.anchor)
        self.sessions: list[HostSession] = []
        self.terminal = Terminal(settings.profile)
        self._token_key = TokenKey(settings.service.state_dir / "token.key")
        self._declines = Declines(self.store, self.cache, self.terminal.profile, self.version)
        self.applications = Applications(self.loop, self.sessions, lambda: self.catalogue.checks)
        self.screens = Screens(
            self.loop,
            settings,
            lambda: self.catalogue.texts,
            lambda: write_hotline(self.terminal.profile(), self.catalogue.knowledge.wording),
            self.sessions,
            self._note_finding,
        )
        self._plans = PartPlans(settings, self.terminal, self.store, self.applications)
        self.selftests = Selftests(
            self.loop,
            lambda: self.catalogue,
            self._plans,
            self._note_evidence,
            QuietHour(self.store, self.applications.held_back),
            self.applications.held_back,
            (self.applications, self.screens),
        )
        self.updates = Updates(
            self.loop,
            settings.update,
            settings.service.state_dir,
            self.applications.held_back,
            self.cache.snapshot,
            lambda: self.catalogue.gate,
            self.selftests.run_again,
        )
        self.updates.watch = self.screens.update_told
        self._supervisor = Supervisor(self.loop)
        self._left_out = ""
        self._tap: Tap | None = None
        self._last: Decline | None = None
        self._revision = 0

    @cached_property
    def catalogue(self) -> Catalogue:
        """The product's knowledge, read on first use so that READY does not wait for it."""
        catalogue, self._left_out = load_what_fits(self.settings.message_files, self.settings.spoken)
        return catalogue

    def _use_overlays(self) -> None:
        """Their signatures hold and they fit, as a worker has found: lay the same content over the knowledge, once."""
        if not self.catalogue.knowledge.overlays:
            knowledge = build_knowledge(self._plans.overlays.tables, lazy=True, languages=self.settings.spoken)
            self.catalogue = dataclasses.replace(self.catalogue, knowledge=knowledge)

    def run(self) -> None:
        """Open the sockets, say READY, then serve until SIGTERM or SIGINT."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the frames of a sale
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        socket = self.settings.host_socket
        JsonServer(self.loop, socket.path, socket.allow_uids, self._application_connected, _FRAMES)
        JsonServer(self.loop, self.settings.service.run_dir / "control.sock", (), self._control_connected)
        self.loop.stop_on(signal.SIGTERM, signal.SIGINT)
        note("READY", version=self.version)
        self._supervisor.ready()
        self.loop.call_in(0, self._after_ready)
        self.loop.run()
        note("stopped")

    def problems(self) -> list[str]:
        """What does not work, one sentence each."""
        tap = self._tap.problem if self._tap else ""
        aside = f"A damaged database was set aside as {self.store.set_aside}." if self.store.set_aside else ""
        told = (self.store.degraded or "", aside, self.terminal.problem, tap, self._left_out)
        return [text for text in told if text]

    def _after_ready(self) -> None:
        self.terminal.load(self.catalogue)
        self._plans.listen(self.loop)
        if self.settings.host_tap is not None:
            self._tap = Tap(self.loop, self.settings.host_tap, lambda: self._messages, self._tapped)
        for problem in self.problems():
            note("problem", what=problem)
        self.selftests.start_boot(self.updates.boot_done)

    @property
    def _messages(self) -> tuple[Any, ...]:
        return tuple(self.catalogue.messages.values())

    # --- evidence -------------------------------------------------------------------------------------------------

    def _note_evidence(self, evidence: Evidence) -> Evidence:
        if evidence.id == "profile.signature" and evidence.outcome is Outcome.PASS:
            self.terminal.mark_verified()
        if evidence.id == "profile.overlay" and evidence.outcome is Outcome.PASS:
            self._use_overlays()
        spec = self.catalogue.checks.get(evidence.id)
        evidence = with_trend(evidence, spec, self.store.trends, datetime.now().astimezone())
        self.cache.note(evidence)
        self.store.note_evidence([evidence], self.cache.snapshot())
        return evidence

    def _note_finding(self, finding: Mapping[str, Any]) -> None:
        """What the drawing worker found is evidence of the screen."""
        check, reason, detail = (str(finding[key]) for key in ("finding", "reason", "detail"))
        self._note_evidence(Evidence(check, Outcome.FAIL, reason=reason, detail=detail))

    def _note_application(self) -> None:
        """Who is connected is known at once, without a test."""
        spec = self.catalogue.checks["service.payment_application"]
        value, detail = "connected" if self.sessions else "none", self.applications.names()
        self._note_evidence(Evidence(spec.id, spec.limit.judge(value), value, limit=str(spec.limit), detail=detail))

    # --- the payment application (HostDesk) -----------------------------------------------------------------------

    def _application_connected(self, connection: JsonConnection) -> None:
        welcome = {"v": VERSION, "type": "welcome", "service": "posmedic", "version": self.version}
        HostSession(connection, self, welcome)

    def joined(self, session: HostSession) -> None:
        """An application said hello: from now on it owns the panel until it grants it."""
        note("application", joined=session.application, host=session.host or "not said")
        self.sessions.append(session)
        self._note_application()
        self.screens.settle()

    def left(self, session: HostSession) -> None:
        """An application is gone, and with it its sale and its grant."""
        note("application", left=session.application)
        self.sessions.remove(session)
        session.busy = session.granted = False
        self._note_application()
        self.applications.echo.give_up(session)
        self.screens.settle()
        self._settle_sale()

    def sale_began(self, session: HostSession) -> None:
        """Only listen from now on; a sale that never ends is taken as ended after five minutes."""
        self.applications.echo.give_up()
        self.selftests.sale_began()
        self.screens.sale_began()
        began = session.sales

        def overdue() -> None:
            if session.busy and session.sales == began:
                note("application", sale="no idle within five minutes, taken as ended")
                session.busy = False
                self._settle_sale()

        self.loop.call_in(_MOST_SALE_S, overdue)

    def sale_ended(self, session: HostSession) -> None:
        """Go on with what the sale had stopped."""
        del session
        self._settle_sale()

    def exchanged(self, session: HostSession, exchange_id: str, handed: HandedOver) -> None:
        """Judge one exchange, answer it, and show a decline."""
        decline = self._judge(handed, session.host)

        def publish(revision: int, newer: Decline) -> None:
            told = diagnosis_to_json(newer.diagnosis)
            message = {"type": "diagnosis", "id": exchange_id, "revision": revision, "diagnosis": told}
            if "pages" in session.can:
                message["pages"] = self.screens.pages_of(newer.diagnosis)
            session.send(message)

        publish(1, decline)
        if decline.declined:
            self.screens.show(decline.diagnosis)
            self.selftests.run_quiet(lambda: publish(2, self._revise(decline)))

    def display_changed(self, session: HostSession) -> None:
        """A grant came or went."""
        del session
        self.screens.settle()

    def echo_told(self, session: HostSession, echo_id: str, rtt_ms: float | None) -> None:
        """The payment application says how its echo went."""
        self.applications.echo.take(session, echo_id, rtt_ms)

    def was_reset(self) -> None:
        """Test everything anew, because the secure part began anew while Linux ran on."""
        self.selftests.run_after_reset()

    def page_asked(self, move: str) -> None:
        """Turn the page."""
        self.screens.turn(move)

    # --- from exchange to screen ----------------------------------------------------------------------------------

    def _tapped(self, handed: HandedOver) -> None:
        tap = self.settings.host_tap
        decline = self._judge(handed, Path(tap.profile).stem if tap else "")  # a file is called as its profile
        if decline.declined:
            self.screens.show(decline.diagnosis)

            def revise() -> None:
                self._revise(decline)

            self.selftests.run_quiet(revise)

    def _judge(self, handed: HandedOver, host: str) -> Decline:
        began = time.monotonic()
        self.selftests.sale_seen()
        history = self.store.recent_sales(WINDOW_S)
        tokens = CardTokens(self._token_key.current(in_use=any(sale.token for sale in history)))
        host = host or self.terminal.profile().host or _DEFAULT_HOST
        reference = self.terminal.reference()
        exchange = read_exchange(
            handed,
            self._messages,
            tokens,
            host,
            self._plans.trusted_month(datetime.now()),
            reference.bin_countries if reference else {},
        )
        self._plans.note_host_time(exchange.host_time)
        self._last = self._declines.take(exchange, history, self.catalogue.knowledge)
        note("judged", took_ms=round((time.monotonic() - began) * 1000, 1))
        return self._last

    def _revise(self, decline: Decline) -> Decline:
        """Judge again with the newest evidence; the page being shown is refreshed only if it is still this one."""
        newer = self._declines.revise(decline, self.catalogue.knowledge)
        if self._last is decline:
            self._last = newer
            self.screens.revise(newer.diagnosis)
        return newer

    def _settle_sale(self) -> None:
        if not any(session.busy for session in self.sessions):
            self.selftests.sale_ended()

    # --- the command line -----------------------------------------------------------------------------------------

    def _control_connected(self, connection: JsonConnection) -> None:
        outlet = ControlOutlet(Requests(self))
        connection.on_message = lambda message, _secrets: outlet.take(
            message, lambda answer: connection.send(dict(answer))
        )
