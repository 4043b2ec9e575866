"""Text of a modem in a log: what looks like it, and how logs write the signs that cannot be seen."""

from __future__ import annotations

import re
from typing import Final

_AT_TEXT: Final = re.compile(
    r"AT(?:$|[+^*$%#&\\][A-Z]|[A-CE-Z]\d{0,3}(?:[?=]|$)|D[TP]?[\d*#+(hidden, )]|S\d|E[01])"
    r"|[+^*$%#&][A-Z][A-Z0-9]{1,15}(?:\s?:|\sERROR|$)"
    r"|(?:OK|ERROR|RING|BUSY|RDY|NO CARRIER|NO ANSWER|NO DIAL ?TONE|COMMAND NOT SUPPORT|CONNECT(?: \d+)?)$"
    r"|\+?CM[ES] ERROR\b|> ?$|\(\d{1,2},\s*\"",
    re.IGNORECASE | re.ASCII,
)
_CONTROLS: Final = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)
_CODES: Final = {name: code for code, name in enumerate(_CONTROLS)} | {"TAB": 9, "DEL": 0x7F}
_ESCAPES: Final = {"r": 13, "n": 10, "t": 9, "0": 0, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27}
_ESCAPE: Final = re.compile(
    r"\\(?:x(?P<hex>[0-9A-Fa-f]{1,2})|u00(?P<unit>[0-9A-Fa-f]{2})|(?P<octal>[0-7]{1,3})|(?P<name>[rntabfve])|(?P<plain>.))",
    re.DOTALL,
)
_SIGN: Final = re.compile(
    r"[<\[{](?P<name>[A-Z][A-Z0-9]{1,2})[>\]}]|[<\[{](?:0x|\$)?(?P<code>[0-9A-Fa-f]{2})[>\]}]|\\x(?P<hex>[0-9A-Fa-f]{2})"
    r"|\\(?P<escape>[rntabfve0])|\\(?P<plain>[\\'\"])|(?P<picture>[\u2400-\u241f])"
)

_FRAMED: Final = re.compile(  # a frame from its first sign to its last and beyond, or control characters alone
    r"[<\[{](?:STX|SI|SYN)[>\]}].*[<\[{](?:ETX|SO|ETB)[>\]}].*|(?P<alone>(?:[<\[{](?:ACK|NAK|EOT|ENQ|CAN)[>\]}]\s*)+)$"
)


def is_at_text(text: str) -> bool:
    """Whether a line looks like a modem's conversation."""
    return _AT_TEXT.match(text.strip()) is not None


def read_quoted(text: str) -> bytes | None:
    """Bytes of text in quotes (as Python writes them too) to the end of the line; None if it is not in quotes."""
    text = text.strip().rstrip(",;")
    is_bytes = text.startswith(("bytearray(b", "b'", 'b"'))
    if is_bytes:
        text = text.removeprefix("bytearray(").removesuffix(")").removeprefix("b")
    if len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
        return None
    return unescape_constant(text[1:-1]) if is_bytes else unescape(text[1:-1])


def read_signs(text: str) -> bytes | None:
    """Bytes of text that names control signs like <CR>; None if it names none."""
    text = text.strip().rstrip(",;")
    found = unescape(text)
    return found if any(byte < 0x20 for byte in found) and not any(ord(sign) < 0x20 for sign in text) else None


def read_framed_signs(line: str) -> bytes | None:
    """Bytes of a frame whose control characters are named, like <STX>V<ETX>U, wherever it begins; None without one."""
    frame = _FRAMED.search(line)
    if frame is None:
        return None
    return read_signs("".join(frame["alone"].split()) if frame["alone"] else frame[0])


def unescape_constant(text: str) -> bytes:
    """Bytes of a string constant of C, Java or Python: its escapes (also octal ones) and nothing else."""
    pieces, at = bytearray(), 0
    for match in _ESCAPE.finditer(text):
        pieces += text[at : match.start()].encode("utf-8", "surrogateescape")
        at = match.end()
        if match["name"] or match["plain"]:
            pieces += (
                bytes((_ESCAPES[match["name"]],))
                if match["name"]
                else match["plain"].encode("utf-8", "surrogateescape")
            )
        else:
            digits = match["hex"] or match["unit"]
            pieces.append(int(digits, 16) if digits else int(match["octal"], 8) & 0xFF)
    return bytes(pieces + text[at:].encode("utf-8", "surrogateescape"))


def unescape(text: str) -> bytes:
    """Bytes of text in which logs write <CR>, [LF], backslash escapes or the pictures of control signs."""
    pieces, at = bytearray(), 0
    for match in _SIGN.finditer(text):
        code = _code(match)
        if code is not None:
            pieces += text[at : match.start()].encode("utf-8", "surrogateescape")
            pieces.append(code)
            at = match.end()
    return bytes(pieces + text[at:].encode("utf-8", "surrogateescape"))


def _code(match: re.Match[str]) -> int | None:
    if match["name"]:
        return _CODES.get(match["name"])
    if match["code"]:
        return int(match["code"], 16)
    if match["hex"]:
        return int(match["hex"], 16)
    if match["escape"]:
        return _ESCAPES[match["escape"]]
    return ord(match["plain"]) if match["plain"] else ord(match["picture"]) - 0x2400
