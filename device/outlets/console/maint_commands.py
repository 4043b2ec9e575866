"""Commands of level 2: they change this terminal. What is put in place is checked first, and the old one is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from device.actions import Progress
from device.outlets.console.open_commands import Handler
from device.outlets.console.running import Running
from device.outlets.console.transfer import receive
from device.outlets.update_text import refusal_text, verified_text

KINDS: Final = ("update", "settings", "profile", "profile.sig")
_MOST_BYTES: Final = {"update": 1 << 30}
_MOST_SMALL: Final = 1 << 20


def upload(running: Running, words: tuple[str, ...]) -> None:
    """Receive a file by ZMODEM; the same words again go on where a broken transfer ended."""
    receive_kind(running, words, KINDS)


def receive_kind(running: Running, words: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    """Receive one of ``kinds`` of the size that was told, within its bound."""
    size = words[1] if len(words) == 2 else ""
    if not size or words[0] not in kinds or not (size.isascii() and size.isdecimal()):
        running.bad_words()
        return
    if not 0 < int(size[:12]) <= _MOST_BYTES.get(words[0], _MOST_SMALL):
        running.fail("too_large")
        return
    receive(running, words[0], int(size))


def settings_show(running: Running, words: tuple[str, ...]) -> None:
    """The settings file as it is."""
    if words:
        running.bad_words()
        return
    for line in running.session.desk.settings_text().splitlines():
        running.say(line)
    running.ok()


def put_in_place(kind: str) -> Handler:
    """A command that checks an uploaded file and puts it in place."""

    def run(running: Running, words: tuple[str, ...]) -> None:
        if words:
            running.bad_words()
            return

        def done(error: str, text: str) -> None:
            running.tool = None
            if error:
                running.fail(error, what=text)
            else:
                running.say(str(running.session.words()["console"]["after_restart"]))
                running.ok(text)

        running.tool = running.session.desk.put_in_place(kind, done)

    return run


def restart(running: Running, words: tuple[str, ...]) -> None:
    """Have the service or the terminal started anew; the reply comes before."""
    what = words[0] if words else "service"
    if len(words) > 1 or what not in ("service", "terminal"):
        running.bad_words()
        return
    desk = running.session.desk
    try:
        desk.restart(what)
    except OSError as error:
        running.fail("refused", what=error.strerror or "unknown")
        return
    running.ok()


def faults_clear(running: Running, words: tuple[str, ...]) -> None:
    """Forget every fault; declines stay."""
    if words:
        running.bad_words()
        return
    running.ok(str(running.session.desk.clear_faults()["cleared"]))


def update_verify(running: Running, words: tuple[str, ...]) -> None:
    """Check the uploaded bundle."""
    if words:
        running.bad_words()
        return
    desk = running.session.desk
    desk.update_verify(desk.incoming / "update" / "whole", lambda answer: _tell_update(running, answer))


def update_install(running: Running, words: tuple[str, ...]) -> None:
    """Have the uploaded bundle installed, with progress."""
    if words:
        running.bad_words()
        return
    desk = running.session.desk

    def step(told: Progress) -> None:
        running.progress(told.done, told.total, told.text)

    desk.update_install(desk.incoming / "update" / "whole", step, lambda answer: _tell_update(running, answer))


def _tell_update(running: Running, answer: Mapping[str, Any]) -> None:
    texts = running.session.words()
    if "refused" in answer:
        running.fail("refused", what=refusal_text(answer, texts))
    else:
        running.say(verified_text(answer, texts))
        running.ok()


COMMANDS: Final[Mapping[str, Handler]] = {
    "upload": upload,
    "settings show": settings_show,
    "settings install": put_in_place("settings"),
    "profile install": put_in_place("profile"),
    "restart": restart,
    "faults clear": faults_clear,
    "update verify": update_verify,
    "update install": update_install,
}
