"""The words of the command line: which commands and options there are, and what is wrong with those that were typed.

The service itself never imports this, and so no argparse: it is started by two words (see :mod:`device.__main__`).
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from device.decoding.kinds import KINDS

USAGE_EXIT: Final = 2
_LANGUAGES: Final = ("zh", "en")
_REPORT_FORMS: Final = ("text", "html", "json")
_LEVELS: Final = "safe looks only (default); active asks parts to do something; assisted needs a person"
_FORMS: Final = ("hex", "base64", "log", "raw")
_DECODED: Final = """\
Says what bytes on a line mean: a frame, a message, or a whole log of them.

Shown is what an allow-list has; everything else is named with its size, so that card data can be pasted here.
INPUT and standard input give one result. --file (- for standard input), and standard input of more than 256 KiB,
are decoded as a log line by line, however long: results as they come, with --json one object a line, then a summary.
Exit code: 0 decoded, 1 in part, 2 not that kind or bad input.
"""
_EXAMPLES: Final = """
examples:
  posmedic decode auto 3B6500002063CBA000            which kind is it, and what bears that out?
  posmedic decode apdu --lang en '00 A4 04 00 07 A0 00 00 00 03 10 10'
  posmedic decode at --file modem.log                a log of any length, from minicom, ModemManager, logcat...
  hexdump -C frame.bin | posmedic decode iso8583     a dump; so do xxd, od, tshark -x and a C array
  posmedic decode tlv --json < field55.bin           the bytes themselves, for a script

in whatever way the bytes are written: 5F2A, 5f 2a, 5F:2A, 0x5F,0x2A, \\x5f\\x2a, {0x5F, 0x2A}, b'_*', base64.
"""
_TYPED: Final = re.compile(r"(?<=invalid choice): .*(?= \(choose)|(?<=[a-z])=.*(?= could match)")


class _Help(argparse.HelpFormatter):
    """As wide as the window; argparse itself would import shutil to know that, and the service would keep it."""

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        with suppress(OSError):
            columns = columns or str(os.get_terminal_size(1).columns)
        super().__init__(prog, width=max(int(columns) if columns.isdecimal() else 80, 40) - 2)


class _RawHelp(_Help, argparse.RawDescriptionHelpFormatter):
    """The same, with descriptions as they are written."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; the long usage is for --help."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _Help, **options})

    def error(self, message: str) -> NoReturn:
        message = _TYPED.sub("", message)  # what was typed is not repeated: it may be card data
        self.exit(USAGE_EXIT, f"posmedic: {message} (see {self.prog} --help)\n")


def parse_words(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse these words, or the process's own; wrong ones, ``--help`` too, end the process with SystemExit."""
    parser = _Parser(prog="posmedic", description="Explains a declined sale on the card terminal itself.")
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(
        dest="command",
        parser_class=_Parser,
        metavar="COMMAND",
        prog="posmedic",
    )
    settings = _Parser(add_help=False)
    settings.add_argument(
        "--settings", type=Path, metavar="FILE", help="settings file (default /etc/posmedic/settings.toml)"
    )
    spoken = _Parser(add_help=False)
    spoken.add_argument("--lang", choices=_LANGUAGES, help="language (default: the settings' one, else zh)")
    scripted = _Parser(add_help=False)
    scripted.add_argument("--json", action="store_true", help="print JSON for scripts")
    shown = _Parser(add_help=False, parents=[spoken, scripted])

    commands.add_parser("run", parents=[settings], help="the service")
    selftest = commands.add_parser("selftest", parents=[settings, spoken], help="run the checks")
    selftest.add_argument("--level", choices=("safe", "active", "assisted"), default="safe", help=_LEVELS)
    selftest.add_argument("--part", help="only this part, e.g. modem")
    selftest.add_argument("--json", action="store_true", help="print one JSON object a result, as it comes")
    selftest.add_argument("--save", type=Path, metavar="FILE", help="keep the run for report --compare")
    overlaid = _Parser(add_help=False)
    overlaid.add_argument(
        "--overlay", type=Path, action="append", metavar="FILE", help="a signed overlay over the built-in knowledge"
    )
    overlaid.add_argument("--signers", type=Path, metavar="FILE", help="whose signature under an overlay counts")
    diagnose = commands.add_parser(
        "diagnose", parents=[shown, overlaid], help="the diagnosis of a recorded freeze frame"
    )
    diagnose.add_argument("frame", type=Path, metavar="FRAME.json", help="the file, e.g. of a demo run")
    diagnose.add_argument("--explain", action="store_true", help="print the chain rule by rule")
    explain = commands.add_parser("explain", parents=[shown, overlaid], help="what a response code or short code means")
    explain.add_argument("code", metavar="CODE", help="e.g. 62, or the 12 signs that the screen shows")
    explain.add_argument("--long", action="store_true", help="also what public articles say of it, item by item")
    explain.add_argument("--host", default="", metavar="PROFILE", help="the host's profile, e.g. unionpay")
    _add_decode(commands.add_parser("decode", parents=[shown], help="read frames, messages and logs; redacted"))
    history = commands.add_parser("history", parents=[settings, shown], help="fault memory: declines and faults")
    history.add_argument("--clear", action="store_true", help="forget every fault; declines stay")
    _add_report(commands.add_parser("report", parents=[settings, spoken], help="the redacted report of this terminal"))
    last = commands.add_parser("last", parents=[settings, shown], help="the last decline and what it means")
    last.add_argument("--pages", action="store_true", help="as the pages of the screen")
    update = commands.add_parser("update", parents=[settings, shown], help="firmware updates: state, check, install")
    update.add_argument("action", choices=("status", "verify", "install"))
    update.add_argument("bundle", nargs="?", type=Path, metavar="BUNDLE.raucb", help="the file to verify or install")
    commands.add_parser("gate", parents=[settings], help="wait until a new version has proved itself (at boot)")
    arguments, left = parser.parse_known_args(words)
    if arguments.command == "decode" and arguments.input == "-" and len(left) == 1 and not re.match("-.", left[0]):
        arguments.input = left.pop()  # argparse loses INPUT where an option stands before it
    if left:  # the words are not repeated: they may be card data
        is_option = left[0].startswith("--") and left[0][2:].isalpha()
        parser.error(f"there is no option {left[0][:20]}" if is_option else "there are words too many")
    if arguments.command == "report" and len(arguments.compare or ()) > 2:
        parser.error("argument --compare: BEFORE.json and at most one AFTER.json")
    if arguments.command is None and not arguments.version:
        parser.error("a command is missing")
    return arguments


def _add_report(report: argparse.ArgumentParser) -> None:
    report.add_argument("--out", type=Path, metavar="FILE", help="write it to this file")
    report.add_argument("--format", choices=_REPORT_FORMS, help="default: as FILE is called (.html, .json), else text")
    report.add_argument("--ticket", metavar="NUMBER", help="print this ticket number on it")
    report.add_argument(
        "--compare", type=Path, nargs="+", metavar=("BEFORE.json", "AFTER.json"), help="files of selftest --save"
    )
    report.add_argument(
        "--verify",
        nargs="*",
        metavar="COUNT:HEAD",
        help="instead of a report: is the technicians' audit log whole, and does it hold what was told at sign-out?",
    )


def _add_decode(decode: argparse.ArgumentParser) -> None:
    """Add what ``decode`` takes; words that it does not know are not repeated, they may be card data."""
    decode.formatter_class = _RawHelp
    decode.description = _DECODED
    kinds = "\n".join(f"  {kind:<9}{reads}" for kind, reads in KINDS.items())
    decode.epilog = f"kinds:\n{kinds}\n  {'auto':<9}whichever of them fits best, and what bears that out\n{_EXAMPLES}"
    decode.add_argument("kind", metavar="KIND", help="one of the kinds below")
    decode.add_argument(
        "input",
        nargs="?",
        default="-",
        metavar="INPUT",
        help="the bytes, or lines of a log; - or nothing: standard input",
    )
    decode.add_argument("--file", type=Path, metavar="FILE", help="decode this file, or - standard input, as it comes")
    decode.add_argument(
        "--from",
        dest="form",
        type=_form,
        metavar="FORM",
        help=f"{', '.join(_FORMS)}: how they are written; else guessed",
    )
    decode.add_argument("--profile", type=Path, metavar="FILE", help="a message profile of your own, tried first")


def _form(word: str) -> str:
    if word not in _FORMS:
        raise argparse.ArgumentTypeError(f"one of {', '.join(_FORMS)}")
    return word
