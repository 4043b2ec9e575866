"""Control-character frames: where they stand and how long they are, never what is in them.

Nobody says how a device writes its length and what its LRC covers, so every way is tried on the beginning of the
stream; the one that makes most of the bytes into frames is told and used for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

from device.decoding.code_catalogue import CodeTables
from device.decoding.result import Backing, Decoded, Direction, Outcome, Row
from device.decoding.tables import Tables
from protocol.control_frame import (
    Control,
    Deframer,
    Delimiter,
    Frame,
    FrameError,
    FrameFault,
    FrameProfile,
    Item,
    LengthKind,
)

_TRIED: Final = 4096  # bytes on which the ways are tried
_TRIED_STEP: Final = 128
_MOST_FAULTS: Final = 64  # a way with more of them is the wrong one
_MOST_FAULTS_IN_ALL: Final = 4000  # noise made of start characters would take long in every way
_MOST_PAYLOAD: Final = 4096
_USUAL: Final = (False, True, True)  # LRC with start, with length, with end


def _profiles() -> tuple[FrameProfile, ...]:
    """Every way, the usual LRC first; without a length there is none that the LRC could cover."""
    ways = sorted(
        product((False, True), repeat=3), key=lambda way: sum(a != b for a, b in zip(way, _USUAL, strict=True))
    )
    return tuple(
        FrameProfile(length, start, with_length, end, _MOST_PAYLOAD)
        for start, with_length, end in ways
        for length in (LengthKind.BCD, LengthKind.BINARY, LengthKind.NONE)
        if with_length or length is not LengthKind.NONE
    )


_PROFILES: Final = _profiles()
_BY_LENGTH: Final = _PROFILES[:3]  # with the usual LRC, the strictest first


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode whole bytes: the frames and what stands between them."""
    profile = _best_profile(data[:_TRIED])
    if profile is None:
        return _without_frames(data, tables.control)
    rows = _Rows(profile, tables.control)
    told = [*rows.feed(data), *rows.close()]
    frames = [row for row in told if "fault" not in row]
    faults = [row for row in told if "fault" in row]
    result: Row = {**rows.dialect(), "frames": frames, "faults": faults}
    if faults:
        count = len(faults)
        stopped = {"zh": f"{count} 段字节不是帧", "en": f"{count} stretches of bytes are no frame"}
        result |= {"stopped": stopped, "offset": faults[0]["offset"]}
    return Decoded(Outcome.PARTIAL if faults else Outcome.WHOLE, result, Backing.CHECKED)


def _without_frames(data: bytes, codes: CodeTables) -> Decoded:
    """No way finds a frame: control characters alone, frames whose LRC is wrong or that are cut, or something else."""
    spoilt, profile = 0, _BY_LENGTH[-1]
    for way in _BY_LENGTH:
        found_so = _spoilt_bytes(way, data[:_TRIED])
        spoilt, profile = (found_so, way) if found_so > spoilt else (spoilt, profile)
    rows = _Rows(profile, codes)
    told = [*rows.feed(data), *rows.close()]
    found: Row = {
        "frames": [row for row in told if "fault" not in row],
        "faults": [row for row in told if "fault" in row],
    }
    if found["frames"] and not found["faults"]:
        return Decoded(Outcome.WHOLE, found, Backing.SHAPE)
    if spoilt or data[:1] in (b"\x02", b"\x0f"):
        return Decoded(Outcome.PARTIAL, {"reason": "no frame in it is whole"} | found)
    return Decoded(Outcome.NOT_THAT_KIND, {"reason": "no frame STX ... ETX LRC or SI ... SO LRC was found"})


def _spoilt_bytes(profile: FrameProfile, data: bytes) -> int:
    """Bytes of frames whose start, length and end fit each other, though their LRC does not."""
    deframer = Deframer(profile)
    items = [*deframer.feed(data), *deframer.expire()]
    return sum(item.length for item in items if isinstance(item, FrameError) and item.fault is FrameFault.BAD_LRC)


def open_stream(tables: Tables) -> _Stream:
    """A stream of one line."""
    return _Stream(tables.control)


