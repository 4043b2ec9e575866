"""Who may draw, and when: a page goes to the panel only under a display grant, or when no application is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from device.app.journal import note
from device.diagnosis.verdict import Diagnosis
from device.loop import Loop
from device.worker import End, Ending, Report, Worker

DRAW_DEADLINE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Picture:
    """What is to be shown: a diagnosis and the page of it, from 0."""

    diagnosis: Diagnosis
    page: int = 0


class Display:
    """Keeps the wanted picture and draws it in a worker whenever that is allowed."""

    def __init__(
        self,
        loop: Loop,
        draw: Callable[[Picture, Report], None],
        on_finding: Callable[[Mapping[str, Any]], None],
        deadline_s: float = DRAW_DEADLINE_S,
    ) -> None:
        self._loop = loop
        self._deadline_s = deadline_s
        self._draw = draw
        self._on_finding = on_finding
        self._worker: Worker | None = None
        self._wanted: Picture | None = None
        self._redraw = False
        self._drawn = False
        self._pages = 1
        self.allowed = True

    def show(self, diagnosis: Diagnosis) -> None:
        """Show this diagnosis from its first page, now or as soon as drawing is allowed."""
        self._wanted = Picture(diagnosis)
        self._start()

    def update(self, diagnosis: Diagnosis) -> None:
        """Replace the diagnosis being shown by a newer revision of it, on the same page."""
        if self._wanted is not None and diagnosis != self._wanted.diagnosis:
            self._wanted = Picture(diagnosis, self._wanted.page)
            self._start()

    def turn(self, move: str) -> bool:
        """``next``, ``back`` or ``dismiss``; True if the panel is free now and needs a repaint by its owner."""
        if self._wanted is None:
            return False
        if move == "dismiss":
            self._wanted = None
            return self._stop()
        step = 1 if move == "next" else -1
        page = min(max(self._wanted.page + step, 0), self._pages - 1)
        if page != self._wanted.page:
            self._wanted = Picture(self._wanted.diagnosis, page)
            self._start()
        return False

    def set_allowed(self, allowed: bool) -> bool:
        """Draw from now on, or stop at once; True if something was drawn and its owner must repaint."""
        was, self.allowed = self.allowed, allowed
        if not allowed:
            return self._stop()
        if not was:
            self._start()
        return False

    def _stop(self) -> bool:
        self._redraw = False
        if self._worker is not None:
            self._worker.cancel()
        drawn, self._drawn = self._drawn, False
        return drawn

    def _start(self) -> None:
        if self._wanted is None or not self.allowed:
            return
        if self._worker is not None:
            self._redraw = True
            return
        picture = self._wanted
        self._drawn = True
        self._worker = Worker(
            self._loop, lambda report: self._draw(picture, report), self._deadline_s, self._reported, self._ended
        )

    def _reported(self, value: Mapping[str, Any]) -> None:
        if "pages" in value:
            self._pages = int(value["pages"])
            note("screen", **{key: value[key] for key in ("page", "pages", "took_ms") if key in value})
        if "finding" in value:
            self._on_finding(value)

    def _ended(self, ending: Ending) -> None:
        self._worker = None
        if ending.end in (End.CRASHED, End.DEADLINE):
            note("screen", end=ending.end, detail=ending.detail)
            self._on_finding({"finding": "screen.panel", "reason": str(ending.end), "detail": ending.detail})
        if self._redraw:
            self._redraw = False
            self._start()
