"""From lines of a log to pieces of data, each with its direction and the number of the line where it begins.

A piece is what one entry of the log holds: one line, the rows of one hex dump, or a heading ("RX 128 bytes:") with the
bare lines below it. At most one piece is kept at a time, so a log of any length is read in constant memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from device.decoding.dump_row import DumpRow, has_row, read_dump_row
from device.decoding.log_line import Form, LogLine, Reads, read_line, strip_mark, strip_prefix
from device.decoding.log_text import is_at_text
from device.decoding.result import Direction

MOST_LINE_CHARACTERS: Final = 262_144
_MOST_PIECE_BYTES: Final = 65_536
_MOST_BEFORE: Final = 32
_REPEATED: Final = "*"  # hexdump: rows like the last one were left out


@dataclass(frozen=True, slots=True, repr=False)
class Piece:
    """Data of one entry. ``line`` counts from 1, 0 where there are no lines; ``oddity`` tells what does not agree."""

    data: bytes
    direction: Direction = Direction.UNKNOWN
    line: int = 0
    is_text: bool = False
    oddity: str = ""


@dataclass(slots=True)
class LineCount:
    """What the lines of a log were."""

    lines: int = 0
    without_data: int = 0
    too_long: int = 0


@dataclass(slots=True, repr=False)
class _Open:
    """A piece that may go on in the next line."""

    line: int
    direction: Direction
    data: bytearray
    said: int | None = None
    is_dump: bool = False
    digits: int = 0
    first: int = 0  # the dump's first offset
    last_row: bytes = b""
    repeats: bool = False
    oddity: str = ""

    def add_row(self, row: DumpRow, at: int | None = None) -> None:
        """Append a row; ``at`` is where it stands if rows before it were left out."""
        if at is not None and self.last_row:
            missing = min(self.first + _MOST_PIECE_BYTES, at) - self.first - len(self.data)
            rows = -(-missing // len(self.last_row))
            self.data += (self.last_row * rows)[: max(0, missing)]
        self.repeats = False
        self.data += row.data
        self.last_row = row.data or self.last_row


class LogReader:
    """Takes lines one by one and gives pieces as they are complete."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self.count = LineCount()
        self._open: _Open | None = None
        self._heading: LogLine | None = None
        self._is_marked = False
        self._before: list[Piece] | None = []  # bare lines before anything of a modem: an answer or a banner

    def feed(self, line: str) -> list[Piece]:
        """Take the next line and return the pieces that ended before it or with it."""
        self.count.lines += 1
        row = self._dump_row(line)
        if row is not None:
            return self._take_row(*row)
        found = read_line(line, self._reads)
        if found.form in (Form.NOTHING, Form.HEAD):
            return self._take_rest(line, found)
        self._is_marked = self._is_marked or found.direction is not Direction.UNKNOWN
        if found.form is Form.TEXT:
            pieces = [*self._end_piece(), *self._settle(found.data)]
            self._heading = None
            return [*pieces, Piece(found.data, found.direction, self.count.lines, is_text=True)]
        return self._take_hex(line, found)

    def skip(self) -> list[Piece]:
        """A line was too long to be read."""
        self.count.lines += 1
        self.count.without_data += 1
        self.count.too_long += 1
        self._heading = None
        return self._end_piece()

    def close(self) -> list[Piece]:
        """The log has ended: what is unfinished, and bare lines among which there was nothing of a modem."""
        before, self._before = self._before or [], []
        return [*self._end_piece(), *before]

    def _end_piece(self) -> list[Piece]:
        """The open piece: nothing more belongs to it."""
        done, self._open = self._open, None
        if done is None or not done.data:
            return []
        oddity = done.oddity
        if done.said is not None and done.said != len(done.data):
            oddity = f"{done.said} bytes are announced, {len(done.data)} are there"
        return [Piece(bytes(done.data), done.direction, done.line, oddity=oddity)]

    def _dump_row(self, line: str) -> tuple[DumpRow, Direction] | None:
        """A row that begins a dump or goes on with the open one."""
        if self._open is not None and self._open.is_dump and line.strip() == _REPEATED:
            self._open.repeats = True
            return DumpRow("", b"", is_sure=True), Direction.UNKNOWN
        is_open = self._open is not None and self._open.is_dump
        if not is_open and not has_row(line):
            return None
        direction, row = Direction.UNKNOWN, read_dump_row(line)
        if row is None:
            direction, rest = strip_mark(strip_prefix(line))
            row = read_dump_row(rest) if len(rest) < len(line) else None
        if row is None:
            return None
        if self._open is not None and self._open.is_dump:
            if not row.data and not any(row.stands_at(self._open.first + len(self._open.data) - odd) for odd in (0, 1)):
                return (row, direction) if self._open.repeats else None
            goes_on = row.stands_at(self._open.first + len(self._open.data)) or self._open.repeats
            if goes_on or row.is_sure or len(row.digits) == self._open.digits:
                return row, direction
        begins = row.data and (row.offset == 0 or row.is_sure)
        return (row, direction) if begins else None

    def _take_row(self, row: DumpRow, direction: Direction) -> list[Piece]:
        dump = self._open if self._open is not None and self._open.is_dump else None
        if not row.digits:
            return []
        if dump is not None and row.offset != dump.first:
            expected = dump.first + len(dump.data)
            if row.stands_at(expected) or (dump.repeats and row.offset > expected):
                dump.add_row(row, row.offset if dump.repeats else None)
                return self._end_piece() if len(dump.data) > _MOST_PIECE_BYTES else []
            if not row.data and row.stands_at(expected - 1):  # words of the machine: the last one was half empty
                del dump.data[-1:]
                return []
        gap = "" if dump is None or row.offset == dump.first else "the offsets do not follow on one another"
        if dump is not None and gap:
            dump.oddity = gap
        pieces = self._end_piece()
        heading, self._heading = self._heading, None
        if heading is not None and direction is Direction.UNKNOWN:
            direction = heading.direction
        self._open = _Open(self.count.lines, direction, bytearray(), is_dump=True, digits=len(row.digits))
        self._open.first, self._open.oddity = row.offset, gap
        self._open.said = heading.said if heading is not None else None
        self._open.add_row(row)
        return pieces

    def _take_hex(self, line: str, found: LogLine) -> list[Piece]:
        joined = self._open if self._open is not None and not self._open.is_dump else None
        if joined is not None and found.is_bare and (line[:1] in " \t" or self._heading is not None):
            joined.data += found.data
            return self._end_piece() if len(joined.data) > _MOST_PIECE_BYTES else []
        pieces = self._end_piece()
        direction, said = found.direction, found.said
        if found.is_bare and self._heading is not None:
            direction, said = self._heading.direction, self._heading.said
        else:
            self._heading = None
        self._open = _Open(self.count.lines, direction, bytearray(found.data), said)
        return pieces

    def _take_rest(self, line: str, found: LogLine) -> list[Piece]:
        pieces = self._end_piece()
        self._heading = None
        if found.form is Form.HEAD:
            self._heading, self._is_marked = found, True
        elif self._is_conversation(line, found):
            piece = Piece(found.data + b"\r\n", Direction.UNKNOWN, self.count.lines, is_text=True)
            if self._before is None:
                return [*pieces, piece]
            if len(self._before) < _MOST_BEFORE:
                self._before.append(piece)
                return pieces
        self.count.without_data += 1
        return pieces

    def _settle(self, first: bytes) -> list[Piece]:
        """Lines before a command are the banner of a terminal program, lines before a result belong to the answer."""
        before, self._before = self._before or [], None
        if not first.strip().upper().startswith(b"AT"):
            return before
        self.count.without_data += len(before)
        return []

    def _is_conversation(self, line: str, found: LogLine) -> bool:
        """A bare line in a modem's conversation without marks may be an answer without a name."""
        return self._reads is Reads.TEXT and not self._is_marked and found.is_bare and bool(line.strip())


def looks_like_log_line(line: str, reads: Reads) -> bool:
    """Whether a line has data in it."""
    return read_line(line, reads).form in (Form.HEX, Form.TEXT) or is_at_text(line)
