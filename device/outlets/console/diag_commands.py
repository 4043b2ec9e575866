"""Commands of level 1: what a technician needs to find a fault. They change nothing that stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from device.actions import Progress, SelftestResult
from device.evidence import Level
from device.outlets.console.open_commands import Handler, run_tool, say_evidence
from device.outlets.console.running import Running
from device.outlets.console.transfer import send

_EVERY_S: Final = 1.0
_MOST_SECONDS: Final = 3600
_FORMS: Final = ("html", "text", "json")
_USUAL_PART: Final = "modem"
_FORM_WORDS: Final = ("hex", "base64", "log", "raw")


def live(running: Running, words: tuple[str, ...]) -> None:
    """Measure one part once a second until ``stop`` comes; a sale holds it back, which is told."""
    part = words[0] if words else _USUAL_PART
    if len(words) > 1:
        running.bad_words()
        return
    desk = running.session.desk
    running.endless = True

    def measure() -> None:
        running.tool = None
        if not running.ended:
            desk.selftest(Level.SAFE, part, step, again)

    def step(told: Progress) -> None:
        for item in told.evidence:
            say_evidence(running, item)

    def again(_result: SelftestResult) -> None:
        if not running.ended:
            running.tool = desk.call_in(_EVERY_S, measure)

    try:
        measure()
    except ValueError as error:
        running.fail("bad_input", what=str(error))


def capture(running: Running, words: tuple[str, ...]) -> None:
    """Tell each line of the service's log as it comes; the log never holds card data."""
    seconds = words[0] if words else "60"
    if len(words) > 1 or not (seconds.isascii() and seconds.isdecimal() and 0 < int(seconds[:9]) <= _MOST_SECONDS):
        running.bad_words()
        return
    running.endless = True
    end = running.session.desk.follow_log(running.say)

    def finish() -> None:
        end()
        running.ok()

    timer = running.session.desk.call_in(float(seconds), finish)

    def stop() -> None:
        end()
        timer.cancel()

    running.on_stop = stop


def decode(running: Running, words: tuple[str, ...]) -> None:
    """``posmedic decode`` of what was typed; never a file."""
    plain = list(words)
    form: tuple[str, ...] = ()
    if "--from" in plain:
        at = plain.index("--from")
        form = tuple(plain[at : at + 2])
        del plain[at : at + 2]
    if len(plain) < 2 or any(word.startswith("-") for word in plain) or (form and form[-1] not in _FORM_WORDS):
        running.bad_words()
        return
    run_tool(running, ("decode", plain[0], " ".join(plain[1:]), *form))


def log_export(running: Running, words: tuple[str, ...]) -> None:
    """Send the log by ZMODEM."""
    if words:
        running.bad_words()
        return
    send(running, "posmedic.log", ())


def report_export(running: Running, words: tuple[str, ...]) -> None:
    """Send the report by ZMODEM."""
    form = words[0] if words else _FORMS[0]
    if len(words) > 1 or form not in _FORMS:
        running.bad_words()
        return
    ending = "txt" if form == "text" else form
    language = running.session.language
    send(running, f"posmedic-report.{ending}", ("report", "--format", form, "--lang", language))


COMMANDS: Final[Mapping[str, Handler]] = {
    "live": live,
    "capture": capture,
    "decode": decode,
    "log export": log_export,
    "report export": report_export,
}
