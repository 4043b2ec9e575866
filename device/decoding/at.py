"""A modem's AT conversation: what was asked, what came back, what came unasked, and how each command ended.

Commands are shown by name without what follows ``=``; of answers only allow-listed values are shown, never a number of
a subscriber, SIM or device, a message or an address. Lines that are not known are told by their length.
"""

from __future__ import annotations

import re
from typing import Final

from device.decoding.at_answers import describe_answer
from device.decoding.at_values import cell_row, shown
from device.decoding.modem_catalogue import ModemTables
from device.decoding.result import Backing, Decoded, Direction, Outcome, Row, hidden
from device.decoding.tables import Tables
from protocol.at_command import (
    NUMBER_NAMES,
    expects_information,
    is_call,
    is_echo,
    is_information,
    name_of,
    without_echo,
)
from protocol.at_fields import parse_name
from protocol.at_result import CALL_RESULTS, FinalResult, ResultKind, parse_final
from protocol.at_status import parse_identity, parse_number
from protocol.at_vendor import parse_ucged

_MOST_LINE: Final = 4096  # a list of operators in UCS2 takes a hundred characters for each
_MOST_KEPT: Final = 4
_IDENTITIES: Final = ("ATI", "AT+CGMI", "AT+CGMM", "AT+CGMR", "AT+GMI", "AT+GMM", "AT+GMR")
_PLAIN_ERROR: Final = re.compile(r"[A-Za-z][A-Za-z ,()/'_-]{1,58}", re.ASCII)
_COMMAND: Final = re.compile(r"AT(?:[+^*$%#&!][A-Z][A-Z0-9]{0,15}|[A-Z&]\d{0,3})?", re.IGNORECASE | re.ASCII)
_DIGITS: Final = re.compile(r"\d{3}", re.ASCII)
_MESSAGES: Final = ("+CMT", "+CMGR", "+CMGL", "+CBM", "+CDS", "+CUSD", "+CMGS")
_NAMED: Final = re.compile(r"[+^*$%#&!][A-Z][A-Z0-9]{1,15}", re.IGNORECASE | re.ASCII)
_NOISE: Final = re.compile(r"^[^\x20-\x7e]+|[^\x20-\x7e]+$")


