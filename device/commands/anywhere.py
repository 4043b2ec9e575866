"""Commands that need no terminal: diagnose, explain, decode."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from device.commands.decode import MOST_INPUT_CHARACTERS, decode
from device.commands.diagnose import diagnose_file
from device.commands.explain import explain_code
from device.decoding.tables import Tables

_UNREAD_KINDS: Final = ("neo", "abecs", "pn532", "escpos")


def run_anywhere(arguments: argparse.Namespace) -> int:
    """Run one of them and print its text: on standard error if it is a refusal."""
    if arguments.command == "diagnose":
        code, text = diagnose_file(
            arguments.frame, language=arguments.lang or "zh", as_json=arguments.json, explain=arguments.explain
        )
    elif arguments.command == "explain":
        code, text = explain_code(
            arguments.code, host=arguments.host, language=arguments.lang or "zh", as_json=arguments.json
        )
    elif arguments.kind in _UNREAD_KINDS:
        code, text = 2, f"{arguments.kind} frames are not read by this version"
    else:
        given = arguments.hex if arguments.hex != "-" else sys.stdin.read(MOST_INPUT_CHARACTERS + 1)
        code, text = decode(arguments.kind, given, Tables(), arguments.json)
    text = text.rstrip("\n")
    if code == 2 and "\n" not in text:  # one sentence refuses; "this is not that kind" is a result like any other
        sys.stderr.write(f"posmedic: {text}\n")
    else:
        sys.stdout.write(f"{text}\n")
    return code
