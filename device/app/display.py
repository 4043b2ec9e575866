"""Who may draw, and when: a page goes to the panel only under a display grant, or when no application is there."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from device.app.journal import note
from device.loop import Loop, Timer
from device.outlets.screen.look import Controls, Look
from device.outlets.screen.panel import Panel
from device.outlets.screen.subjects import DeclineView, View
from device.worker import End, Ending, Report, Worker

DRAW_DEADLINE_S: Final = 5.0
LIVE_S: Final = 0.5  # a page that fills in is drawn no more often: the checks need the processor
_ANY_PANEL: Final = Panel(320, 240)
_STEPS: Final = {"next": 1, "back": -1}


class Layer(IntEnum):
    """What may be on the panel; the lower number stands in front of the others."""

    DECLINE = 0
    UPDATE = 1
    CHALLENGE = 2
    SELFTEST = 3  # only on a panel of our own


@dataclass(frozen=True, slots=True)
class Picture:
    """What is to be drawn: a view (None: the bare ground), how, and the page of it, from 0."""

    view: View | None
    look: Look
    page: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What the last drawing told: how many pages, which of them change by themselves, the panel, its bar of moves."""

    pages: int = 1
    live: tuple[int, ...] = ()
    panel: Panel = _ANY_PANEL
    bar: int = 0


