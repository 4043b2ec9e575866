"""What a technician has the terminal do: each job is one function over a :class:`Terminal`, told to an outlet."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from protocol.console_line import Failed, Progress, Remark
from tools.technician.conversation import LONG_S, Answer, Conversation
from tools.technician.outlet import CheckRow, Outlet
from tools.technician.plan import PlannedTest, TestPlan, verdict_of
from tools.technician.signing import sign_in, sign_out
from tools.technician.terminal import Terminal
from tools.technician.transfer import has_zmodem, receive_file, send_file
from tools.technician.trouble import CallError, Exit, RefusedError

_CHECK: Final = re.compile(r"([a-z_]+\.[a-z0-9_]+) +(pass|marginal|fail|not_run)(?: +(.*))?")
_CHECK_FAILED: Final = 8
_NOT_RUN: Final = 9
_SLOW_DOWN: Final = 17
_SLOW_DOWN_S: Final = 65.0  # the terminal makes so many challenges a minute
_AGAIN_S: Final = 5.0
_INSTALL_S: Final = 900.0
_VERIFY_S: Final = 300.0
_OPEN_REPORT: Final = ("id", "version", "status", "update status", "last", "history", "test list", "log tail 200")
_WATCHED_LOG: Final = "8"


class Access:
    """Signs in when a job needs it, again when the cable was pulled, and out in the end."""

    def __init__(self, terminal: Terminal, keys: Sequence[Path], outlet: Outlet) -> None:
        self._terminal = terminal
        self._keys = keys
        self._outlet = outlet
        self._role = ""

    def need(self, role: str) -> None:
        """Sign in as ``role``. Raises RefusedError, CallError, CableError."""
        self._terminal.doing(lambda conversation: self._enter(conversation, role))
        self._role = role
        self._terminal.on_return = lambda conversation: self._enter(conversation, role)

    def leave(self) -> None:
        """Sign out; what the terminal's audit log stands at is told, as the proof that it was not cut later."""
        if self._role:
            self._role = ""
            self._terminal.on_return = lambda _conversation: None
            head = self._terminal.doing(sign_out)
            self._outlet.done("signed_out", audit=head or "-")

    def _enter(self, conversation: Conversation, role: str) -> None:
        identity = self._terminal.identity
        known = "" if identity is None else identity.terminal_id
        until = time.monotonic() + _SLOW_DOWN_S
        self._outlet.begin("sign_in", role=role)
        while True:
            try:
                granted = sign_in(conversation, role, self._keys, known)
                break
            except RefusedError as refused:
                if refused.number != _SLOW_DOWN or time.monotonic() > until:
                    raise
            self._outlet.begin("slow_down")
            time.sleep(_AGAIN_S)
        self._outlet.done("signed_in", role=granted.role, minutes=granted.seconds // 60)


def run_plan(terminal: Terminal, plan: TestPlan, access: Access, outlet: Outlet) -> Exit:
    """Run every test of a plan and judge it."""
    if plan.level != "safe":
        access.need("diag")
    names = check_names(terminal)
    rows: list[CheckRow] = []
    whole = True
    for test in plan.tests:
        judged, ended = terminal.doing(partial(_run_test, plan=plan, test=test, names=names, outlet=outlet))
        rows += judged
        whole = whole and ended
    word, code = verdict_of(rows, whole=whole)
    counts = {
        counts: sum(row.counts == counts for row in rows) for counts in ("passed", "failed", "missing", "allowed")
    }
    not_run = sum(row.outcome == "not_run" for row in rows)
    outlet.verdict(word, rows, plan=plan.name, not_run=not_run, **counts)
    return code


def _run_test(
    conversation: Conversation, plan: TestPlan, test: PlannedTest, names: dict[str, str], outlet: Outlet
) -> tuple[list[CheckRow], bool]:
    """One ``test run``: its judged rows, and whether the terminal says that all it needs ran."""
    outlet.begin("test", level=plan.level, part=test.part or "*")
    rows: dict[str, CheckRow] = {}

    def told(reply: Progress | Remark) -> None:
        if isinstance(reply, Progress):
            outlet.progress(reply.done, reply.total, reply.text)
        elif (row := parse_check(reply.text, names)) is not None:
            rows[row.check] = plan.judge(test, row)
            outlet.check(rows[row.check])
        elif plan.level == "assisted":
            outlet.prompt(reply.text)

    words = ("test", "run", plan.level, *((test.part,) if test.part else ()))
    answer = conversation.ask(*words, on_reply=told, silence_s=LONG_S)
    if isinstance(answer.end, Failed) and answer.end.number not in (_CHECK_FAILED, _NOT_RUN):
        raise RefusedError("refused", answer.end.number, step=" ".join(words), why=answer.end.text)
    missing = plan.missing(test, list(rows.values()))
    for row in missing:
        outlet.check(row)
    judged = [*rows.values(), *missing]
    number = answer.end.number if isinstance(answer.end, Failed) else 0
    unexplained = number == _CHECK_FAILED and not any(row.outcome == "fail" for row in judged)
    return judged, number != _NOT_RUN and not unexplained


def parse_check(text: str, names: dict[str, str]) -> CheckRow | None:
    """A row ``ID OUTCOME VALUE [UNIT] [REASON]``; None for any other text."""
    found = _CHECK.fullmatch(text)
    return None if found is None else CheckRow(found[1], names.get(found[1], ""), found[2], found[3] or "")


def check_names(terminal: Terminal) -> dict[str, str]:
    """What the terminal calls its checks, by id."""
    return {row.check: row.said for row in _listed(terminal.doing(lambda cable: cable.get("test", "list")))}


def watch(terminal: Terminal, part: str, seconds: float, access: Access, outlet: Outlet) -> Exit:
    """Show the terminal as it is, once a second; with ``part`` that part is measured each time (role diag)."""
    until = time.monotonic() + seconds if seconds else None

    def go_on() -> bool:
        return until is None or time.monotonic() < until

    if part:
        access.need("diag")
        names = check_names(terminal)
        terminal.doing(lambda cable: _measure(cable, part, names, go_on, outlet))
        return Exit.PASSED
    outlet.begin("watch")
    while True:
        terminal.doing(lambda cable: _look(cable, outlet))
        if not go_on():
            return Exit.PASSED
        time.sleep(1.0)


def _look(conversation: Conversation, outlet: Outlet) -> None:
    facts = dict(conversation.get("status").facts)
    rows = [replace(row, name=row.said, said="") for row in _listed(conversation.get("test", "list"))]
    outlet.live(facts, rows, conversation.get("log", "tail", _WATCHED_LOG).rows)


def _measure(
    conversation: Conversation, part: str, names: dict[str, str], go_on: Callable[[], bool], outlet: Outlet
) -> None:
    outlet.begin("watch")
    rows: dict[str, CheckRow] = {}

    def told(reply: Progress | Remark) -> None:
        row = parse_check(reply.text, names) if isinstance(reply, Remark) else None
        if row is not None:
            rows[row.check] = row
            outlet.live({}, list(rows.values()), ())

    conversation.follow("live", part, on_reply=told, go_on=go_on)


def fetch_report(terminal: Terminal, target: Path, form: str, access: Access, outlet: Outlet) -> Exit:
    """Get the terminal's report as a file. ``form``: html, json or text by ZMODEM (role diag), or ``open``.

    ``open`` needs neither: what everybody may read, put together here from lines whose check values hold.
    """
    if form == "open":
        _fetch_open(terminal, target, outlet)
    else:
        if not has_zmodem("rz"):
            raise CallError("no_rz", program="rz")
        access.need("diag")

        def fetch(conversation: Conversation) -> None:
            outlet.begin("report", file=str(target))
            words = ("report", "export", form)
            receive_file(conversation, words, target, lambda count: outlet.progress(count, 0, target.name))

        terminal.doing(fetch)
    data = target.read_bytes()
    outlet.done("report", file=str(target), bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    return Exit.PASSED


def _fetch_open(terminal: Terminal, target: Path, outlet: Outlet) -> None:
    outlet.begin("report", file=str(target))
    parts: list[str] = []
    for number, command in enumerate(_OPEN_REPORT, 1):
        answer = terminal.doing(partial(_ask_open, words=command.split()))
        outlet.progress(number, len(_OPEN_REPORT), command)
        parts += [f"== {command}", *answer.rows, answer.end.text, ""]
    try:
        target.write_text("\n".join(parts), encoding="utf-8")
    except OSError as error:
        raise CallError("no_write", file=target, why=error.strerror or str(error)) from error


def _ask_open(conversation: Conversation, words: Sequence[str]) -> Answer:
    return conversation.ask(*words, silence_s=LONG_S)


def upload_update(terminal: Terminal, file: Path, *, install: bool, access: Access, outlet: Outlet) -> Exit:
    """Send an update, going on where a broken transfer ended; have it verified and, with ``install``, installed."""
    try:
        size = file.stat().st_size
    except OSError as error:
        raise CallError("no_file", file=file, why=error.strerror or str(error)) from error
    if not has_zmodem("sz"):
        raise CallError("no_rz", program="sz")
    access.need("maint")

    def send(conversation: Conversation) -> None:
        outlet.begin("upload", file=file.name, bytes=size)
        words = ("upload", "update", str(size))
        send_file(conversation, words, file, lambda count: outlet.progress(min(count, size), size, file.name))

    terminal.doing(send)
    outlet.done("upload", file=file.name, bytes=size)
    steps = [("verify", _VERIFY_S)] + ([("install", _INSTALL_S)] if install else [])
    for step, silence_s in steps:
        answer = terminal.doing(partial(_update, step=step, silence_s=silence_s, outlet=outlet))
        outlet.rows(f"update {step}", answer.rows)
        outlet.done(step, file=file.name)
    return Exit.PASSED


def _update(conversation: Conversation, step: str, silence_s: float, outlet: Outlet) -> Answer:
    outlet.begin(step)

    def told(reply: Progress | Remark) -> None:
        if isinstance(reply, Progress):
            outlet.progress(reply.done, reply.total, reply.text)

    answer = conversation.ask("update", step, on_reply=told, silence_s=silence_s, again=step == "verify")
    if isinstance(answer.end, Failed):
        raise RefusedError("refused", answer.end.number, step=f"update {step}", why=answer.end.text)
    return answer


def ask(terminal: Terminal, words: Sequence[str], role: str, access: Access, outlet: Outlet) -> Exit:
    """One command, as a person types it; its rows and its end are told."""
    if role:
        access.need(role)
    answer = terminal.doing(lambda cable: cable.ask(*words, silence_s=LONG_S, again=not role))
    outlet.rows(" ".join(words), [*answer.rows, *([answer.end.text] if answer.end.text else [])])
    if isinstance(answer.end, Failed):
        raise RefusedError("refused", answer.end.number, step=" ".join(words), why=answer.end.text)
    return Exit.PASSED


def _listed(answer: Answer) -> list[CheckRow]:
    """Rows of ``test list``: ``ID OUTCOME NAME``; the name stands where a result has its value."""
    return [row for text in answer.rows if (row := parse_check(text, {})) is not None]
