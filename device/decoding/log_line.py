"""One line of somebody's log: which way its data went, and the data, as bytes or as text.

Logs of modem managers, PC/SC daemons, payment applications, serial monitors and hex dumps agree on little, so nothing
here knows one program: what stands before a mark of direction is passed over, what looks like a time, a level, a
thread or a place in a source file too, and the rest is data only if all of it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import Final

from device.decoding.dump_row import read_with_text
from device.decoding.log_call import read_call
from device.decoding.log_json import read_json
from device.decoding.log_text import is_at_text, read_framed_signs, read_quoted, read_signs
from device.decoding.result import Direction
from device.decoding.written import parse_constant, parse_hex

_SENT_WORDS: Final = (
    r"TXD?|SENDING|SEND|SENT|WRITING|WRITTEN|WRITE|WROTE|OUTGOING|OUT|REQUEST|REQ|C-?APDU|APDU(?=:)|TRANSMIT"
    r"|IRP_MJ_WRITE|S Bo:[\d:]+ -?\d+ \d+ =|发→|发送|发出|上送|请求|写"
)
_RECEIVED_WORDS: Final = (
    r"RXD?|RECEIVED|RECEIVING|RECEIVE|RECV|RCVD|RCV|READ|INCOMING|IN(?=[:\]>])|RESPONSE|RESP|R-?APDU|SW(?=:)"
    r"|IRP_MJ_READ|C Bi:[\d:]+ -?\d+ \d+ =|收←|接收|收到|返回|响应|应答|读"
)
_MARK: Final = re.compile(
    r"(?:(?<![-=<>\w])|(?<=^A))(?:(?P<right>-{1,3}>|={1,2}>|>{2,3})(?!>)|(?P<left><-{1,3}|<={1,2}|<{2,3})(?!<))"
    rf"|(?<![A-Za-z_/])(?:(?P<sent>{_SENT_WORDS})|(?P<received>{_RECEIVED_WORDS}))(?![A-Za-z])"
    r"|(?:^\s*|\[)(?P<letter>[WRwr])(?=[\]:>])|(?:^|(?<=[\]\s])|(?<=\bAT))(?P<angle>[<>])(?=\s)",
    re.IGNORECASE,
)
_CLOCK: Final = r"\d{1,2}:\d\d:\d\d(?:[.,:]\d{1,9})?(?:\s?(?:Z|[+-]\d\d:?\d\d))?"
_WEEKDAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s+)?"
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE: Final = (
    r"(?:\d{4}[-/.年])?\d{1,2}[-/.月]\d{1,2}日?(?:[T ]|\s+)|\d{8}[-_ T]"
    rf"|\d{{1,2}} {_MONTH} (?:\d{{4}} )?|{_MONTH}\s+\d{{1,2}} (?:\d{{4}} )?"
)
_TIME: Final = rf"{_WEEKDAY}(?:{_MONTH}\s+\d{{1,2}} {_CLOCK} (?:19|20)\d\d(?=\s|$)|(?:{_DATE})?{_CLOCK})"
_STAMP: Final = re.compile(rf"\s*(?:[\[(]{_TIME}[\])]|{_TIME})(?=[\s,;>|\]-]|:\s|$)[\s:,;|\]]*")
_PREFIX: Final = re.compile(
    r"\s*(?:[\[(][^\])]{0,60}[\])]:?|<(?:[a-z]{3,8}|\d{1,3})>|(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL)\b:?"
    r"|[VDIWEF]/[\w.$-]{1,40}[: ]|[\w./-]{1,80}\[\d{1,10}\]:?|[\w./+-]{1,80}\.\w{1,4}:\d{1,6}:?(?:\w+\(\))?:?"
    r"|(?:/dev/)?tty\w{1,12}[: ]|COM\d{1,3}[: ]|\d{9,10}\.\d{1,9}|\d{14}(?:\.\d+)?(?=\s)|\d{8}(?=\s+\[))[\s:]*"
)
_COUNT: Final = re.compile(
    r"(?:len(?:gth)?|size|长度)\s*[:=]?\s*[\[(]?(?P<a>\d{1,6})[\])]?(?:\s*(?:bytes?|字节))?|[\[(]\s*(?:len[=:]?\s*)?"
    r"(?P<b>\d{1,6})\s*(?:bytes?|字节|B)?\s*[\])]|(?P<c>\d{1,6})\s*(?:bytes?\b|字节)|(?P<d>\d{1,5}):(?=\s)",
    re.IGNORECASE,
)
_ASIDE: Final = re.compile(
    r"[\[(]?(?:HEX|ASCII|DATA|BYTES|数据|报文)(?![A-Za-z0-9.#])[\])]?|T=[01]\s|\(\d+\+\d+\)|\(\d+\s?ms\)|\((?:COM\d+|(?:/dev/)?tty\w+)\)",
    re.IGNORECASE,
)
_SEPARATOR: Final = re.compile(r"[\s\]\):=：，,.|>◇◆】」-]+")
_REMARK: Final = re.compile(r"((?:[0-9A-Fa-f]{2} ){1,64}[0-9A-Fa-f]{2}|[69][0-9A-Fa-f]{3})\s{0,4}(?:[:|;#]|//)\s")
_LABEL: Final = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w .#/()\u4e00-\u9fff-]{0,40}?\s*[:=：]\s*")
_PLAIN_NUMBER: Final = re.compile(r"\d{1,14}")
_TOLD_NUMBER: Final = re.compile(r'"?\d{14,19}[\dF]?"?', re.ASCII)  # of a SIM, subscriber or device: its kind is told
_MOST_TOLD: Final = 120
_LEAST_LABELLED: Final = 4
_FIRST_PAIR: Final = re.compile(r"[0-9A-Fa-f]{2}\s")
_CARETS: Final = re.compile(r"(?:\^M)+\$?(?=\)?$)")
_MOST_STEPS: Final = 6


class Reads(IntFlag):
    """What a kind is made of."""

    BYTES = 1
    TEXT = 2
    BOTH = 3


class Form(StrEnum):
    """What a line holds."""

    NOTHING = "nothing"
    HEAD = "head"  # only which way the following lines go
    HEX = "hex"
    TEXT = "text"


@dataclass(frozen=True, slots=True, repr=False)
class LogLine:
    """What one line holds; ``said`` is how many bytes it says there are, ``is_bare`` that there is nothing else."""

    form: Form
    data: bytes = b""
    direction: Direction = Direction.UNKNOWN
    said: int | None = None
    is_bare: bool = False


_NOTHING: Final = LogLine(Form.NOTHING)


def read_line(line: str, reads: Reads) -> LogLine:
    """Take one line, without its end, apart."""
    if (call := read_call(line)) is not None:
        direction, data, moved = call
        return LogLine(Form.TEXT if reads & Reads.TEXT and _is_printed(data) else Form.HEX, data, direction, moved)
    if (told := read_json(line)) is not None:
        return _from_json(*told, reads)
    line = _tidy(line)
    mark = _MARK.search(line)
    if mark is not None:
        found = _after_mark(line, mark, reads)
        if found.form is not Form.NOTHING:
            return found
    return _without_mark(line, reads)


def _tidy(line: str) -> str:
    """The line without signs that stand for its end or for nothing."""
    if "^M" in line:
        line = _CARETS.sub("", line)
    return line.replace("\t", " ").rstrip(" \r\u25a1")


def _from_json(text: str, ways: str, reads: Reads) -> LogLine:
    """The line inside a line of JSON; a direction that stands in it goes before what other members say."""
    if any(ord(sign) < 0x20 and sign not in "\r\n\t" for sign in text):
        found = LogLine(Form.HEX, text.encode("utf-8", "surrogateescape"))
    else:
        found = read_line(text.strip(), reads)
    mark = _MARK.search(ways)
    direction = found.direction or (Direction.UNKNOWN if mark is None else _direction(mark))
    return LogLine(found.form, found.data, direction, found.said)


def strip_prefix(line: str) -> str:
    """The line without times, levels, threads and places in front."""
    for _ in range(_MOST_STEPS):
        match = _STAMP.match(line) or _PREFIX.match(line)
        if match is None or _is_listed(match[0]):
            break
        line = line[match.end() :]
    return line


def _is_listed(prefix: str) -> bool:
    """Brackets around bytes; one run of digits in brackets is the number of a thread."""
    inner = prefix.strip(" :")
    if inner[:1] == "(" and '"' in inner:  # one entry of a modem's list
        return True
    return inner[:1] in ("[", "(") and (" " in inner or "," in inner) and _digits(inner) is not None


def strip_mark(line: str) -> tuple[Direction, str]:
    """The direction of a mark with which the line begins, and what stands behind it."""
    mark = _MARK.match(line)
    return (Direction.UNKNOWN, line) if mark is None else (_direction(mark), _behind(line, mark).lstrip(" :"))


def has_stamp(line: str) -> bool:
    """Whether a line begins with a time of day."""
    return _STAMP.match(line) is not None


def _after_mark(line: str, mark: re.Match[str], reads: Reads) -> LogLine:
    direction = _direction(mark)
    rest, said = _behind(line, mark), None
    for _ in range(_MOST_STEPS):
        rest = _STAMP.sub("", rest, count=1) if _STAMP.match(rest) else rest.lstrip(" \t")
        if (again := _MARK.match(rest)) is not None:
            direction, rest = _direction(again), _behind(rest, again)
            continue
        if (found := _exact(rest, reads, direction, said)) is not None:
            return found
        step = _ASIDE.match(rest) or _COUNT.match(rest) or _SEPARATOR.match(rest)
        if step is None:
            step = _LABEL.match(rest)
            behind = rest[step.end() :] if step is not None else ""
            found = _exact(behind, reads, direction, said) or _signs(rest, reads, direction, said)
            if found is not None:
                return found
        if step is None:
            break
        if step.re is _COUNT:
            said = int(next(number for number in step.groups() if number is not None))
        rest = rest[step.end() :]
    if reads is Reads.TEXT and _is_told(line, mark):
        told = _behind(line, mark).strip(" :").encode("utf-8", "surrogateescape")
        return LogLine(Form.TEXT, told + b"\r\n", direction)
    is_head = not rest.strip(" .:>]") or said is not None
    return LogLine(Form.HEAD, direction=direction, said=said) if is_head else _NOTHING


def _is_told(line: str, mark: re.Match[str]) -> bool:
    """Behind an arrow or RX stands an answer, whatever it looks like: the name of a maker, a number."""
    is_sure = mark["left"] or mark["angle"] == "<" or (mark["received"] or "").upper().startswith("RX")
    return bool(is_sure) and 0 < len(_behind(line, mark).strip(" :")) <= _MOST_TOLD


def _behind(line: str, mark: re.Match[str]) -> str:
    rest = line[mark.end() :]
    return rest[1:] if rest[:1] in (">", "]") else rest


def _direction(mark: re.Match[str]) -> Direction:
    sent = mark["right"] or mark["sent"] or (mark["letter"] or "").upper() == "W" or mark["angle"] == ">"
    return Direction.SENT if sent else Direction.RECEIVED


def _exact(rest: str, reads: Reads, direction: Direction, said: int | None) -> LogLine | None:
    """Data if all of the rest is: a modem's text, digits, digits with a remark or the same as text, a constant."""
    quoted = read_quoted(rest)
    if quoted is None and reads & Reads.TEXT:
        text = rest[1:-1] if rest[:1] == "(" and rest[-1:] == ")" else rest
        if is_at_text(text) and read_signs(text) is None:
            return LogLine(Form.TEXT, text.encode() + b"\r\n", direction, said)
    data = _digits(rest)
    if data is not None and _fits(data, reads):
        return LogLine(Form.HEX, data, direction, said)
    return None if quoted is None else _said(quoted, reads, direction, said)


