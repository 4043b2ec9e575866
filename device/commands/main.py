"""One run of the command ``posmedic``: its words are parsed, one command is run, its exit code is told."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device import __version__
from device.table import TableError

if TYPE_CHECKING:
    import argparse

USAGE_EXIT: Final = 2
_INTERRUPTED: Final = 130  # as shells tell SIGINT and SIGPIPE
_READER_LEFT: Final = 141


def run_words(words: Sequence[str], settings: Path | None) -> int:
    """Run one command for another outlet, in a process of its own; ``settings`` is the file that the service reads."""
    from device.commands.command_line import parse_words  # noqa: PLC0415

    arguments = parse_words(words)
    if getattr(arguments, "settings", "") is None:
        arguments.settings = settings
    try:
        return _run(arguments)
    except TableError as error:
        sys.stderr.write(f"posmedic: {error}\n")
        return USAGE_EXIT


def main() -> int:
    """Run one command; errors of use or of files are one line on standard error and exit code 2."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by who started us
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  open as long as the process
    for stream in (sys.stdin, sys.stdout):  # bytes or signs that the locale cannot carry are no reason to break
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run_typed(sys.argv[1:])
        sys.stdout.flush()
    except TableError as error:
        sys.stderr.write(f"posmedic: {error}\n")
        return USAGE_EXIT
    except BrokenPipeError:  # the reader of our output has left: nothing to say to nobody
        _drop_output()
        return _READER_LEFT
    except OSError as error:
        _drop_output()
        with suppress(OSError):  # it may be standard error that failed
            sys.stderr.write(f"posmedic: reading or printing failed: {error.strerror}\n")
        return USAGE_EXIT
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _drop_output() -> None:
    """What is still to be printed goes nowhere, so that the end of the process does not fail over it once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run_typed(words: Sequence[str]) -> int:
    """Run what was typed. The service's own start is known at sight: argparse would stay resident in it, 0.6 MB."""
    match words:
        case ["run"]:
            return _serve(None)
        case ["run", "--settings", file] if not file.startswith("-"):
            return _serve(Path(file))
    from device.commands.command_line import parse_words  # noqa: PLC0415

    return _run(parse_words(words))


def _serve(settings: Path | None) -> int:
    from device.commands.run import run_service  # noqa: PLC0415

    return run_service(settings, run_words)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.version:
        sys.stdout.write(f"posmedic {__version__}\n")
        return 0
    if arguments.command == "run":
        return _serve(arguments.settings)
    if arguments.command in ("diagnose", "explain", "decode"):
        from device.commands.anywhere import run_anywhere  # noqa: PLC0415

        return run_anywhere(arguments)
    if arguments.command == "gate":
        from device.commands.gate import run_gate  # noqa: PLC0415

        return run_gate(arguments.settings)
    from device.commands.on_terminal import run_on_terminal  # noqa: PLC0415

    return run_on_terminal(arguments)