class AtStream:
    """Lines as they come, in pieces of any size; keeps what was asked and the line that is not finished."""

    def __init__(self, tables: ModemTables) -> None:
        self._tables = tables
        self._asked = ""
        self._answered = False
        self._digits = False
        self._in_message = False  # behind the head of a message: what is not known may be its text
        self._kept: list[str] = []  # lines of an answer in several lines (+UCGED)
        self._open: dict[Direction, tuple[int, bytearray]] = {}
        self._offset = 0

    def feed(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> list[Row]:
        """Take the next bytes and return a row for each line that they completed."""
        rows: list[Row] = []
        start, line = self._open.get(direction, (self._offset, bytearray()))
        for byte in data:
            if byte in b"\r\n":
                rows += self._take(line, start, direction)
                line = bytearray()
            else:
                if not line:
                    start = self._offset
                if len(line) <= _MOST_LINE:
                    line.append(byte)
                if line == b"> " and self._asked and direction is not Direction.SENT:
                    rows.append(self._row(start, "prompt", ">"))
                    line = bytearray()
            self._offset += 1
        self._open[direction] = (start, line)
        return rows

    def close(self) -> list[Row]:
        """The line has ended: what stands in the last lines that were not ended."""
        rows = [row for direction, (start, line) in self._open.items() for row in self._take(line, start, direction)]
        self._open.clear()
        return rows

    def _take(self, raw: bytearray, offset: int, direction: Direction) -> list[Row]:
        text = _NOISE.sub("", raw.decode("utf-8", "replace").strip()).strip()
        if not text:
            return []
        if len(raw) > _MOST_LINE:
            return [self._row(offset, "unknown", hidden(_MOST_LINE, "characters or more"))]
        if direction is not Direction.SENT and self._asked and not self._answered:
            text = without_echo(text, self._asked)
        if direction is not Direction.RECEIVED and _COMMAND.match(text):
            return [self._command(text, offset)]
        if direction is Direction.SENT:
            return [self._row(offset, "unknown", hidden(len(text), "characters"))]
        return [self._received(text, offset)]

    def _received(self, text: str, offset: int) -> Row:
        if self._asked and not self._answered and is_echo(text, self._asked):
            return self._row(offset, "echo", _shown_command(text))
        numeric = self._digits or bool(self._asked and not expects_information(self._asked))
        final = parse_final(text, numeric=numeric)
        if final is not None and not (self._asked and final.kind in CALL_RESULTS and not is_call(self._asked)):
            return self._result(final, offset)
        return self._line(text, offset)

    def _command(self, text: str, offset: int) -> Row:
        if self._asked and not self._answered and text.upper() == self._asked.upper():
            return self._row(offset, "echo", _shown_command(text))
        self._asked, self._answered, self._kept = text, False, []
        return self._row(offset, "command", _shown_command(text))

    def _result(self, final: FinalResult, offset: int) -> Row:
        word = {ResultKind.CME: "+CME ERROR", ResultKind.CMS: "+CMS ERROR"}.get(final.kind)
        fields: Row = {"result": str(final.kind)}
        meaning = self._tables.name("result", final.kind)
        if final.kind in (ResultKind.CME, ResultKind.CMS):
            number = final.code if final.code is not None else self._tables.error(final.kind, final.text)
            if number is not None:
                fields["code"] = int(number)
                meaning = self._tables.name(str(final.kind), number) or meaning
            elif final.text:
                is_plain = _PLAIN_ERROR.fullmatch(final.text)
                fields["text"] = final.text if is_plain else hidden(len(final.text), "characters")
        elif final.kind is ResultKind.CONNECT and final.code is not None:
            fields["speed"] = final.code
        elif final.code is not None:
            fields["code"] = final.code
        row = self._row(offset, "result", word or str(final.kind).replace("_", " ").upper(), meaning, fields)
        if final.ok and re.match(r"AT(V[01]?|Z|&F)$", self._asked, re.IGNORECASE):
            self._digits = bool(re.match(r"ATV0?$", self._asked, re.IGNORECASE))
        self._asked, self._answered, self._kept = "", False, []
        return row

    def _line(self, text: str, offset: int) -> Row:
        name = parse_name(text)
        asked = bool(self._asked) and is_information(text, self._asked, begun=self._answered)
        if asked:
            self._answered = True
        if self._asked and (kept := self._several_lines(text)) is not None:
            return self._row(offset, "answer", name or "+UCGED", None, kept)
        if asked and (told := self._nameless(text)) is not None:
            return self._row(offset, "answer", name_of(self._asked) or _shown_command(self._asked), None, told)
        solicited = True if asked else (False if self._asked else None)
        goes_on = asked and not name and text[0] in "(,"  # a list broken into lines
        name = name_of(self._asked) if goes_on else name
        fields = describe_answer(text, name, solicited, self._tables)
        words = text.upper().rstrip(" 0123456789")  # CARRIER 33600
        unasked_name = next((key for key in (name, text.upper(), words) if key in self._tables.unasked), "")
        unasked = self._tables.unasked.get(unasked_name)
        if fields is not None:
            in_reply = asked and fields.get("form") != "unsolicited"
            fields.pop("form", None)
            if in_reply or unasked is None:
                return self._row(offset, "answer", name, None, fields)
            return self._row(offset, "unasked", name, unasked, fields)
        if unasked is not None and not asked:
            return self._row(offset, "unasked", unasked_name, unasked)
        known = name in self._tables.unasked or (_is_name(name) and (asked or self._is_told_name(text, name)))
        kind = "answer" if asked else "unknown"
        return self._row(offset, kind, name if known else hidden(len(text), "characters"))

    def _is_told_name(self, text: str, name: str) -> bool:
        """A command's name that no table has may be told, unless the line can be the text of a message."""
        return text.startswith(name) and not self._in_message

    def _several_lines(self, text: str) -> Row | None:
        if name_of(self._asked) != "+UCGED" or not is_information(text, self._asked, begun=bool(self._kept)):
            return None
        self._kept = [*self._kept, text][-_MOST_KEPT:]
        return shown(cell_row(parse_ucged(self._kept)))

    def _nameless(self, text: str) -> Row | None:
        """Identity lines, and the kind of a number of subscriber, SIM or device."""
        if self._asked.upper() in _IDENTITIES:
            return shown({"text": parse_identity([text])}) or {"text": hidden(len(text), "characters")}
        name = name_of(self._asked)
        if name not in NUMBER_NAMES:
            return None
        told = parse_number(text, name)
        if told is None:
            value = text.partition(":")[2] if parse_name(text) else text
            return {"number": hidden(len(value.strip(' "')), "characters")}
        return shown({"number": told.kind, "digits": told.length, "check_digit_ok": told.check_digit_ok})

    def _row(
        self, offset: int, kind: str, line: str, meaning: dict[str, str] | None = None, fields: Row | None = None
    ) -> Row:
        asked = _shown_command(self._asked) if self._asked and kind not in ("command", "echo", "unasked") else ""
        if kind != "unknown":
            self._in_message = line in _MESSAGES
        row: Row = {"offset": offset, "kind": kind, "line": line, "asked": asked}
        return row | {"meaning": meaning or "", "fields": fields or {}}


def _is_name(name: str) -> bool:
    """Whether it looks like the name of a command: none has three digits in a row, a number of somebody has."""
    return bool(_NAMED.fullmatch(name)) and not _DIGITS.search(name)


def _shown_command(command: str) -> str:
    """Only the name and what kind of question it is: ``AT+COPS=?``, ``AT+CGDCONT=(hidden, 17 characters)``."""
    match = _COMMAND.match(command)
    if match is None:
        return hidden(len(command), "characters")
    head, rest = match[0].upper(), command[match.end() :]
    if head[2:3] == "D" or (rest and rest[0] not in "=?;") or (not head[2:3].isalpha() and _DIGITS.search(head)):
        head, rest = head[:3], command[3:]
    if rest in ("", "?", "=?") or re.fullmatch(r'="(?:serving|neighbour)cell"', rest):
        return head + rest
    return f"{head}{'=' if rest[0] == '=' else ''}{hidden(len(rest.removeprefix('=')), 'characters')}"


def open_stream(tables: Tables) -> AtStream:
    """A decoder for pieces of a conversation."""
    return AtStream(tables.modem)


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode commands, answers and final results; partial if no command came to its end."""
    stream = open_stream(tables)
    rows = [*stream.feed(data), *stream.close()]
    kinds = {str(row["kind"]) for row in rows}
    is_named = any(_NAMED.fullmatch(str(row["line"])) for row in rows)
    if not is_named and not kinds & {"command", "echo", "result", "answer", "unasked"}:
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": "no AT command, answer or final result was found"})
    return Decoded(Outcome.WHOLE if "result" in kinds else Outcome.PARTIAL, {"lines": rows}, Backing.SHAPE)
