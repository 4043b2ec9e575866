"""``posmedic decode KIND``: bytes that somebody has, as far as they can be read and may be shown.

Shown is what is on an allow-list, and only where it looks like what it should be; everything else is named with its
size. So a frame with card data can be pasted here and the output into a ticket. Exit codes: 0 decoded, 1 partial,
2 not that kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from device.decoding.kinds import KINDS, decoder_of
from device.decoding.result import Outcome
from device.decoding.tables import Tables

MOST_INPUT_CHARACTERS: Final = 262_144


def decode(kind: str, text: str, tables: Tables, as_json: bool) -> tuple[int, str]:
    """Decode hexadecimal ``text`` as ``kind`` and return the exit code and what to print.

    Blanks, line ends, colons and hyphens between digits are passed over. Bad input is one sentence and exit code 2.
    """
    if kind not in KINDS:
        return Outcome.NOT_THAT_KIND, f"The kind {kind[:20]!r} is not known; known are {', '.join(KINDS)}."
    data = _unhex(text)
    if isinstance(data, str):
        return Outcome.NOT_THAT_KIND, data
    decoded = decoder_of(kind)(data, tables)
    exit_code = int(decoded.outcome)
    result = {"kind": kind, "decoded": ("whole", "partial", "no")[exit_code], **decoded.result}
    if as_json:
        return exit_code, json.dumps(result, ensure_ascii=False, indent=2)
    return exit_code, "\n".join(_lines(result))


def _unhex(text: str) -> bytes | str:
    if len(text) > MOST_INPUT_CHARACTERS:
        return f"The input has {len(text)} characters; at most {MOST_INPUT_CHARACTERS} are read."
    for position, character in enumerate(text, 1):
        if character not in "0123456789abcdefABCDEF:- \t\r\n":
            return f"The input is not hexadecimal at character {position}."
    digits = re.sub(r"[^0-9a-fA-F]", "", text)
    if not digits:
        return "The input is empty: give hexadecimal digits."
    if len(digits) % 2:
        return f"The input has {len(digits)} hexadecimal digits, half a byte too many or too few."
    return bytes.fromhex(digits)


def _lines(value: Mapping[str, Any], indent: str = "") -> list[str]:
    lines = []
    for key, item in value.items():
        if isinstance(item, Mapping):
            lines += [f"{indent}{key}:", *_lines(item, indent + "  ")]
        elif isinstance(item, list):
            lines.append(f"{indent}{key}:" if item else f"{indent}{key}: none")
            for row in item:
                text = ", ".join(f"{k} {v}" for k, v in row.items()) if isinstance(row, Mapping) else str(row)
                lines.append(f"{indent}  {text}")
        else:
            lines.append(f"{indent}{key}: {item}")
    return lines
