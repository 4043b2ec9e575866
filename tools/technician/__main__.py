"""The technician's side of the terminal's port: finds the terminal, tests it, watches it, gets its report, updates it.

    python -m tools.technician find
    python -m tools.technician test [--plan PLAN.toml] [--level safe|active|assisted] [--part PART] [--report FILE]
    python -m tools.technician watch [--live PART] [--seconds N]
    python -m tools.technician report FILE [--form html|json|text|open]
    python -m tools.technician update FILE [--install]
    python -m tools.technician ask [--role ROLE] COMMAND...

Needs Python 3.11 and the package pyserial, on Linux, macOS or Windows; signing in needs OpenSSH's ssh-keygen, files
need lrzsz (without it: report --form open). The port is found by its USB ids; --port names another one, or
tcp://HOST:PORT of a simulated terminal (python -m tools.simulate SCENARIO --out DIR --console PORT).

Whoever signs in does it with a certificate of the SSH agent (ssh-add -L), or with --key FILE: a key, or the public part
or certificate of one that the agent holds; --key twice for the role vendor.

A pulled cable ends the command, or with --wait SECONDS (60 where a person watches) it goes on with the same terminal
once that is back. Exit codes: 0 passed, 1 a check failed, 2 a needed check did not run, 3 no terminal or the cable,
4 refused by the terminal or the key, 5 a mistake in the call or on the laptop, 130 Ctrl-C.

A factory's line reads one JSON object a line (json_lines.py), of which the last one is "end"; each check that failed:

    python -m tools.technician test --json --plan incoming.toml --key line-7-cert.pub --report "$SERIAL.html" |
      tee "$SERIAL.jsonl" |
      jq -r 'select(.type == "check" and .counts == "failed") | .check + " " + .said'
    test "${PIPESTATUS[0]}" = 0 && echo "$SERIAL ships"
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from tools.technician import jobs
from tools.technician.finding import find_candidates
from tools.technician.json_lines import JsonLines
from tools.technician.link import BAUD
from tools.technician.person import Person
from tools.technician.plan import LEVELS, PlannedTest, TestPlan, read_plan
from tools.technician.signing import SIGNERS
from tools.technician.terminal import Terminal
from tools.technician.trouble import CableError, CallError, Exit, TroubleError
from tools.technician.words import LANGUAGES, Words, own_language

if TYPE_CHECKING:
    from tools.technician.outlet import Outlet

_PATIENCE_S: Final = 60.0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(Exit.CALL)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    arguments = _parser().parse_args(words)
    texts = Words(arguments.lang)
    outlet: Outlet = JsonLines(texts, sys.stdout) if arguments.json else Person(texts, sys.stdout)
    trouble: TroubleError | None = None
    try:
        code = _run(arguments, outlet)
    except TroubleError as raised:
        trouble, code = raised, raised.exit
    except KeyboardInterrupt:
        trouble, code = CallError("stopped"), Exit.STOPPED
    except BrokenPipeError:  # who read our output is gone
        return Exit.CALL
    outlet.end(code, trouble)
    return code


def _run(arguments: argparse.Namespace, outlet: Outlet) -> Exit:
    if arguments.job == "find":
        return _find(outlet)
    plan = _plan(arguments) if arguments.job == "test" else None
    watched = sys.stdout.isatty() and not arguments.json
    patience_s = arguments.wait if arguments.wait is not None else _PATIENCE_S if watched else 0.0
    terminal = Terminal(arguments.port, arguments.baud, patience_s, arguments.lang, outlet)
    access = jobs.Access(terminal, arguments.key or (), outlet)
    try:
        terminal.connect()
        code = _job(arguments, plan)(terminal, access, outlet)
        access.leave()
    finally:
        terminal.end()
    return code


def _job(arguments: argparse.Namespace, plan: TestPlan | None) -> Callable[[Terminal, jobs.Access, Outlet], Exit]:
    def test(terminal: Terminal, access: jobs.Access, outlet: Outlet) -> Exit:
        code = jobs.run_plan(terminal, plan or TestPlan(), access, outlet)
        if arguments.report is not None:
            jobs.fetch_report(terminal, arguments.report, arguments.form, access, outlet)
        return code

    named: dict[str, Callable[[Terminal, jobs.Access, Outlet], Exit]] = {
        "test": test,
        "watch": lambda terminal, access, outlet: jobs.watch(
            terminal, arguments.live, arguments.seconds, access, outlet
        ),
        "report": lambda terminal, access, outlet: jobs.fetch_report(
            terminal, arguments.file, arguments.form, access, outlet
        ),
        "update": lambda terminal, access, outlet: jobs.upload_update(
            terminal, arguments.file, install=arguments.install, access=access, outlet=outlet
        ),
        "ask": lambda terminal, access, outlet: jobs.ask(terminal, arguments.words, arguments.role, access, outlet),
    }
    return named[arguments.job]


def _find(outlet: Outlet) -> Exit:
    candidates = find_candidates()
    if not candidates:
        raise CableError("none_found")
    rows = [f"{found.port}  {found.usb_serial or '-'}  {'' if found.sure else '?'}".rstrip() for found in candidates]
    outlet.rows("find", rows)
    return Exit.PASSED


def _plan(arguments: argparse.Namespace) -> TestPlan:
    if arguments.plan is not None:
        if arguments.level or arguments.part:
            raise CallError("plan_and_more")
        return read_plan(arguments.plan)
    return TestPlan(level=arguments.level or LEVELS[0], tests=(PlannedTest(arguments.part or ""),))


def _parser() -> argparse.ArgumentParser:
    about = (__doc__ or "").split("\n\n", 2)
    common = _Parser(add_help=False)
    common.add_argument("--port", metavar="PORT", help="serial port, or tcp://HOST:PORT; default: found by its USB ids")
    common.add_argument("--baud", type=int, default=BAUD, help="speed of a UART (a USB port has none)")
    common.add_argument("--lang", choices=LANGUAGES, default=own_language())
    common.add_argument("--json", action="store_true", help="JSON lines for programs")
    common.add_argument("--wait", type=float, metavar="SECONDS", help="for a terminal, and for a pulled cable")
    common.add_argument("--key", type=Path, action="append", metavar="FILE", help="to sign in with; default: the agent")
    parser = _Parser(
        prog="technician",
        description=about[0],
        epilog=about[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    jobs_ = parser.add_subparsers(dest="job", required=True, metavar="JOB")
    jobs_.add_parser("find", parents=[common], help="terminals that are plugged in")
    test = jobs_.add_parser("test", parents=[common], help="run checks, or a test plan, and judge them")
    test.add_argument("--plan", type=Path, metavar="FILE", help="a test plan; its form stands in plan.py")
    test.add_argument("--level", choices=LEVELS)
    test.add_argument("--part", metavar="PART")
    test.add_argument("--report", type=Path, metavar="FILE", help="get the report too")
    watch = jobs_.add_parser("watch", parents=[common], help="the terminal's state, live")
    watch.add_argument("--live", default="", metavar="PART", help="measure this part once a second (role diag)")
    watch.add_argument("--seconds", type=float, default=0.0, help="end after this many; default: Ctrl-C ends it")
    report = jobs_.add_parser("report", parents=[common], help="get the report as a file")
    report.add_argument("file", type=Path, metavar="FILE")
    for with_report in (test, report):
        with_report.add_argument(
            *("--form",),
            choices=("html", "json", "text", "open"),
            default="html",
            help="open: as text, without signing in and lrzsz",
        )
    update = jobs_.add_parser("update", parents=[common], help="send an update, have it verified (role maint)")
    update.add_argument("file", type=Path, metavar="FILE")
    update.add_argument("--install", action="store_true", help="and installed")
    ask = jobs_.add_parser("ask", parents=[common], help="one command of the port")
    ask.add_argument("--role", choices=tuple(SIGNERS), default="", help="sign in first")
    ask.add_argument("words", nargs="+", metavar="COMMAND")
    return parser


if __name__ == "__main__":
    sys.exit(main())