class Display:
    """Keeps the wanted pictures and draws the foremost in a worker whenever that is allowed.

    ``on_shown(True)`` comes when one of our pages is on the panel from now on, ``on_shown(False)`` when none is.
    ``languages`` are those that a person can turn through, the terminal's own first.
    """

    def __init__(
        self,
        loop: Loop,
        draw: Callable[[Picture, Report], None],
        on_finding: Callable[[Mapping[str, Any]], None],
        on_shown: Callable[[bool], None],
        languages: Sequence[str],
        controls: Controls | None = None,
        deadline_s: float = DRAW_DEADLINE_S,
    ) -> None:
        self._loop = loop
        self._deadline_s = deadline_s
        self._draw = draw
        self._on_finding = on_finding
        self._on_shown = on_shown
        self._languages = tuple(languages)
        self._first_look = Look(self._languages[0], controls=controls)
        self._pictures: dict[Layer, Picture] = {}
        self._worker: Worker | None = None
        self._drawing: Layer | None = None
        self._redraw = False
        self._drawn = False
        self._owned = True
        self._began = 0.0
        self._later: Timer | None = None
        self.shown = Shown()
        self.allowed = True

    @property
    def front(self) -> Layer | None:
        """The layer that is, or will be, on the panel."""
        return min((layer for layer in self._pictures if self._owned or layer is not Layer.SELFTEST), default=None)

    def show(self, layer: Layer, view: View) -> None:
        """Show this view from its first page, now or as soon as drawing is allowed."""
        self._pictures[layer] = Picture(view, self._first_look)
        if layer is self.front:
            self._start(at_once=True)

    def update(self, layer: Layer, view: View) -> None:
        """Replace the view by a newer state of it, on the same page; without one nothing is shown."""
        before = self._pictures.get(layer)
        if before is None or before.view == view:
            return
        self._pictures[layer] = dataclasses.replace(before, view=view)
        if layer is self.front and (_judged_anew(before.view, view) or before.page in self.shown.live):
            self._refresh()

    def drop(self, layer: Layer) -> bool:
        """Forget this view; True if the panel is free now and needs a repaint by its owner."""
        was_front = layer is self.front
        if self._pictures.pop(layer, None) is None or not was_front:
            return False
        if self.front is not None:
            self._start(at_once=True)
            return False
        drawn = self._stop()
        if drawn and self._owned and self.allowed:
            self._begin(Picture(None, self._first_look), None)  # nobody else will clear the panel
            return False
        return drawn

    def turn(self, move: str) -> bool:
        """A move of :data:`~device.outlets.screen.look.MOVES`; True if the panel's owner must repaint it now."""
        front = self.front
        if front is None:
            return False
        if move == "dismiss":
            return self.drop(front)
        before = self._pictures[front]
        turned = self._turned(before, move)
        if turned != before:
            self._pictures[front] = turned
            self._start()
        return False

    def permit(self, *, allowed: bool, owned: bool) -> bool:
        """Draw from now on, or stop at once; True if something was drawn and its owner must repaint.

        ``owned``: no application is there, so that the panel is ours.
        """
        before, was = self.front, self.allowed
        self.allowed, self._owned = allowed, owned
        if not allowed:
            return self._stop()
        if self.front is None:
            return self._stop() if before is not None else False
        if not was or self.front is not before:
            self._start(at_once=True)
        return False

    def _turned(self, picture: Picture, move: str) -> Picture:
        look, page = picture.look, picture.page
        if move == "language":
            place = self._languages.index(look.language) + 1
            look = dataclasses.replace(look, language=self._languages[place % len(self._languages)])
        elif move == "customer":
            if isinstance(picture.view, DeclineView):
                look, page = dataclasses.replace(look, customer=not look.customer), 0
        else:
            page = max(page + _STEPS[move], 0)
            if page >= self.shown.pages:
                look, page = dataclasses.replace(look, customer=False), 0 if look.customer else self.shown.pages - 1
        return dataclasses.replace(picture, look=look, page=page)

    def _refresh(self) -> None:
        """Draw again, but leave the processor to others in between."""
        wait_s = self._began + LIVE_S - time.monotonic()
        if wait_s <= 0:
            self._start()
        elif self._later is None:
            self._later = self._loop.call_in(wait_s, self._start)

    def _stop(self) -> bool:
        self._redraw = False
        self._cancel()
        drawn, self._drawn = self._drawn, False
        if drawn:
            self._on_shown(False)
        return drawn

    def _cancel(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None

    def _start(self, *, at_once: bool = False) -> None:
        """Draw the foremost picture; ``at_once``: what is being drawn is of no use any more."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        front = self.front
        if front is None or not self.allowed:
            return
        if self._worker is not None and not at_once and self._drawing is front:
            self._redraw = True
            return
        self._cancel()
        self._begin(self._pictures[front], front)

    def _begin(self, picture: Picture, layer: Layer | None) -> None:
        self._redraw = False
        self._drawing = layer
        self._began = time.monotonic()
        if layer is not None and not self._drawn:
            self._drawn = True
            self._on_shown(True)

        def ended(ending: Ending) -> None:
            if self._worker is worker:
                self._worker = None
                self._ended(ending)

        def reported(value: Mapping[str, Any]) -> None:
            if self._worker is worker:
                self._reported(value, layer)

        worker = Worker(self._loop, lambda report: self._draw(picture, report), self._deadline_s, reported, ended)
        self._worker = worker

    def _reported(self, value: Mapping[str, Any], layer: Layer | None) -> None:
        if "pages" in value:
            told = {key: value[key] for key in ("page", "pages", "took_ms") if key in value}
            self.shown = Shown(int(value["pages"]), tuple(value["live"]), Panel(*value["panel"]), int(value["bar"]))
            note("screen", **({} if layer is Layer.DECLINE else {"shows": _NAMES[layer]}), **told)
        if "finding" in value:
            self._on_finding(value)

    def _ended(self, ending: Ending) -> None:
        if ending.end in (End.CRASHED, End.DEADLINE):
            note("screen", end=ending.end, detail=ending.detail)
            self._on_finding({"finding": "screen.panel", "reason": str(ending.end), "detail": ending.detail})
        if self._redraw:
            self._start()


_NAMES: Final[Mapping[Layer | None, str]] = {None: "nothing", **{layer: layer.name.lower() for layer in Layer}}


def _judged_anew(before: View | None, view: View) -> bool:
    """Whether more than the progress of a self-test beside a decline has changed."""
    if isinstance(before, DeclineView) and isinstance(view, DeclineView):
        return before.diagnosis != view.diagnosis
    return True
