"""Control-character frames: where they stand and how long they are, never what is in them.

Nobody says how a device writes its length and what its LRC covers, so every way is tried on the beginning of the
stream; the one that makes most of the bytes into frames is told and used for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

from device.decoding.result import Backing, Decoded, Direction, Outcome, Row
from device.decoding.tables import Tables
from protocol.control_frame import Control, Deframer, Frame, FrameError, FrameProfile, Item, LengthKind

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


def decode(data: bytes, _tables: Tables) -> Decoded:
    """Decode whole bytes: the frames and what stands between them."""
    profile = _best_profile(data[:_TRIED])
    if profile is None:
        reason = "no frame STX ... ETX LRC or SI ... SO LRC was found"
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": reason})
    items = _items(profile, data)
    faults = [item for item in items if isinstance(item, FrameError)]
    result: Row = {
        **_dialect(profile),
        "frames": [_row(item) for item in items if not isinstance(item, FrameError)],
        "faults": [_row(item) for item in faults],
    }
    if faults:
        result |= {"stopped": f"{len(faults)} stretches of bytes are no frame", "offset": faults[0].offset}
    return Decoded(Outcome.PARTIAL if faults else Outcome.WHOLE, result, Backing.CHECKED)


def open_stream(_tables: Tables) -> _Stream:
    """A stream of one line."""
    return _Stream()


class _Stream:
    """Holds back the beginning until the way of writing is known, then one unfinished frame at most."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._deframer: Deframer | None = None

    def feed(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> Sequence[Row]:
        """Take the next bytes of the line."""
        del direction
        if self._deframer is not None:
            return [_row(item) for item in self._deframer.feed(data)]
        self._head += data
        return self._begin() if len(self._head) >= _TRIED else []

    def close(self) -> Sequence[Row]:
        """The line has ended."""
        rows = list(self._begin()) if self._deframer is None else []
        return rows + [_row(item) for item in self._deframer.expire()] if self._deframer is not None else rows

    def _begin(self) -> Sequence[Row]:
        head, self._head = bytes(self._head), bytearray()
        profile = _best_profile(head[:_TRIED]) or _PROFILES[0]
        self._deframer = Deframer(profile)
        return [_dialect(profile), *(_row(item) for item in self._deframer.feed(head))]


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


def _items(profile: FrameProfile, data: bytes) -> list[Item]:
    deframer = Deframer(profile)
    return _wiped([*deframer.feed(data), *deframer.expire()])


def _wiped(items: list[Item]) -> list[Item]:
    """The same without payloads: their length is all that is told."""
    for item in items:
        if isinstance(item, Frame):
            item.wipe()
    return items


def _dialect(profile: FrameProfile) -> Row:
    covered = ["start"] if profile.lrc_with_start else []
    covered += ["length"] if profile.lrc_with_length and profile.length is not LengthKind.NONE else []
    covered += ["payload", *(["end"] if profile.lrc_with_end else [])]
    return {"length": str(profile.length), "lrc_covers": " ".join(covered)}


def _row(item: Item) -> Row:
    if isinstance(item, Frame):
        kind = "STX ... ETX" if item.delimiter == "stx" else "SI ... SO"
        return {"offset": item.offset, "frame": kind, "payload_bytes": len(item.payload)}
    if isinstance(item, Control):
        return {"offset": item.offset, "frame": item.code.name, "payload_bytes": 0}
    return {"offset": item.offset, "bytes": item.length, "fault": str(item.fault)}
