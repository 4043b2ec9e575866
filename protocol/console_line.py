r"""Lines of the technician's port: one grammar for people and scripts, both sides of it.

A request is a line of at most 4,096 bytes of UTF-8: a command and its words, parted by blanks, ended by CR, LF or
CR LF. A word with blanks stands in double quotes, where ``\"`` and ``\\`` stand for the sign itself. A reply is any
number of ``PROGRESS n/m text`` and ``# text`` lines, then exactly one ``OK ...`` or ``ERROR n "text"``.

A line may carry a check value behind it: a blank, ``*`` and four hex digits, the CRC-16 of the bytes before the blank
(polynomial 1021, start 0000, high bit first: CRC-16/XMODEM). Who sends one gets the reply's lines with theirs.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

MOST_LINE: Final = 4096
MOST_WORDS: Final = 64
_CHECK: Final = re.compile(rb"(.*) \*([0-9A-Fa-f]{4})", re.DOTALL)
_WORD: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\["\\])*)"(?=\s|$)|([^\s"]+)(?=\s|$))')
_ESCAPE: Final = re.compile(r"\\([\"\\])")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PROGRESS: Final = re.compile(r"PROGRESS (\d{1,9})/(\d{1,9})(?: (.*))?")
_ERROR: Final = re.compile(r'ERROR (\d{1,5}) "((?:[^"\\]|\\["\\])*)"')


class ConsoleLineError(ValueError):
    """A line that is no request or reply; the text says what is wrong, ``offset`` where (bytes or characters)."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(f"{what} at offset {offset}")
        self.what = what
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Overlong:
    """A line that was longer than :data:`MOST_LINE`; nothing of it was kept. ``length``: bytes dropped."""

    length: int


class LineDeframer:
    """Cuts what a port delivers into lines, in bounded memory. An overlong line is told once, when it ends."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._dropped = 0
        self._after_cr = False

    @property
    def pending(self) -> int:
        """Bytes of the line that has not ended yet."""
        return len(self._line) + self._dropped

    def feed(self, data: bytes) -> Iterator[bytes | Overlong]:
        """Take bytes; yields each line that ends in them, without its end. Empty lines come too."""
        if self._after_cr and data[:1] == b"\n":
            data = data[1:]
        self._after_cr = data.endswith(b"\r") or (self._after_cr and not data)
        pieces = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for piece in pieces[:-1]:
            self._add(piece)
            yield self._end()
        self._add(pieces[-1])

    def reset(self) -> None:
        """Forget the line that has begun."""
        self._line.clear()
        self._dropped = 0

    def _add(self, piece: bytes) -> None:
        if self._dropped or len(self._line) + len(piece) > MOST_LINE:
            self._dropped += len(self._line) + len(piece)
            self._line.clear()
        else:
            self._line += piece

    def _end(self) -> bytes | Overlong:
        line: bytes | Overlong = Overlong(self._dropped) if self._dropped else bytes(self._line)
        self.reset()
        return line


@dataclass(frozen=True, slots=True)
class Request:
    """A command and its words. ``checked``: the line carried a check value that holds."""

    command: str
    words: tuple[str, ...]
    checked: bool = False


def parse_request(line: bytes) -> Request | None:
    """Read one line; None for an empty one. Raises :class:`ConsoleLineError`."""
    text, checked = _parse_text(line)
    words = split_words(text)
    if not words:
        return None
    return Request(words[0], tuple(words[1:]), checked)


def split_words(text: str) -> list[str]:
    """Cut a line into its words, quotes taken off. Raises :class:`ConsoleLineError`."""
    words: list[str] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _WORD.match(text, at)
        if found is None:
            raise ConsoleLineError("a quotation mark that is not closed or stands inside a word", at)
        if len(words) == MOST_WORDS:
            raise ConsoleLineError(f"more than {MOST_WORDS} words", at)
        words.append(found[2] if found[1] is None else _ESCAPE.sub(r"\1", found[1]))
        at = found.end()
    return words


def join_words(words: tuple[str, ...] | list[str]) -> str:
    """Write words as a line that :func:`split_words` takes apart again. Raises ValueError for control characters."""
    if any(_CONTROL.search(word) for word in words):
        raise ValueError("a word has a control character, which no line can carry")
    return " ".join(word if word and not re.search(r'[\s"]', word) else quoted(word) for word in words)


def quoted(text: str) -> str:
    """Text between quotation marks, its own ones escaped, control characters made blanks."""
    plain = _CONTROL.sub(" ", text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


# --- replies ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` steps."""

    done: int
    total: int
    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Text for people, or a row of what was asked for."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The command was carried out; ``text`` may hold its answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The command was not carried out; ``number`` stands in the table of errors."""

    number: int
    text: str


Reply: TypeAlias = Progress | Remark | Done | Failed


def build_reply(reply: Reply) -> str:
    """One reply as a line without its end; what would break the line becomes a blank."""
    if isinstance(reply, Progress):
        text = f"PROGRESS {reply.done}/{reply.total} {_one_line(reply.text)}"
    elif isinstance(reply, Remark):
        text = f"# {_one_line(reply.text)}"
    elif isinstance(reply, Done):
        text = f"OK {_one_line(reply.text)}"
    else:
        text = f"ERROR {reply.number} {quoted(reply.text)}"
    return text.rstrip(" ")


def parse_reply(line: bytes) -> Reply:
    """Read a line of a reply, with or without a check value. Raises :class:`ConsoleLineError`."""
    text, _ = _parse_text(line)
    if text == "OK" or text.startswith("OK "):
        return Done(text[3:])
    if text == "#" or text.startswith("# "):
        return Remark(text[2:])
    if found := _PROGRESS.fullmatch(text):
        return Progress(int(found[1]), int(found[2]), found[3] or "")
    if found := _ERROR.fullmatch(text):
        return Failed(int(found[1]), _ESCAPE.sub(r"\1", found[2]))
    raise ConsoleLineError("neither OK, ERROR, PROGRESS nor a remark", 0)


def build_line(text: str, *, checked: bool = False, end: bytes = b"\r\n") -> bytes:
    """Bytes of one line; with ``checked`` a check value goes behind it."""
    data = text.encode()
    if checked:
        data += b" *%04X" % crc16(data)
    return data + end


def crc16(data: bytes) -> int:
    """CRC-16/XMODEM of ``data``."""
    return binascii.crc_hqx(data, 0)


def _parse_text(line: bytes) -> tuple[str, bool]:
    if len(line) > MOST_LINE:
        raise ConsoleLineError(f"longer than {MOST_LINE} bytes", MOST_LINE)
    checked = False
    if found := _CHECK.fullmatch(line):
        if crc16(found[1]) != int(found[2], 16):
            raise ConsoleLineError("the check value does not hold", len(found[1]) + 1)
        line, checked = found[1], True
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise ConsoleLineError("not UTF-8", error.start) from error
    if found_control := _CONTROL.search(text.replace("\t", " ")):
        raise ConsoleLineError("a control character", found_control.start())
    return text, checked


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text)
