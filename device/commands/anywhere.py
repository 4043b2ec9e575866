"""Commands that need no terminal: diagnose, explain, decode."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from device.commands.decode import check_kind, decode
from device.commands.decode_log import LogCommand, open_file
from device.commands.diagnose import diagnose_file
from device.commands.explain import explain_code
from device.decoding.tables import Tables
from device.decoding.text_input import MOST_INPUT_BYTES, InputError, InputForm
from device.settings import OverlaySettings

_REFUSED = 2


def run_anywhere(arguments: argparse.Namespace) -> int:
    """Run one of them and print its text: on standard error if it is a refusal."""
    language = arguments.lang or "zh"
    if arguments.command in ("diagnose", "explain"):
        overlay = OverlaySettings(tuple(arguments.overlay or ()), arguments.signers)
        shown = {"language": language, "as_json": arguments.json, "overlay": overlay}
        if arguments.command == "diagnose":
            return _print(*diagnose_file(arguments.frame, explain=arguments.explain, **shown))
        return _print(*explain_code(arguments.code, host=arguments.host, long=arguments.long, **shown))
    try:
        return _run_decode(arguments, language)
    except InputError as error:
        return _print(_REFUSED, str(error))


def _run_decode(arguments: argparse.Namespace, language: str) -> int:
    form = InputForm(arguments.form) if arguments.form else None
    tables = Tables([arguments.profile] if arguments.profile else ())
    check_kind(arguments.kind)
    if arguments.file is not None:
        if arguments.input != "-":
            raise InputError("There are both INPUT and --file: one of them.")
        return _run_log(arguments, language, tables, form)
    if arguments.input != "-":
        given = os.fsencode(arguments.input)
    else:
        given = sys.stdin.buffer.read(MOST_INPUT_BYTES + 1)
        if len(given) > MOST_INPUT_BYTES:
            return _run_log(arguments, language, tables, form, given)
    return _print(*decode(arguments.kind, given, tables, arguments.json, language=language, form=form))


def _run_log(
    arguments: argparse.Namespace, language: str, tables: Tables, form: InputForm | None, first: bytes = b""
) -> int:
    source, size = open_file(arguments.file or Path("-"))
    command = LogCommand(
        arguments.kind, tables, as_json=arguments.json, language=language, out=sys.stdout, told=sys.stderr
    )
    with source:
        return command.run(source, form, first, size)


def _print(code: int, text: str) -> int:
    text = text.rstrip("\n")
    if (
        code == _REFUSED and "\n" not in text
    ):  # one sentence refuses; "this is not that kind" is a result like any other
        sys.stderr.write(f"posmedic: {text}\n")
    else:
        sys.stdout.write(f"{text}\n")
    return code