def _signs(rest: str, reads: Reads, direction: Direction, said: int | None) -> LogLine | None:
    """Text in which control signs are named."""
    named = read_signs(rest)
    return None if named is None else _said(named, reads, direction, said)


def _said(data: bytes, reads: Reads, direction: Direction, said: int | None) -> LogLine | None:
    """Text of a log as bytes: a modem's line gets the end that the log did not write."""
    if not reads & Reads.TEXT and not any(byte < 0x20 for byte in data):
        return None
    text = data.decode("utf-8", "replace")
    is_open = not any(byte in b"\r\n" for byte in data) and is_at_text(text)
    form = Form.TEXT if is_at_text(text.strip()) else Form.HEX
    return LogLine(form, data + b"\r\n" if is_open else data, direction, said)


def _digits(rest: str) -> bytes | None:
    """Bytes of digits; behind them may stand a remark or the same bytes as text."""
    data = parse_hex(rest)
    if data is not None:
        return data
    if (remark := _REMARK.match(rest)) is not None:
        return bytes.fromhex(remark[1])
    if _FIRST_PAIR.match(rest):
        return read_with_text(rest)
    return parse_constant(rest) if rest[:1] in "[{b" else None


def _is_printed(data: bytes) -> bool:
    return all(0x20 <= byte < 0x7F or byte in b"\r\n\x1a\x1b" for byte in data)


