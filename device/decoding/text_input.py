"""What somebody typed, pasted or piped in: hexadecimal digits, base64, a log, or the bytes themselves.

The form is guessed unless it is given; every result says which one was taken. Sentences about bad input name places
and counts, never what stands there.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from device.decoding.dump_row import read_dump_row
from device.decoding.log_line import Reads, has_stamp
from device.decoding.log_text import is_at_text, unescape
from device.decoding.pieces import MOST_LINE_CHARACTERS, LineCount, LogReader, Piece
from device.decoding.written import parse_constant, parse_hex, parse_unpadded

MOST_INPUT_BYTES: Final = 262_144
_HEX_SIGNS: Final = re.compile(r"(?:(?:0[xX]|\\x)(?=[0-9A-Fa-f])|[0-9A-Fa-f]|[\s:,;-])*")
_SHORT_BYTE: Final = re.compile(r"(?:0[xX]|\\x)([0-9A-Fa-f])(?![0-9A-Fa-f])")
_HEX_PREFIX: Final = re.compile(r"0[xX]|\\x")
_NO_DIGITS: Final = re.compile(r"[^0-9A-Fa-f]")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}|[A-Za-z0-9_-]+={0,2}")
_ONE_BY_ONE: Final = re.compile(r"\d{1,3}(?:[\s,;]+\d{1,3})+")  # numbers, and not all of them pairs of digits
_LEAST_BASE64: Final = 8
_LEAST_FOLDED: Final = 16
_LEAST_UTF16: Final = 6
_MOST_UTF16: Final = 20
_DATA_URL: Final = re.compile(r"data:[^,]{0,100};base64,")
_ARMOUR: Final = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]{1,60}-----")
_CONTROLS: Final = bytes(code for code in range(0x20) if code not in b"\t\n\r\b\f\x1b") + b"\x7f"
_MOST_CONTROLS_PER_CENT: Final = 3


class InputForm(StrEnum):
    """How the bytes are written."""

    HEX = "hex"
    BASE64 = "base64"
    LOG = "log"
    RAW = "raw"


class InputError(ValueError):
    """Input that is none of the forms; the text is one sentence without anything of the input."""


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """What was given: its form, the data in pieces (one, except in a log), and what the lines of a log were."""

    form: InputForm
    pieces: tuple[Piece, ...]
    count: LineCount = field(default_factory=LineCount)

    @property
    def data(self) -> bytes:
        """All of it in a row."""
        return b"".join(piece.data for piece in self.pieces)


def read_input(raw: bytes, reads: Reads, form: InputForm | None = None) -> Given:
    """Take small input apart; raises :class:`InputError`."""
    if len(raw) > MOST_INPUT_BYTES:
        raise InputError(f"The input has {len(raw)} bytes; at most {MOST_INPUT_BYTES} are read at once: use --file.")
    if form is InputForm.RAW or (form is None and is_binary(raw)):
        return Given(InputForm.RAW, (Piece(raw),)) if raw else _refuse_empty()
    text = decode_text(raw).strip("\ufeff")
    if form is InputForm.HEX:
        return Given(form, (Piece(parse_hex_text(text)),))
    if form is InputForm.BASE64:
        return Given(form, (Piece(_parse_base64(text)),))
    return _read_log(text, reads) if form is InputForm.LOG else _guess(text, reads)


def parse_hex_text(text: str) -> bytes:
    """Bytes of digits with blanks, line ends, colons, hyphens, commas or 0x between them, or of backslash escapes.

    Raises :class:`InputError`.
    """
    stripped = text.strip().strip("\"'[]{}()").strip()
    if not stripped:
        _refuse_empty()
    match = _HEX_SIGNS.match(stripped)
    end = match.end() if match else 0
    if end < len(stripped):
        if "\\x" in stripped and not any(ord(sign) < 0x20 for sign in stripped):
            return unescape(stripped)  # AT\x0d: text with some bytes as numbers
        at = len(text) - len(text.lstrip().lstrip("\"'[]{}()").lstrip()) + end + 1
        raise InputError(f"The input is not hexadecimal at character {at}.")
    digits = _NO_DIGITS.sub("", _HEX_PREFIX.sub(" ", _SHORT_BYTE.sub(r" 0\1", stripped)))
    if len(digits) % 2:
        raise InputError(f"The input has {len(digits)} hexadecimal digits, half a byte too many or too few.")
    return bytes.fromhex(digits)


def is_binary(raw: bytes) -> bool:
    """Whether these are bytes, not text: a zero byte, or more control signs than a log has."""
    if is_utf16(raw):
        return False
    controls = len(raw) - len(raw.translate(None, _CONTROLS))
    return b"\x00" in raw or controls * 100 > len(raw) * _MOST_CONTROLS_PER_CENT


def is_utf16(raw: bytes) -> bool:
    """Whether this begins with the mark of UTF-16 and then a line of Latin signs: what PowerShell writes to a file."""
    high = {b"\xff\xfe": 3, b"\xfe\xff": 2}.get(raw[:2])
    return high is not None and len(raw) > _LEAST_UTF16 and not any(raw[high:_MOST_UTF16:2])


def decode_text(raw: bytes) -> str:
    """Text in UTF-8, or UTF-16 as Windows writes it, else in GB 18030 as Chinese systems do, the unreadable marked."""
    if is_utf16(raw):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def _parse_digits(text: str) -> bytes:
    """Bytes of a constant of a program, of digits without leading zeros, or of digits in any other way."""
    for parse in (parse_unpadded, parse_constant, parse_hex):
        if (data := parse(text.strip())) is not None:
            return data
    if _ONE_BY_ONE.fullmatch(text.strip()) and any(len(number) != 2 for number in re.findall(r"\d+", text)):
        raise InputError(
            "The input may be hexadecimal or decimal numbers: put 0x before each, or [ ] around all decimal ones."
        )
    return parse_hex_text(text)


def as_lines(given: Given, reads: Reads, text: str) -> Given:
    """Hexadecimal text once more, as a message a line."""
    try:
        found = _read_log(text, reads)
    except InputError:
        return given
    return found if len(found.pieces) > 1 else given


def read_lines(chunks: Iterable[bytes]) -> Iterator[tuple[str | None, int]]:
    """Lines of a byte stream with the bytes that they took; None for a line that is too long to be kept."""
    rest, dropped = b"", 0
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            too_long = dropped or len(line) > MOST_LINE_CHARACTERS
            yield (None if too_long else decode_text(line.rstrip(b"\r")), dropped + len(line) + 1)
            dropped = 0
        if len(rest) > MOST_LINE_CHARACTERS:
            dropped, rest = dropped + len(rest), b""
    if rest or dropped:
        too_long = dropped > 0
        yield (None if too_long else decode_text(rest.rstrip(b"\r")), dropped + len(rest))


def _refuse_empty() -> Given:
    raise InputError("The input is empty: give hexadecimal digits, base64 or a log.")


def _guess(text: str, reads: Reads) -> Given:
    lines = text.splitlines()
    is_log = _is_dump(lines) or any(has_stamp(line) for line in lines[:1]) or is_at_text(next(iter(lines), ""))
    refusal: InputError | None = None
    if not is_log:
        try:
            return Given(InputForm.HEX, (Piece(_parse_digits(text)),))
        except InputError as error:
            refusal = error
        bare = [line for line in _DATA_URL.sub("", text.strip(), count=1).splitlines() if not _ARMOUR.fullmatch(line)]
        if _may_be_base64(bare):
            with suppress(InputError):
                return Given(InputForm.BASE64, (Piece(_parse_base64("\n".join(bare))),))
    try:
        return _read_log(text, reads)
    except InputError:
        if refusal is None or len(lines) > 1:
            raise
        raise refusal from None


def _may_be_base64(lines: list[str]) -> bool:
    """One run of its signs, or lines of one length with a shorter one at the end (RFC 2045, 6.8; RFC 7468)."""
    folded = [line.strip() for line in lines if line.strip()]
    lengths = {len(line) for line in folded[:-1]}
    if len(folded) > 1 and (len(lengths) != 1 or min(lengths) < _LEAST_FOLDED or len(folded[-1]) > max(lengths)):
        return False
    return sum(map(len, folded)) >= _LEAST_BASE64 and all(_BASE64.fullmatch(line) for line in folded)


def _is_dump(lines: list[str]) -> bool:
    """Rows with offsets that follow on one another, or one that a colon or text bears out."""
    rows = [read_dump_row(line) for line in lines[:3] if line.strip()]
    first = rows[0] if rows else None
    if first is None or first.offset != 0:
        return False
    second = rows[1] if len(rows) > 1 else None
    return first.is_sure if second is None else second.stands_at(len(first.data))


def _read_log(text: str, reads: Reads) -> Given:
    reader = LogReader(reads)
    pieces = [piece for line in text.splitlines() for piece in reader.feed(line)]
    pieces += reader.close()
    if not pieces:
        lines = f"{reader.count.lines} line{'s' if reader.count.lines != 1 else ''}"
        raise InputError(f"No data was found in {lines}: neither hexadecimal digits nor a modem's conversation.")
    return Given(InputForm.LOG, tuple(pieces), reader.count)


def _parse_base64(text: str) -> bytes:
    joined = "".join(text.split())
    if not joined:
        _refuse_empty()
    if not _BASE64.fullmatch(joined):
        raise InputError("The input is not base64: there are other signs than its alphabet has.")
    if "=" not in joined and len(joined) % 4 > 1:
        joined += "=" * (-len(joined) % 4)  # RFC 4648, 3.2: URLs and tokens leave it out
    if len(joined) % 4:
        raise InputError(f"The input is not base64: {len(joined)} characters are no multiple of 4.")
    try:
        data = base64.b64decode(joined.translate(str.maketrans("-_", "+/")), validate=True)
    except binascii.Error:
        raise InputError("The input is not base64: its end is not as it should be.") from None
    if base64.b64encode(data).decode() != joined.translate(str.maketrans("-_", "+/")):
        raise InputError("The input is not base64: bits are set where there are no more bytes.")
    return data
