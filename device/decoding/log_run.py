"""Pieces of a log, one after the other, through the decoder of a kind; kept is only what the kind itself keeps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device.decoding.auto import AUTO, decode_auto
from device.decoding.kinds import decoder_of, session_of, stream_of
from device.decoding.log_line import Reads
from device.decoding.pieces import Piece
from device.decoding.result import Direction, Outcome, Row, Session, Stream
from device.decoding.tables import Tables
from device.decoding.text_input import Given, InputError, InputForm, as_lines, decode_text, read_input

NO_KIND_FITS: Final = "no kind fits"
OUTCOME_WORDS: Final = ("whole", "partial", "no")
_WRITTEN_MESSAGE: Final = re.compile(rb"(?:\d{4}|\d{6})?(?:ISO\d{9})?[012]\d{3}[0-9A-Fa-f]{16}[ -~]*$")
_DIRECTIONS: Final = {Direction.SENT: "sent", Direction.RECEIVED: "received"}


@dataclass(slots=True)
class Tally:
    """How many pieces (of a stream kind: rows) fared how; ``noise`` counts bytes that belong to nothing."""

    pieces: int = 0
    whole: int = 0
    partial: int = 0
    no: int = 0
    faults: int = 0
    noise: int = 0

    @property
    def outcome(self) -> Outcome:
        """Whole if everything was decoded, partial if something was."""
        if self.whole + self.partial == 0:
            return Outcome.NOT_THAT_KIND
        return Outcome.PARTIAL if self.partial or self.no or self.faults else Outcome.WHOLE


def reads_of(kind: str) -> Reads:
    """What pieces a kind is made of."""
    return {"at": Reads.TEXT, AUTO: Reads.BOTH}.get(kind, Reads.BYTES)


def take_apart(kind: str, raw: bytes, form: InputForm | None, tables: Tables) -> Given:
    """Small input in pieces; raises InputError.

    Digits in several lines are one message or a message a line: one, unless more becomes of it line by line. A host
    message that is text itself may be pasted as it is: it is taken for that where it is no hexadecimal, or no whole
    message as such.
    """
    written = _written_message(raw) if kind == "iso8583" and form is None else None
    try:
        given = read_input(raw, reads_of(kind), form)
    except InputError:
        if written is None or _outcome(kind, written, tables) is Outcome.NOT_THAT_KIND:
            raise
        return written
    if written is not None and Outcome.WHOLE is _outcome(kind, written, tables) is not _outcome(kind, given, tables):
        return written
    if form is not None or given.form is not InputForm.HEX or b"\n" not in raw.strip():
        return given
    lines = as_lines(given, reads_of(kind) | Reads.BYTES, decode_text(raw))
    if lines is given or _outcome(kind, given, tables) is Outcome.WHOLE:
        return given
    return lines if _outcome(kind, lines, tables) < Outcome.NOT_THAT_KIND else given


def _written_message(raw: bytes) -> Given | None:
    """One line that begins as an ISO 8583 message of characters does; spaces at its end are the last field's."""
    line = raw.rstrip(b"\r\n")
    return Given(InputForm.RAW, (Piece(line),)) if _WRITTEN_MESSAGE.match(line) and line.isascii() else None


def _outcome(kind: str, given: Given, tables: Tables) -> Outcome:
    run = LogRun(kind, tables)
    for piece in given.pieces:
        run.take(piece)
    run.close()
    return Outcome.WHOLE if run.tally.whole else run.tally.outcome


class LogRun:
    """One kind over many pieces. A stream kind keeps its state from piece to piece, each direction on its own."""

    def __init__(self, kind: str, tables: Tables) -> None:
        self._kind = kind
        self._tables = tables
        self.tally = Tally()
        self._stream = self._open(kind if kind != AUTO else "at")
        self._session = self._open_session()
        self._last_line = 0

    @property
    def is_stream(self) -> bool:
        """Whether the kind keeps state from piece to piece."""
        return self._stream is not None and self._kind != AUTO

    def take(self, piece: Piece) -> Row | None:
        """The result of one piece; None where a stream waits for more."""
        self.tally.pieces += 1
        self._last_line = piece.line
        if self._stream is not None and (self._kind != AUTO or piece.is_text):
            rows = self._stream.feed(piece.data, piece.direction)
            return self._stream_result(piece, rows) if rows or piece.oddity else None
        return self._head(piece) | self._single(piece)

    def close(self) -> Row | None:
        """What the end of the log makes certain."""
        rows = self._stream.close() if self._stream is not None else ()
        return self._stream_result(Piece(b"", line=self._last_line), rows) if rows else None

    def _open(self, kind: str) -> Stream | None:
        opener = stream_of(kind)
        return opener(self._tables) if opener is not None else None

    def _open_session(self) -> Session | None:
        opener = session_of(self._kind) if self._kind != AUTO else None
        return opener(self._tables) if opener is not None else None

    def _single(self, piece: Piece) -> Row:
        data = piece.data
        if self._kind == AUTO:
            found = decode_auto(data, self._tables)
            if found is None:
                self.tally.no += 1
                self.tally.noise += len(data)
                return {"kind": AUTO, "decoded": "no", "reason": NO_KIND_FITS}
            kind, decoded = found
        elif self._session is not None:
            kind, decoded = self._kind, self._session.decode(data, piece.direction)
        else:
            kind, decoded = self._kind, decoder_of(self._kind)(data, self._tables)
        self._count(decoded.outcome)
        if decoded.outcome is Outcome.NOT_THAT_KIND:
            self.tally.noise += len(data)
        return {"kind": kind, "decoded": OUTCOME_WORDS[decoded.outcome], **decoded.result}

    def _count(self, outcome: Outcome) -> None:
        if outcome is Outcome.WHOLE:
            self.tally.whole += 1
        elif outcome is Outcome.PARTIAL:
            self.tally.partial += 1
        else:
            self.tally.no += 1

    def _stream_result(self, piece: Piece, rows: Sequence[Row]) -> Row:
        for row in rows:
            if "fault" in row:
                self.tally.faults += 1
                self.tally.noise += int(row.get("bytes", 0))
            elif "offset" in row:
                self._count(Outcome.NOT_THAT_KIND if row.get("kind") == "unknown" else Outcome.WHOLE)
        return self._head(piece) | {"kind": self._kind if self._kind != AUTO else "at", "rows": list(rows)}

    def _head(self, piece: Piece) -> Row:
        row: Row = {"log_line": piece.line} if piece.line else {}
        if piece.direction is not Direction.UNKNOWN:
            row["direction"] = _DIRECTIONS[piece.direction]
        return row | ({"oddity": piece.oddity} if piece.oddity else {})