class _Stream:
    """Holds back the beginning until the way of writing is known, then one unfinished frame at most."""

    def __init__(self, codes: CodeTables) -> None:
        self._codes = codes
        self._head = bytearray()
        self._rows: _Rows | None = None

    def feed(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> Sequence[Row]:
        """Take the next bytes of the line."""
        del direction
        if self._rows is not None:
            return self._rows.feed(data)
        self._head += data
        return self._begin() if len(self._head) >= _TRIED else []

    def close(self) -> Sequence[Row]:
        """The line has ended."""
        rows = list(self._begin()) if self._rows is None else []
        return rows + self._rows.close() if self._rows is not None else rows

    def _begin(self) -> Sequence[Row]:
        head, self._head = bytes(self._head), bytearray()
        profile = _best_profile(head[:_TRIED]) or _PROFILES[0]
        self._rows = _Rows(profile, self._codes)
        told = self._rows.feed(head)
        return [self._rows.dialect(), *told]


class _Rows:
    """Rows of one dialect; payloads are wiped as soon as their row is made."""

    def __init__(self, profile: FrameProfile, codes: CodeTables) -> None:
        self._profile = profile
        self._codes = codes
        self._deframer = Deframer(profile)
        self._has_stx = False

    def feed(self, data: bytes) -> list[Row]:
        """The rows that became certain."""
        return [self._row(item) for item in self._deframer.feed(data)]

    def close(self) -> list[Row]:
        """The rows of what is left: a frame that is cut together with its bytes, as far as they mean nothing else."""
        rows: list[Row] = []
        for row in map(self._row, self._deframer.expire()):
            before = rows[-1] if rows else {}
            if row.get("fault") == "noise" and before.get("fault") == "cut" and _end_of(before) == row["offset"]:
                before["bytes"] += row["bytes"]
            else:
                rows.append(row)
        return rows

    def dialect(self) -> Row:
        """How frames are written; only those between STX and ETX show whether there is a length."""
        profile = self._profile
        length = profile.length if self._has_stx else LengthKind.NONE
        covered = ["start"] if profile.lrc_with_start else []
        covered += ["length"] if profile.lrc_with_length and length is not LengthKind.NONE else []
        covered += ["payload", *(["end"] if profile.lrc_with_end else [])]
        return {"length": str(length), "lrc_covers": " ".join(covered)}

    def _row(self, item: Item) -> Row:
        if isinstance(item, Frame):
            return self._frame(item)
        if isinstance(item, Control):
            return {"offset": item.offset, "frame": item.code.name, "payload_bytes": 0}
        return {"offset": item.offset, "bytes": item.length, "fault": str(item.fault)}

    def _frame(self, item: Frame) -> Row:
        between_stx = item.delimiter is Delimiter.STX
        self._has_stx = self._has_stx or between_stx
        kind = "STX ... ETX" if between_stx else "SI ... SO"
        row: Row = {"offset": item.offset, "frame": kind, "payload_bytes": len(item.payload)}
        packet = _packet(item, self._codes)
        item.wipe()
        return row | ({"as_pinpad_packet": packet} if packet else {})


def _end_of(row: Row) -> int:
    return int(row["offset"] + row["bytes"])


def _packet(item: Frame, codes: CodeTables) -> dict[str, str] | None:
    """What the message is if a pinpad sent it.

    Two digits between STX and ETX may begin a card number, so they count only alone or before a full stop.
    """
    table = "stx" if item.delimiter is Delimiter.STX else "si"
    for size in (3, 2):
        word = bytes(item.payload[:size]).decode("latin-1")
        if len(word) != size or word not in codes.texts[table]:
            continue
        rest = bytes(item.payload[size : size + 1])
        if table == "si" or not word.isdecimal() or rest in (b"", b"."):
            return {language: f"{word} {text}" for language, text in codes.text(table, word).items()}
    return None


def _best_profile(data: bytes) -> FrameProfile | None:
    """The way that loses the fewest bytes; None where none finds a frame."""
    best: tuple[int, FrameProfile] | None = None
    faults_in_all = 0
    for profile in _PROFILES:
        has_frames, lost, faults = _try(profile, data)
        faults_in_all += faults
        if has_frames and (best is None or lost < best[0]):
            best = (lost, profile)
        if (has_frames and lost == 0) or faults_in_all > _MOST_FAULTS_IN_ALL:
            break
    return best[1] if best else None


def _try(profile: FrameProfile, data: bytes) -> tuple[bool, int, int]:
    """Whether this way finds a frame, how many bytes it loses (or does not come to), and in how many faults."""
    deframer = Deframer(profile)
    has_frames, lost, faults = False, 0, 0
    for begin in range(0, len(data), _TRIED_STEP):
        is_last = begin + _TRIED_STEP >= len(data)
        items = deframer.feed(data[begin : begin + _TRIED_STEP])
        for item in _wiped([*items, *(deframer.expire() if is_last else ())]):
            has_frames = has_frames or isinstance(item, Frame)
            if isinstance(item, FrameError):
                faults += 1
                lost += item.length
        if faults > _MOST_FAULTS:
            deframer.wipe()
            return has_frames, lost + max(0, len(data) - begin - _TRIED_STEP), faults
    return has_frames, lost, faults


def _wiped(items: list[Item]) -> list[Item]:
    """The same without payloads."""
    for item in items:
        if isinstance(item, Frame):
            item.wipe()
    return items
