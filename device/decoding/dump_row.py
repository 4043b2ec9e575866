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
_OCTAL_WORDS: Final = re.compile(r"[01][0-7]{5}(?: [01][0-7]{5})*")  # od as it is without options
_BITS: Final = re.compile(r"(?P<bits>[01]{8}(?: [01]{8})*)\s{2,}(?P<text>\S.*)")  # xxd -b
_TURNED: Final = re.compile(  # xxd -e: words of four bytes, low byte first
    r"(?P<words>(?:[0-9A-Fa-f]{8} ){0,8}) *(?P<last>(?:[0-9A-Fa-f]{2}){1,4}) {2,}(?P<text>\S.*)"
)
_APART: Final = re.compile(r"\s*0{4,8}\s{2,}[0-9A-Fa-f]{2}(?: [0-9A-Fa-f]{2})+\s*$")  # nobody writes bytes like that
_TOKEN: Final = re.compile(r"[0-9A-Fa-f]+")
_MOST_ROW_BYTES: Final = 4096  # PC/SC daemons put a whole message into one row
_WIDE_GAP: Final = re.compile(r"\S\s{2,}\S")
_HALF: Final = 8
_MOST_WITH_TEXT: Final = 64  # groups in a row with a text column
_LEAST_END: Final = 6  # digits of an offset behind the last byte
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
        return DumpRow(digits, b"", is_sure=False) if len(digits) >= _LEAST_END else None
    if len(digits) == _WORD_OFFSET and not row["colon"] and _OCTAL_WORDS.fullmatch(body.rstrip()):
        return DumpRow(digits, b"".join(int(word, 8).to_bytes(2, "little") for word in body.split()), False, True)
    groups, has_text = _split(body)
    data = bytes.fromhex("".join(groups))
    if not data or len(data) > _MOST_ROW_BYTES or (len(digits) < 4 and not row["colon"] and "0x" not in line[:8]):
        return None
    words = len(digits) == _WORD_OFFSET and not row["colon"] and len(groups[0]) == 4
    if words:
        data = b"".join(bytes.fromhex(group)[::-1] for group in groups)
    is_apart = not digits.strip("0") and bool(_APART.match(line))
    return DumpRow(digits, data, bool(row["colon"]) or has_text or is_apart, words)


def read_with_text(line: str) -> bytes | None:
    """The bytes of a row without an offset that has the same bytes as text behind them, dots for what has no sign."""
    groups, has_text = _split(line)
    data = bytes.fromhex("".join(groups))
    if not has_text or len(data) > _MOST_WITH_TEXT:
        return None
    shown = line.rstrip()[-len(data) :]
    signs = zip(shown, data, strict=False)
    return data if all(sign == chr(byte) or sign in ".\u00b7" for sign, byte in signs) else None


def _number(digits: str, base: int) -> int | None:
    try:
        return int(digits, base)
    except ValueError:
        return None


def _split(body: str) -> tuple[list[str], bool]:
    """The groups of digits, and whether a text column stands behind them."""
    special = _between_bars(body) or _of_bits(body)
    if special is not None:
        return special, True
    match = _GROUPS.match(body)
    if match is None:
        return [], False
    tokens = [token for token in _TOKEN.finditer(body, 0, match.end()) if len(token[0]) % 2 == 0]
    is_all = match.end() == len(body.rstrip())
    without_text = [token[0] for token in tokens] if is_all else []
    if len(tokens) > _MOST_WITH_TEXT or (is_all and not _WIDE_GAP.search(body)):
        return without_text, False
    for count in range(len(tokens), 0, -1):
        groups = [token[0] for token in tokens[:count]]
        tail = body[tokens[count - 1].end() :]
        if tail.strip() and tail[:1] in " \t" and _is_same(bytes.fromhex("".join(groups)), tail):
            return groups, True
    turned = _turned(body)
    return (without_text, False) if turned is None else (turned, True)


def _between_bars(body: str) -> list[str] | None:
    """The row of hexdump -C, whose text stands between bars."""
    head, bar, tail = body.rstrip().partition("|")
    if not bar or tail[-1:] != "|" or not _GROUPS.fullmatch(head.strip()):
        return None
    groups = _TOKEN.findall(head)
    return groups if sum(map(len, groups)) == 2 * (len(tail) - 1) else None


def _of_bits(body: str) -> list[str] | None:
    """The row of xxd -b, which writes every bit."""
    binary = _BITS.fullmatch(body)
    if binary is None:
        return None
    groups = [f"{int(token, 2):02X}" for token in binary["bits"].split()]
    return groups if _is_same(bytes.fromhex("".join(groups)), " " + binary["text"]) else None


def _turned(body: str) -> list[str] | None:
    """The row of xxd -e: words of the machine, low byte first."""
    match = _TURNED.fullmatch(body)
    if match is None:
        return None
    groups = [bytes.fromhex(group)[::-1].hex() for group in (*match["words"].split(), match["last"])]
    return groups if _is_same(bytes.fromhex("".join(groups)), " " + match["text"]) else None


def _is_same(data: bytes, tail: str) -> bool:
    """Whether ``tail`` is ``data`` as text, one sign a byte; what cannot be printed may be any sign."""
    text = tail.lstrip(" \t")
    if text[:1] == ">" and text[-1:] == "<":  # od -z
        text = text[1:-1]
    for lead in range(min(4, len(tail) - len(text)) + 1):
        shown = " " * lead + text
        parted = shown[:_HALF] + shown[_HALF + 1 :] if shown[_HALF : _HALF + 1] == " " else shown
        if _agrees(data, shown) or _agrees(data, parted):  # Wireshark may part the text in the middle as the bytes
            return any(not sign.isspace() for sign in text)
    return False


def _agrees(data: bytes, shown: str) -> bool:
    if len(shown) > len(data):
        shown = shown[: max(len(data), len(shown.rstrip()))]
    return len(data) - 4 <= len(shown) <= len(data) and all(
        sign == chr(byte) or not 0x20 < byte < 0x7F for sign, byte in zip(shown, data, strict=False)
    )
