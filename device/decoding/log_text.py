"""Text of a modem in a log: what looks like it, and how logs write the signs that cannot be seen."""

from __future__ import annotations

import re
from typing import Final

_AT_TEXT: Final = re.compile(
    r"AT(?:$|[+^*$%#&\\][A-Z]|[A-CE-Z]\d{0,3}(?:[?=]|$)|D[TP]?[\d*#+(hidden, )]|S\d|E[01])"
    r"|[+^*$%#&][A-Z][A-Z0-9]{1,15}(?:\s?:|\sERROR|$)"
    r"|(?:OK|ERROR|RING|BUSY|RDY|NO CARRIER|NO ANSWER|NO DIAL ?TONE|COMMAND NOT SUPPORT|CONNECT(?: \d+)?)$"
    r"|\+?CM[ES] ERROR\b|> ?$",
    re.IGNORECASE | re.ASCII,
)
_CONTROLS: Final = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)
_CODES: Final = {name: code for code, name in enumerate(_CONTROLS)} | {"TAB": 9, "DEL": 0x7F}
_ESCAPES: Final = {"r": 13, "n": 10, "t": 9, "0": 0, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27}
_SIGN: Final = re.compile(
    r"[<\[{](?P<name>[A-Z][A-Z0-9]{1,2})[>\]}]|[<\[{](?:0x|\$)?(?P<code>[0-9A-Fa-f]{2})[>\]}]|\\x(?P<hex>[0-9A-Fa-f]{2})"
    r"|\\(?P<escape>[rntabfve0])|\\(?P<plain>[\\'\"])|(?P<picture>[\u2400-\u241f])"
)


def is_at_text(text: str) -> bool:
    """Whether a line looks like a modem's conversation."""
    return _AT_TEXT.match(text.strip()) is not None


def read_quoted(text: str) -> bytes | None:
    """Bytes of text in quotes to the end of the line, or of text that names signs like <CR>; None if it is neither."""
    text = text.strip().removesuffix(",").removesuffix(";")
    if len(text) >= 2 and text[0] in "'\"" and text[-1] == text[0]:
        return unescape(text[1:-1])
    if len(text) >= 3 and text[0] == "b" and text[1] in "'\"" and text[-1] == text[1]:
        return unescape(text[2:-1])
    found = unescape(text)
    return found if any(byte < 0x20 for byte in found) and not any(ord(sign) < 0x20 for sign in text) else None


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