def _fits(data: bytes, reads: Reads) -> bool:
    """Hexadecimal digits in a conversation in text are its text, unless they write text themselves."""
    return bool(reads & Reads.BYTES) or _is_printed(data)


def _without_mark(line: str, reads: Reads) -> LogLine:
    rest = strip_prefix(line)
    is_bare = len(rest) == len(line)
    rest = rest.strip()
    if not rest:
        return _NOTHING
    if reads & Reads.TEXT:
        named = read_signs(rest) if "<" in rest else None
        text = rest if named is None else named.decode("utf-8", "replace")
        if is_at_text(text) or (reads is Reads.TEXT and _TOLD_NUMBER.fullmatch(text)):
            return LogLine(Form.TEXT, rest.encode() + b"\r\n" if named is None else named, is_bare=is_bare)
    data = _digits(rest)
    if data is not None and (is_bare or not _PLAIN_NUMBER.fullmatch(rest)) and _fits(data, reads):
        return LogLine(Form.HEX, data, is_bare=is_bare)
    if (label := _LABEL.match(rest)) is not None:
        labelled = rest[label.end() :]
        labelled = strip_prefix(labelled).lstrip(" :") or labelled
        data = None if _PLAIN_NUMBER.fullmatch(labelled) else parse_hex(labelled)
        if data is not None and len(data) >= _LEAST_LABELLED and _fits(data, reads):
            return LogLine(Form.HEX, data)
    framed = read_framed_signs(line) if reads & Reads.BYTES else None
    if framed is not None:
        return LogLine(Form.HEX, framed)
    return LogLine(Form.NOTHING, rest.encode("utf-8", "surrogateescape"), is_bare=is_bare)
