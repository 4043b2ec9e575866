"""The reference of the technician's port, written from the tables that the terminal itself uses.

Usage: python -m tools.console_reference [--check]. Writes device/outlets/console/REFERENCE.md; with --check it only
says whether that file is fresh (exit 1: it is not).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from device.outlets.console.command_table import parse_commands
from device.settings import read_catalogue, read_texts
from protocol.console_line import MOST_LINE

PATH: Final = Path(__file__).resolve().parent.parent / "device/outlets/console/REFERENCE.md"
_HEAD: Final = """\
# The technician's port: commands and errors

Written by `python -m tools.console_reference` from `device/catalogue/console.toml` and the texts; do not edit.

A request is one line of at most {most} bytes of UTF-8, ended by CR, LF or CR LF; a word with blanks stands in double
quotes. The reply is any number of `PROGRESS n/m text` and `# text`, then exactly one `OK ...` or `ERROR n "text"`.
A line may carry ` *` and four hex digits behind it (CRC-16/XMODEM); the lines of its reply then carry theirs. `stop`
ends what runs, with a reply of its own. How to sign in is told in `protocol/console_challenge.py`. A command that
answers `# zmodem` lends the line to a file transfer; behind it, skip lines up to the first `OK` or `ERROR`.
"""


def reference() -> str:
    """The whole file."""
    table = read_catalogue("console.toml")
    access: dict[str, Any] = dict(table.raw("access"))
    commands = parse_commands(table)
    english, chinese = read_texts("en"), read_texts("zh")
    rows = [_HEAD.format(most=MOST_LINE), "## Commands", "", "| command | level | does | 作用 |", "|---|---|---|---|"]
    for name, row in commands.commands.items():
        level = f"{row.level} {english['console']['levels'][row.level]}"
        held = " (not while a sale runs)" if row.disturbs else ""
        texts = (english["console_command"][name] + held, chinese["console_command"][name])
        rows.append(f"| `{_cell(row.usage)}` | {level} | {_cell(texts[0])} | {_cell(texts[1])} |")
    rows += ["", "## Errors", "", "| number | text | 中文 |", "|---|---|---|"]
    for name, number in commands.errors.items():
        rows.append(f"| {number} | {_cell(english['console_error'][name])} | {_cell(chinese['console_error'][name])} |")
    rows += ["", "## Limits of signing in", "", "| limit | value |", "|---|---|"]
    rows += [f"| `{name}` | {value} |" for name, value in access.items()]
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return str(text).replace("|", "\\|")


def main() -> int:
    """Write the file, or say whether it is fresh."""
    parser = argparse.ArgumentParser(prog="python -m tools.console_reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the file is not fresh")
    text = reference()
    if not parser.parse_args().check:
        PATH.write_text(text, encoding="utf-8")
    elif not PATH.is_file() or PATH.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"{PATH.name} is not fresh: run python -m tools.console_reference\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
