"""What goes on the panel and who turns its pages: declines, the boot self-test, updates, challenges, keys and touch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from device.actions import Progress
from device.app.display import DRAW_DEADLINE_S, Display, Layer, Picture
from device.app.drawing import Drawing
from device.app.host_session import HostSession
from device.app.pads import Pads
from device.diagnosis.verdict import Diagnosis, Text
from device.evidence import Evidence
from device.loop import Loop, Timer
from device.outlets.screen.subjects import (
    ChallengeView,
    DeclineView,
    Running,
    SelftestView,
    UpdatePhase,
    UpdateView,
    View,
)
from device.settings import Settings
from device.worker import Report

_BOOT: Final = "boot"
_QUIET: Final = ("quiet", "made up")  # the runs that may follow a decline
_GOOD_S: Final = 10.0
_BAD_S: Final = 60.0  # whoever switched the terminal on must be able to read it


class Screens:
    """Tells the display what is worth showing, and the applications when they must repaint. A watcher of self-tests."""

    def __init__(
        self,
        loop: Loop,
        settings: Settings,
        texts: Callable[[], Mapping[str, Mapping[str, Any]]],
        contact: Callable[[], Text],
        sessions: Sequence[HostSession],
        on_finding: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._loop = loop
        self._settings = settings
        self._texts = texts
        self._page_texts: dict[str, Mapping[str, Any]] | None = None
        self._contact = contact
        self._sessions = sessions
        self._pads = Pads(loop, settings.inputs, self.turn, lambda: self._display.shown)
        self._display = Display(
            loop,
            self._draw,
            on_finding,
            self._pads.listen,
            settings.languages,
            self._pads.controls,
            DRAW_DEADLINE_S * settings.service.time_factor,
        )
        self._diagnosis: Diagnosis | None = None
        self._parts: tuple[str, ...] = ()
        self._evidence: list[Evidence] = []
        self._leaving: dict[Layer, Timer] = {}

    # --- declines ---

    def show(self, diagnosis: Diagnosis) -> None:
        """Show a decline; applications that lend the panel are asked for it."""
        self._diagnosis = diagnosis
        self._show(Layer.DECLINE, DeclineView(diagnosis))

    def revise(self, diagnosis: Diagnosis) -> None:
        """Replace the decline that is shown by its newer judgement: the self-test after it has ended."""
        self._diagnosis = diagnosis
        self._display.update(Layer.DECLINE, DeclineView(diagnosis))

    def pages_of(self, diagnosis: Diagnosis) -> Mapping[str, Any]:
        """The pages by language, for an application that draws them itself."""
        from device.outlets.screen.pages_json import pages_to_json  # noqa: PLC0415  few do

        if self._page_texts is None:  # they stay for the next decline of such an application: a sale waits for no file
            self._page_texts = dict(self._texts())
        return {language: pages_to_json(diagnosis, texts, language) for language, texts in self._page_texts.items()}

    def sale_began(self) -> None:
        """What was to be shown belonged to the sale before."""
        self._diagnosis = None
        self._drop(Layer.DECLINE)

    def turn(self, move: str) -> None:
        """A person's move; a dismissed page leaves the panel to its owner."""
        if self._display.turn(move):
            self._ask_repaint()

    def settle(self) -> None:
        """Without an application we own the panel; with one, we draw only under a grant and never in a sale."""
        elsewhere = any(session.busy and not session.granted for session in self._sessions)
        granted = any(session.granted for session in self._sessions)
        owned = not self._sessions
        if self._display.permit(allowed=owned or (granted and not elsewhere), owned=owned):
            self._ask_repaint()

    # --- self-tests (a RunWatch) ---

    def run_began(self, run: str, parts: Sequence[str], total: int) -> None:
        """A self-test begins: the one of the boot is a page of its own, one after a decline fills in a page of it."""
        self._parts, self._evidence = tuple(parts), []
        if run == _BOOT:
            self._show(Layer.SELFTEST, self._selftest(Progress(0, total, ""), ended=False))
        elif run in _QUIET:
            self._tell_decline(Running(0, total))

    def run_told(self, run: str, progress: Progress) -> None:
        """One more check has ended."""
        if run == _BOOT or run in _QUIET:
            self._evidence += progress.evidence
        if run == _BOOT:
            self._display.update(Layer.SELFTEST, self._selftest(progress, ended=False))
        elif run in _QUIET:
            self._tell_decline(Running(progress.done, progress.total, tuple(self._evidence)))

    def run_ended(self, run: str) -> None:
        """The self-test has ended: its last page stays for a moment."""
        if run == _BOOT:
            told = len({item.id for item in self._evidence})
            view = self._selftest(Progress(told, told, ""), ended=True)
            self._display.update(Layer.SELFTEST, view)
            self._leave_later(Layer.SELFTEST, _BAD_S if view.running.bad else _GOOD_S)
        elif run in _QUIET:
            self._tell_decline(None)
        self._evidence = []

    # --- firmware updates ---

    def update_told(self, told: Mapping[str, Any]) -> None:
        """An update goes on (``percent``) or has ended (``installed``, ``refused``, ``ending``), of ``version``."""
        version, contact = str(told["version"]), self._contact()
        if "percent" in told:
            view = UpdateView(UpdatePhase.WRITING, version, contact, percent=int(told["percent"]))
        elif "refused" in told:
            view = UpdateView(UpdatePhase.REFUSED, version, contact, reason=str(told["refused"]))
        elif "ending" in told:
            check, expected, got = (str(told[key]) for key in ("check", "expected", "got"))
            view = UpdateView(UpdatePhase.ENDED, version, contact, 0, str(told["ending"]), check, expected, got)
        else:
            view = UpdateView(UpdatePhase.INSTALLED, version, contact)
        if view.phase is UpdatePhase.WRITING and view.percent:
            self._display.update(Layer.UPDATE, view)
            return
        self._show(Layer.UPDATE, view)
        if view.phase is not UpdatePhase.WRITING:
            self._leave_later(Layer.UPDATE, _BAD_S)

    # --- the technician's port ---

    def challenge_made(self, challenge: ChallengeView | None) -> None:
        """A challenge waits for its answer; None: it does so no more."""
        if challenge is None:
            self._drop(Layer.CHALLENGE)
        else:
            self._show(Layer.CHALLENGE, challenge)

    # --- inside ---

    def _show(self, layer: Layer, view: View) -> None:
        if self._settings.screen.kind == "none":
            return
        leaving = self._leaving.pop(layer, None)
        if leaving is not None:
            leaving.cancel()
        self._display.show(layer, view)
        if not self._display.allowed and layer is not Layer.SELFTEST:
            for session in self._sessions:
                if "display" in session.can:
                    session.send({"type": "display_wanted"})

    def _drop(self, layer: Layer) -> None:
        if self._display.drop(layer):
            self._ask_repaint()

    def _leave_later(self, layer: Layer, delay_s: float) -> None:
        self._leaving[layer] = self._loop.call_in(delay_s, lambda: self._drop(layer))

    def _tell_decline(self, running: Running | None) -> None:
        if self._diagnosis is not None:
            self._display.update(Layer.DECLINE, DeclineView(self._diagnosis, running))

    def _selftest(self, progress: Progress, *, ended: bool) -> SelftestView:
        running = Running(progress.done, progress.total, tuple(self._evidence))
        return SelftestView(self._parts, running, ended, self._contact())

    def _ask_repaint(self) -> None:
        for session in self._sessions:
            session.send({"type": "repaint"})

    def _draw(self, picture: Picture, report: Report) -> None:
        Drawing(self._settings.screen, self._texts(), report).draw(picture)
