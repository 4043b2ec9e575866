"""The laws of bad input, checked for one decoder and one input: each breach is a LawError with one sentence.

A decoder raises nothing, takes at most 50 ms, gives a result of bounded size that goes into JSON, shows no card number,
tells offset and reason where it stopped, and as a stream gives the same rows whole and in pieces.
"""

from __future__ import annotations

import json
import random
import time
from typing import Final

from device.decoding.kinds import Decode, OpenStream, decoder_of, stream_of
from device.decoding.result import Decoded, Outcome, Row, Stream
from device.decoding.tables import Tables
from tools.fuzz.rules import LawError
from tools.fuzz.seeds import PAN

MOST_MS: Final = 50.0
_USUAL_BYTES: Final = 4096
_MOST_CHARACTERS_A_BYTE: Final = 1500
_MOST_CHARACTERS_BASE: Final = 60_000
_TIMED_TRIES: Final = 3
_BETWEEN: Final = str.maketrans("", "", " \t\n\\\"'x:,;.|_-")
_RUN: Final = 10  # digits; first six and last four of a card number may be shown, together or apart
_RUNS: Final = tuple(PAN[at : at + _RUN] for at in range(len(PAN) - _RUN + 1))
_MIDDLE: Final = PAN[len(PAN) - _RUN : _RUN]  # stands in each of them


def shows_card(text: str) -> bool:
    """Whether ten digits of the planted card in a row are in it, as digits or as their codes, parted or not."""
    squeezed = text.translate(_BETWEEN)
    if _MIDDLE not in squeezed and _MIDDLE.encode().hex() not in squeezed:
        return False
    return any(run in squeezed or run.encode().hex() in squeezed for run in _RUNS)


class Laws:
    """The laws for one kind; its tables are read once."""

    def __init__(self, kind: str, tables: Tables) -> None:
        self._kind = kind
        self._tables = tables
        self._decode: Decode = decoder_of(kind)
        self._open: OpenStream | None = stream_of(kind)

    def check(self, data: bytes) -> Decoded:
        """Decode ``data`` and check every law. Raises LawError, or what the decoder raised."""
        decoded = self._timed(data)
        text = json.dumps(decoded.result, ensure_ascii=False)
        if not isinstance(decoded.outcome, Outcome):
            raise LawError("the outcome is none of the three")
        if len(text) > _MOST_CHARACTERS_BASE + _MOST_CHARACTERS_A_BYTE * len(data):
            raise LawError(f"the result has {len(text)} characters for {len(data)} bytes")
        if shows_card(text):
            raise LawError("the result shows a card number")
        if ("stopped" in decoded.result) != ("offset" in decoded.result):
            raise LawError("of reason and offset only one is told")
        if self._open is not None and len(data) <= _USUAL_BYTES:
            self._check_stream(self._open, data)
        return decoded

    def _timed(self, data: bytes) -> Decoded:
        """CPU time of this process, the best of three, so that the machine's noise is no fault of the decoder."""
        least = float("inf")
        for _ in range(_TIMED_TRIES):
            began = time.process_time_ns()
            decoded = self._decode(data, self._tables)
            least = min(least, (time.process_time_ns() - began) / 1e6)
            if least <= MOST_MS or len(data) > _USUAL_BYTES:
                return decoded
        raise LawError(f"{len(data)} bytes took {least:.0f} ms")

    def _check_stream(self, open_stream: OpenStream, data: bytes) -> None:
        stream = open_stream(self._tables)
        whole = [*stream.feed(data), *stream.close()]
        dice = random.Random(len(data) * 65_537 + sum(data[:64]))  # noqa: S311  the same cuts on replay
        cut: Stream = open_stream(self._tables)
        rows: list[Row] = []
        at = 0
        while at < len(data):
            size = dice.randint(1, 7)
            rows += cut.feed(data[at : at + size])
            at += size
        rows += cut.close()
        if rows != whole:
            raise LawError("the stream gives other rows in pieces than whole")
