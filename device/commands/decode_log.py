"""``posmedic decode KIND --file``: a log of any length in constant memory; results are printed as they come.

For people, results stand on standard output and the summary on standard error; with ``--json`` every result is one
line of JSON and the summary is the last one. Exit codes: 0 all decoded, 1 some, 2 nothing, 130 after Ctrl-C, 141 if
the reader of the output has left.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from device.commands.progress import Progress
from device.decoding.log_run import LogRun, reads_of, take_apart
from device.decoding.pieces import MOST_LINE_CHARACTERS, LineCount, LogReader, Piece
from device.decoding.rendering import Renderer, columns_of
from device.decoding.result import Row
from device.decoding.tables import Tables
from device.decoding.text_input import MOST_INPUT_BYTES, InputError, InputForm, is_binary, read_input, read_lines
from device.settings import read_texts

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode
_CHUNK_BYTES: Final = 65_536
_INTERRUPTED: Final = 130


class LogCommand:
    """Decodes one stream of bytes as ``kind`` and prints as it goes."""

    def __init__(self, kind: str, tables: Tables, *, as_json: bool, language: str, out: TextIO, told: TextIO) -> None:
        self._kind = kind
        self._tables = tables
        self._as_json = as_json
        self._words: Mapping[str, Any] = read_texts(language)["decode"]
        self._renderer = Renderer(language, self._words, columns_of(out))
        self._out = out
        self._told = told
        self._is_shared = out.isatty()  # results and bar stand on one screen
        self._run = LogRun(kind, tables)
        self._reader = LogReader(reads_of(kind))
        self._progress = Progress(told, 0)
        self._bytes = 0

    def run(self, source: BinaryIO, form: InputForm | None, first: bytes = b"", size: int = 0) -> int:
        """Decode ``first`` and all of ``source``, of ``size`` bytes if known; returns the exit code."""
        self._progress = Progress(self._told, size)
        chunks = self._chunks(source, first)
        is_interrupted = False
        try:
            self._decode(chunks, form, size)
        except KeyboardInterrupt:
            is_interrupted = True
        finally:
            self._progress.clear()
        if not self._bytes and not is_interrupted:
            raise InputError("The input is empty: there is nothing to decode.")
        self._summarize(is_interrupted=is_interrupted)
        return _INTERRUPTED if is_interrupted else int(self._run.tally.outcome)

    def _decode(self, chunks: Iterator[bytes], form: InputForm | None, size: int) -> None:
        if 0 < size <= MOST_INPUT_BYTES and form is None:
            self._decode_small(b"".join(chunks))
            return
        head = next(chunks, b"")
        if form is None and is_binary(head):
            form = InputForm.RAW
        if form is InputForm.RAW:
            self._decode_raw(head, chunks)
        elif form in (InputForm.HEX, InputForm.BASE64):
            self._take(read_input(b"".join((head, *_at_most(chunks))), reads_of(self._kind), form).pieces[0])
        else:
            self._decode_lines(head, chunks)
        if (rest := self._run.close()) is not None:
            self._print(rest)

    def _decode_small(self, raw: bytes) -> None:
        given = take_apart(self._kind, raw, None, self._tables)
        self._reader.count = given.count
        for piece in given.pieces:
            self._take(piece)
        if (rest := self._run.close()) is not None:
            self._print(rest)

    def _decode_raw(self, head: bytes, chunks: Iterator[bytes]) -> None:
        if self._run.is_stream:
            for chunk in _chain(head, chunks):
                self._take(Piece(chunk))
            return
        self._take(Piece(b"".join((head, *_at_most(chunks)))))

    def _decode_lines(self, head: bytes, chunks: Iterator[bytes]) -> None:
        for line, _ in read_lines(_chain(head, chunks)):
            for piece in self._reader.skip() if line is None else self._reader.feed(line):
                self._take(piece)
        for piece in self._reader.close():
            self._take(piece)

    def _take(self, piece: Piece) -> None:
        if (result := self._run.take(piece)) is not None:
            self._print(result)

    def _chunks(self, source: BinaryIO, first: bytes) -> Iterator[bytes]:
        read = getattr(source, "read1", source.read)  # what is there already, without waiting for more
        chunk = first or read(_CHUNK_BYTES)
        while chunk:
            self._bytes += len(chunk)
            yield chunk
            self._progress.show(self._bytes)
            self._out.flush()
            chunk = read(_CHUNK_BYTES)

    def _print(self, result: Row) -> None:
        if self._is_shared:
            self._progress.clear()
        if self._as_json:
            self._out.write(_ENCODE(result) + "\n")
            return
        place = self._words["line"].format(line=result["log_line"]) if "log_line" in result else ""
        way = self._words[result["direction"]] if "direction" in result else ""
        head = " ".join(filter(None, (place, way)))
        if "rows" in result:
            for row in result["rows"]:
                self._out.write(f"{head}: {self._renderer.row(row)}\n".removeprefix(": "))
            return
        told = {key: value for key, value in result.items() if key not in ("log_line", "direction")}
        self._out.write("\n".join([*([f"{head}:"] if head else []), *self._renderer.lines(told, "  "), ""]))

    def _summarize(self, *, is_interrupted: bool) -> None:
        count: LineCount = self._reader.count
        tally = self._run.tally
        if self._as_json:
            lines = {"lines": count.lines, "lines_without_data": count.without_data, "lines_too_long": count.too_long}
            summary = {"kind": self._kind, "bytes": self._bytes, **lines, **asdict(tally)}
            summary["interrupted"] = is_interrupted
            self._out.write(_ENCODE({"summary": summary}) + "\n")
            self._out.flush()
            return
        self._out.flush()
        form = "summary" if count.lines else "summary_bytes"
        values = {"lines": count.lines, "without_data": count.without_data, "bytes": self._bytes, "kind": self._kind}
        told = [self._words["interrupted"]] if is_interrupted else []
        told.append(self._words[form].format(**values, **asdict(tally)))
        if count.too_long:
            told.append(self._words["too_long"].format(count=count.too_long, most=MOST_LINE_CHARACTERS))
        self._told.write("; ".join(told) + "\n")


def open_file(path: Path) -> tuple[BinaryIO, int]:
    """The file (or standard input for ``-``) and its size, 0 where it has none; raises InputError, one sentence."""
    if str(path) == "-":
        return sys.stdin.buffer, 0
    try:
        source = path.open("rb")
        return source, os.fstat(source.fileno()).st_size
    except OSError as error:
        raise InputError(f"The file cannot be read: {error.strerror}.") from None  # a name may be pasted data


def _at_most(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The rest of input that has to be one message: more than small input is refused."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MOST_INPUT_BYTES:
            raise InputError(f"The input has more than {MOST_INPUT_BYTES} bytes: too many for one message.")
        yield chunk


def _chain(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks
