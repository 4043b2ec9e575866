"""One row of a hex dump: an offset, bytes, and often the same bytes as text behind them.

Read are the rows of hexdump, xxd, od, Wireshark, jPOS and serial monitors. Where the text column begins is found by
comparing it with the bytes, because digits in it look like bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ROW: Final = re.compile(r"\s*(?:0x)?(?P<offset>[0-9A-Fa-f]{3,8})(?P<colon>[:h]?)(?:\s+(?P<body>\S.*))?\s*")
_FIRST_BYTES: Final = re.compile(r"(?<![^\s\]:>])(?:0x)?[0-9A-Fa-f]{3,8}[:h]?\s+[0-9A-Fa-f]{2}")
_GROUPS: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){1,4}(?:[ \t-]{1,3}(?:[0-9A-Fa-f]{2}){1,4})*")
_TOKEN: Final = re.compile(r"[0-9A-Fa-f]+")
_MOST_ROW_BYTES: Final = 4096  # PC/SC daemons put a whole message into one row
_MOST_WITH_TEXT: Final = 64  # groups in a row with a text column
_WORD_OFFSET: Final = 7  # digits of hexdump without -C and of od, which print words of the machine, low byte first


@dataclass(frozen=True, slots=True, repr=False)
class DumpRow:
    """Bytes at an offset that is written ``digits``; ``is_sure`` where a colon or a text column bears it out."""

    digits: str
    data: bytes
    is_sure: bool
    is_swapped: bool = False

    def stands_at(self, expected: int) -> bool:
        """Whether the offset is ``expected``, written in hexadecimal, decimal or (od) octal digits."""
        return any(_number(self.digits, base) == expected for base in (16, 10, 8))

    @property
    def offset(self) -> int:
        """The offset, taken as hexadecimal."""
        return int(self.digits, 16)


def has_row(line: str) -> bool:
    """Whether a row with bytes may stand anywhere in the line: a quick look before the close one."""
    return _FIRST_BYTES.search(line) is not None


def read_dump_row(line: str) -> DumpRow | None:
    """Take a row apart; None if it has not the form of one."""
    row = _ROW.fullmatch(line)
    if row is None:
        return None
    digits, body = row["offset"], row["body"] or ""
    if not body:
        return DumpRow(digits, b"", is_sure=False) if len(digits) >= _WORD_OFFSET else None
    groups, has_text = _split(body)
    data = bytes.fromhex("".join(groups))
    if not data or len(data) > _MOST_ROW_BYTES or (len(digits) < 4 and not row["colon"] and "0x" not in line[:8]):
        return None
    words = len(digits) == _WORD_OFFSET and not row["colon"] and len(groups[0]) == 4
    if words:
        data = b"".join(bytes.fromhex(group)[::-1] for group in groups)
    return DumpRow(digits, data, bool(row["colon"]) or has_text, words)


def _number(digits: str, base: int) -> int | None:
    try:
        return int(digits, base)
    except ValueError:
        return None


def _split(body: str) -> tuple[list[str], bool]:
    """The groups of digits, and whether a text column stands behind them."""
    head, bar, tail = body.rstrip().partition("|")
    if bar and tail[-1:] == "|" and _GROUPS.fullmatch(head.strip()):  # hexdump -C
        groups = _TOKEN.findall(head)
        if sum(map(len, groups)) == 2 * (len(tail) - 1):
            return groups, True
    match = _GROUPS.match(body)
    if match is None:
        return [], False
    tokens = [token for token in _TOKEN.finditer(body, 0, match.end()) if len(token[0]) % 2 == 0]
    if len(tokens) > _MOST_WITH_TEXT:
        return ([token[0] for token in tokens], False) if match.end() == len(body.rstrip()) else ([], False)
    if match.end() == len(body.rstrip()) and not re.search(r"\S\s{2,}\S", body):
        return [token[0] for token in tokens], False
    for count in range(len(tokens), 0, -1):
        groups = [token[0] for token in tokens[:count]]
        tail = body[tokens[count - 1].end() :]
        if tail.strip() and tail[:1] in " \t" and _is_same(bytes.fromhex("".join(groups)), tail):
            return groups, True
    return ([token[0] for token in tokens], False) if match.end() == len(body.rstrip()) else ([], False)


def _is_same(data: bytes, tail: str) -> bool:
    """Whether ``tail`` is ``data`` as text, one sign a byte; what cannot be printed may be any sign."""
    text = tail.lstrip(" \t")
    for lead in range(min(4, len(tail) - len(text)) + 1):
        shown = " " * lead + text
        if len(data) - 4 <= len(shown) <= len(data) and all(
            sign == chr(byte) or not 0x20 < byte < 0x7F for sign, byte in zip(shown, data, strict=False)
        ):
            return any(not sign.isspace() for sign in text)
    return False
