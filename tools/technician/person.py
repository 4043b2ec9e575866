"""Tells a person: a live picture while something goes on, and afterwards lines that stay."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TextIO

from tools.technician.cells import bar, wrap
from tools.technician.dashboard import Picture, check_line, draw
from tools.technician.outlet import CheckRow
from tools.technician.screen import Screen
from tools.technician.words import Words

if TYPE_CHECKING:
    from tools.technician.terminal import Identity
    from tools.technician.trouble import Exit, TroubleError

_EVERY_S: Final = 0.05
_PAINTED: Final = ("test", "watch")
_BAR: Final = 30
_COUNTED: Final = ("failed", "missing", "allowed")
_VERDICTS: Final = {"passed": "good", "failed": "bad", "incomplete": "warn"}


class Person:
    """Writes to ``out``."""

    def __init__(self, words: Words, out: TextIO, *, colour: bool | None = None) -> None:
        self._words = words
        self._screen = Screen(out, colour=colour)
        self._picture = Picture(title=words.say("screen", "title"), hint=words.say("screen", "hint"))
        self._painted = False
        self._last_s = 0.0
        self._began_s = time.monotonic()
        self._step = ""

    def terminal(self, identity: Identity) -> None:
        """Who it is."""
        name = identity.terminal_id
        if name in ("", "-"):
            name = self._words.say("screen", "unnamed")
        head = self._words.say("screen", "head", terminal=name, version=identity.version, port=identity.port)
        if head != self._picture.head:
            self._picture.head = head
            self._screen.say(head, "strong")

    def begin(self, step: str, **values: object) -> None:
        """A step."""
        if step != self._step or not self._screen.live:
            self._screen.wipe()
        self._step = step
        if step == "test":
            part, level = str(values["part"]), self._words.say("level", str(values["level"]))
            values = {"level": level, "part": self._words.say("part", "all") if part == "*" else part}
        text = self._words.say("step", step, **values)
        self._picture.doing, self._picture.total, self._picture.at = text, 0, ""
        self._began_s = time.monotonic()
        if step in _PAINTED and self._screen.live:
            self._painted = True
            self._paint(at_once=True)
        else:
            self._screen.say(text)

    def progress(self, done: int, total: int, text: str) -> None:
        """How far."""
        self._picture.done, self._picture.total = done, total
        if self._painted:
            self._picture.at = self._words.check(text)
            self._paint(at_once=done == total)
        elif time.monotonic() - self._last_s > _EVERY_S or done == total:
            self._last_s = time.monotonic()
            self._screen.over(self._transfer_line(done, total, text))

    def check(self, row: CheckRow) -> None:
        """A result."""
        self._picture.checks[row.check] = row
        self._paint()

    def rows(self, command: str, rows: Sequence[str]) -> None:
        """An answer."""
        for row in rows:
            self._screen.say(row)

    def live(self, facts: Mapping[str, str], checks: Sequence[CheckRow], log: Sequence[str]) -> None:
        """What goes on."""
        self._picture.checks = {row.check: row for row in checks}
        self._picture.facts = [
            f"{self._words.say('fact', name) if self._words.has('fact', name) else name}: {self._plain(name, value)}"
            for name, value in facts.items()
            if value not in ("", "-") and name != "version"  # which stands in the head
        ]
        self._picture.log = list(log)
        self._paint(at_once=True)
        if not self._screen.live:
            for row in checks:
                if row.outcome != "not_run":
                    self._screen.say(check_line(row, self._words, self._screen.columns)[0])

    def prompt(self, text: str) -> None:
        """Asked for."""
        self._picture.notice = text
        self._paint(at_once=True)
        if not self._painted:
            self._screen.say(text, "warn")

    def done(self, step: str, **values: object) -> None:
        """Ended well."""
        self._screen.wipe()
        self._leave()
        self._sentence(self._words.say("done", step, **values))

    def cable(self, state: str, trouble: TroubleError | None) -> None:
        """Pulled or back: said in the picture too, so that nobody waits before a picture that stands still."""
        text = self._words.say("cable", state)
        if trouble is not None:
            text = f"{self._words.trouble(trouble)} {text}"
        self._picture.notice = "" if state == "back" else text
        if self._painted:
            self._paint(at_once=True)
        else:
            self._screen.wipe()
            self._sentence(text, "" if state == "back" else "warn")

    def verdict(self, word: str, rows: Sequence[CheckRow], **values: object) -> None:
        """The plan's end: everything that counts, then one sentence."""
        self._leave()
        for counts in _COUNTED:
            chosen = [row for row in rows if row.counts == counts]
            if chosen:
                self._screen.say(self._words.say("counts", counts), "strong")
            for row in chosen:
                text, colour = check_line(row, self._words, self._screen.columns)
                self._screen.say(f"  {text}", colour)
        self._sentence(self._words.say("verdict", word, **values), _VERDICTS[word])

    def end(self, code: Exit, trouble: TroubleError | None) -> None:
        """The last that is told."""
        self._screen.wipe()
        self._leave()
        if trouble is not None:
            self._sentence(self._words.trouble(trouble), "bad")

    def _leave(self) -> None:
        self._painted = False
        self._screen.leave()

    def _paint(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if not self._painted or (not at_once and now - self._last_s < _EVERY_S):
            return
        self._last_s = now
        columns, rows = self._screen.columns, self._screen.rows
        self._screen.paint(draw(self._picture, self._words, columns, rows, plain=self._screen.plain))

    def _sentence(self, text: str, colour: str = "") -> None:
        for line in wrap(text, self._screen.columns - 1) if self._screen.live else [text]:
            self._screen.say(line, colour)

    def _plain(self, name: str, value: str) -> str:
        if name == "uptime_s" and value.partition(".")[0].isdecimal():
            return str(timedelta(seconds=int(float(value))))
        return self._words.say("value", value) if self._words.has("value", value) else value

    def _transfer_line(self, done: int, total: int, text: str) -> str:
        seconds = max(0.001, time.monotonic() - self._began_s)
        speed = f"{done / 1024 / seconds:.0f} kB/s"
        if total > 0:
            return f"{bar(done, total, _BAR, plain=self._screen.plain)} {done * 100 // total} %  {speed}  {text}"
        return f"{done / 1024:.0f} kB  {speed}  {text}"
