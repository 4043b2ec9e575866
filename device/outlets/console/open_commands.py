"""Commands of level 0: open to everybody, they only read, or run what only reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from device.actions import Progress, Prompt, SelftestResult
from device.evidence import Evidence, Level, Outcome
from device.outlets.console.running import Running
from device.outlets.update_text import status_text

Handler: TypeAlias = Callable[[Running, tuple[str, ...]], None]

_MOST_LOG_LINES: Final = 200
_SPEAKS: Final = ("zh", "en")
_EXITS: Final = {1: "check_failed", 2: "bad_input"}
_ENDS: Final = {0: "", 1: "check_failed", 2: "not_run"}
_FOUND: Final = (Outcome.FAIL, Outcome.MARGINAL)


def help_(running: Running, words: tuple[str, ...]) -> None:
    """All commands with their levels, or one with its usage."""
    table, texts = running.session.table, running.session.words()
    if words:
        found = table.find(words)
        if found is None or found[1]:
            running.fail("unknown_command")
            return
        row = found[0]
        running.say(str(texts["console"]["usage"]).format(usage=row.usage))
        running.say(f"{texts['console_command'][row.name]} ({running.session.level_name(row)})")
    else:
        for row in table.commands.values():
            running.say(f"{row.level} {row.usage:<34} {texts['console_command'][row.name]}")
    running.ok()


def identify(running: Running, words: tuple[str, ...]) -> None:
    """Numbers of terminal and merchant, and where it stands: what its signed profile says."""
    if words:
        running.bad_words()
        return
    terminal = running.session.desk.facts()["terminal"]
    running.say(f"port {running.session.port}")
    for key in ("terminal_id", "merchant_id", "mcc", "country", "currency", "host", "verified"):
        running.say(f"{key} {_plain(terminal.get(key))}")
    running.ok(_plain(terminal.get("terminal_id")))


def version(running: Running, words: tuple[str, ...]) -> None:
    """Versions of posmedic and of the system."""
    if words:
        running.bad_words()
        return
    desk = running.session.desk
    running.say(f"system {desk.update_status()['running']['version'] or '-'}")
    running.ok(f"posmedic {desk.status()['version']}")


def status(running: Running, words: tuple[str, ...]) -> None:
    """What runs, and what does not work."""
    if words:
        running.bad_words()
        return
    told = running.session.desk.status()
    for key in ("version", "uptime_s", "sale_running"):
        running.say(f"{key} {_plain(told[key])}")
    running.say(f"applications {', '.join(told['applications']) or '-'}")
    running.say(f"ignored_lines {running.session.ignored}")
    for problem in told["problems"]:
        running.say(f"problem {problem}")
    running.ok()


def update_status(running: Running, words: tuple[str, ...]) -> None:
    """Firmware: what runs, how the last update ended."""
    if words:
        running.bad_words()
        return
    running.say(status_text(running.session.desk.update_status(), running.session.words()))
    running.ok()


def set_language(running: Running, words: tuple[str, ...]) -> None:
    """The language of this session."""
    if len(words) != 1 or words[0] not in _SPEAKS:
        running.bad_words()
        return
    running.session.language = words[0]
    running.session.ascii = running.session.ascii and words[0] == "en"
    running.ok()


def set_edit(running: Running, words: tuple[str, ...]) -> None:
    """Editing of the line for a person at a VT100 terminal: cursor keys, history, completion."""
    if words not in (("on",), ("off",)):
        running.bad_words()
        return
    running.session.edit(words == ("on",))
    running.ok()


def set_ascii(running: Running, words: tuple[str, ...]) -> None:
    """Plain ASCII for a terminal that knows nothing else: English, other signs as question marks."""
    if words not in (("on",), ("off",)):
        running.bad_words()
        return
    session = running.session
    session.ascii = words == ("on",)
    if session.ascii:
        session.language = "en"
    running.ok()


def log_tail(running: Running, words: tuple[str, ...]) -> None:
    """The last lines of the log; the log never holds card data."""
    count = words[0] if words else "20"
    if len(words) > 1 or not count.isdecimal() or not 0 < int(count) <= _MOST_LOG_LINES:
        running.bad_words()
        return
    for line in running.session.desk.log_tail(int(count)):
        running.say(line)
    running.ok()


def test_list(running: Running, words: tuple[str, ...]) -> None:
    """Every check with its newest result."""
    if words:
        running.bad_words()
        return
    texts = running.session.words()
    evidence = {row["id"]: row for row in running.session.desk.facts()["evidence"]}
    for check, row in texts["check"].items():
        found = evidence.get(check, {})
        outcome = str(found.get("outcome", "not_run"))
        running.say(f"{check:<30} {outcome:<9} {row['name']}")
    running.ok()


def test_run(running: Running, words: tuple[str, ...]) -> None:
    """Run the checks, with progress; the result is one line a check and one reply."""
    level = Level(words[0]) if words and words[0] in tuple(Level) else None
    part = words[-1] if len(words) > (level is not None) else None
    if len(words) > 2 or (len(words) == 2 and level is None):
        running.bad_words()
        return
    level = level or Level.SAFE
    desk = running.session.desk
    if level is not Level.SAFE and running.session.level < 1:
        running.fail("not_allowed", level=f"1 ({running.session.words()['console']['levels'][1]})")
        return
    if level is not Level.SAFE and (held := desk.held_back()):
        running.fail("refused", what=str(running.session.words()["refusals"][held]))
        return

    def step(told: Progress) -> None:
        if told.prompt is not None:
            prompt(running, told.prompt)
            return
        running.progress(told.done, told.total, told.text)
        for item in told.evidence:
            say_evidence(running, item)

    def done(result: SelftestResult) -> None:
        bad = sum(item.outcome in _FOUND for item in result.evidence)
        took = str(running.session.words()["console"]["took"]).format(count=len(result.evidence), bad=bad)
        if result.exit_code == 0:
            running.ok(took)
        else:
            running.say(took)
            running.fail(_ENDS[result.exit_code])

    try:
        desk.selftest(level, part, step, done, person=level is Level.ASSISTED)
    except ValueError as error:
        running.fail("bad_input", what=str(error))


def prompt(running: Running, asked: Prompt) -> None:
    """Tell what a person shall do or look at; ``answer yes`` and ``answer no`` may be typed meanwhile."""
    words = running.session.words()
    running.prompted = asked.check
    told = str(words["console"]["confirm" if asked.confirm else "act"])
    running.say(told.format(what=words["check"][asked.check].get("prompt", words["check"][asked.check]["name"])))


def _tool(*first: str, options: Mapping[str, int] | None = None, plain: int = 0) -> Handler:
    """A command that is one of the command line's, run in a process of its own.

    Of what was typed only these ``options`` go to it (name -> how many words follow), and ``plain`` other words.
    """
    allowed = options or {}

    def run(running: Running, words: tuple[str, ...]) -> None:
        if not _fits(words, allowed, plain):
            running.bad_words()
            return
        run_tool(running, (*first, *words))

    return run


def _fits(words: tuple[str, ...], options: Mapping[str, int], plain: int) -> bool:
    left = list(words)
    while left:
        word = left.pop(0)
        follow = options.get(word)
        if follow is not None:
            if len(left) < follow or any(value.startswith("-") for value in left[:follow]):
                return False
            del left[:follow]
        elif word.startswith("-") or plain == 0:
            return False
        else:
            plain -= 1
    return True


def run_tool(running: Running, words: tuple[str, ...]) -> None:
    """Run a command line in a process of its own; its lines become remarks, its exit code the reply."""
    last = ""

    def line(text: str) -> None:
        nonlocal last
        last = text
        running.say(text)

    def done(code: int | None) -> None:
        if code == 0:
            running.ok()
        elif code in _EXITS:
            running.fail(_EXITS[code], what=last.removeprefix("posmedic: "))
        else:
            running.fail("broke_off")

    running.tool = running.session.desk.tool((*words, "--lang", running.session.language), line, done)


def say_evidence(running: Running, item: Evidence) -> None:
    """One row: id, outcome, value with its unit, reason."""
    value = "-" if item.value is None else f"{item.value} {item.unit}".rstrip()
    running.say(f"{item.id} {item.outcome} {value} {item.reason}".rstrip())


def _plain(value: Any) -> str:
    return "-" if value in (None, "") else str(value)


OPEN_COMMANDS: Final[Mapping[str, Handler]] = {
    "help": help_,
    "id": identify,
    "version": version,
    "status": status,
    "last": _tool("last"),
    "explain": _tool("explain", options={"--long": 0, "--host": 1}, plain=1),
    "history": _tool("history"),
    "screen": _tool("last", "--pages"),
    "test list": test_list,
    "test run": test_run,
    "log tail": log_tail,
    "update status": update_status,
    "lang": set_language,
    "edit": set_edit,
    "ascii": set_ascii,
    "sign-in": lambda running, words: running.session.sign_in.begin(running, words),
    "answer-end": lambda running, words: running.session.sign_in.end_answer(running, words),
    "sign-out": lambda running, words: running.session.sign_in.sign_out(running, words),
}
