"""What frames on a line come to: whole, in part, or another kind; the same for every binary reader protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from device.decoding.result import Backing, Decoded, Outcome, Row

_SPOILT: Final = frozenset(("bad_crc", "bad_lrc", "bad_checksum", "bad_stuffing", "cut"))


def frames_of(
    rows: Sequence[Row], kind: str, has_begun: Callable[[int], bool], marks: Backing = Backing.SHAPE
) -> Decoded:
    """Sort rows into frames and faults, and judge.

    A row with ``bytes`` or ``length`` is a frame whose check value holds. ``has_begun`` tells whether an unmistakable
    beginning of a frame stands at an offset: a lone frame that is spoilt or cut is of this kind all the same. ``marks``
    is what marks between frames back where there is nothing else.
    """
    frames = [row for row in rows if "fault" not in row]
    faults = [row for row in rows if "fault" in row]
    found: Row = {"frames": frames, "faults": faults}
    if any("bytes" in row or "length" in row for row in frames):
        partial = faults or any("stopped" in row for row in frames)
        return Decoded(Outcome.PARTIAL if partial else Outcome.WHOLE, found, Backing.CHECKED)
    if any(row["fault"] in _SPOILT and has_begun(row["offset"]) for row in faults):
        return Decoded(Outcome.PARTIAL, {"reason": f"no {kind} frame in it is whole"} | found, Backing.SHAPE)
    if frames and not faults:
        return Decoded(Outcome.WHOLE, found, marks)
    reason = f"no whole {kind} frame was found"
    return Decoded(Outcome.NOT_THAT_KIND, {"reason": reason, "faults": faults})
