"""Tells everything as JSON lines, for a factory's program: one object a line, on standard output, nothing else there.

Every object has ``type``; names are only ever added. ``v`` stands in the first one.

==========  ========================================================================================================
type        further members
==========  ========================================================================================================
terminal    v (1), terminal_id, version, usb_serial, port
step        step, and what it is about (e.g. part, level, file)
progress    done, total, text: checks by number, files by bytes
check       check, name, outcome (pass, marginal, fail, not_run), said, counts (passed, failed, missing, allowed, "")
answer      command, rows: a list of texts
live        facts, checks, log
prompt      text: somebody at the terminal is asked for something
done        step, and what came of it (e.g. file, bytes, sha256)
cable       state (awaited, lost, back), text
verdict     verdict (passed, failed, incomplete), plan, and how many: passed, failed, missing, allowed, not_run
end         exit (the process's exit code), trouble (a word that stays the same, "" for none), text
==========  ========================================================================================================

The last line is always ``end``. Texts are in the language of ``--lang``; programs go by the words.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from tools.technician.outlet import CheckRow
from tools.technician.words import Words

if TYPE_CHECKING:
    from tools.technician.terminal import Identity
    from tools.technician.trouble import Exit, TroubleError


class JsonLines:
    """Writes to ``out``, each line at once."""

    def __init__(self, words: Words, out: TextIO) -> None:
        self._words = words
        self._out = out

    def terminal(self, identity: Identity) -> None:
        """See the table above, here and below."""
        self._tell("terminal", v=1, **dataclasses.asdict(identity))

    def begin(self, step: str, **values: object) -> None:
        """A step."""
        self._tell("step", step=step, **values)

    def progress(self, done: int, total: int, text: str) -> None:
        """How far."""
        self._tell("progress", done=done, total=total, text=text)

    def check(self, row: CheckRow) -> None:
        """A result."""
        self._tell("check", **dataclasses.asdict(row))

    def rows(self, command: str, rows: Sequence[str]) -> None:
        """An answer."""
        self._tell("answer", command=command, rows=list(rows))

    def live(self, facts: Mapping[str, str], checks: Sequence[CheckRow], log: Sequence[str]) -> None:
        """What goes on."""
        self._tell("live", facts=dict(facts), checks=[dataclasses.asdict(row) for row in checks], log=list(log))

    def prompt(self, text: str) -> None:
        """Asked for."""
        self._tell("prompt", text=text)

    def done(self, step: str, **values: object) -> None:
        """Ended well."""
        self._tell("done", step=step, **values)

    def cable(self, state: str, trouble: TroubleError | None) -> None:
        """Pulled or back."""
        self._tell("cable", state=state, text="" if trouble is None else self._words.trouble(trouble))

    def verdict(self, word: str, rows: Sequence[CheckRow], **values: object) -> None:
        """The plan's end; the rows were told one by one."""
        self._tell("verdict", verdict=word, **values)

    def end(self, code: Exit, trouble: TroubleError | None) -> None:
        """The last line."""
        word, text = ("", "") if trouble is None else (trouble.word, self._words.trouble(trouble))
        self._tell("end", exit=int(code), trouble=word, text=text)

    def _tell(self, kind: str, **values: object) -> None:
        print(json.dumps({"type": kind, **values}, ensure_ascii=True), file=self._out, flush=True)
