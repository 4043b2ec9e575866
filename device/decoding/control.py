"""Control-character frames: where they stand and how long they are, never what is in them."""

from __future__ import annotations

from device.decoding.result import Backing, Decoded, Outcome
from device.decoding.tables import Tables
from protocol.control_frame import Deframer, Frame, FrameError, FrameProfile, LengthKind


def decode(data: bytes, _tables: Tables) -> Decoded:
    """Try every way of writing the length; the one that makes most of the bytes into frames is told."""
    best = Decoded(Outcome.NOT_THAT_KIND, {"reason": "no frame STX ... ETX LRC or SI ... SO LRC was found"})
    least = len(data)
    for length in (LengthKind.BCD, LengthKind.BINARY, LengthKind.NONE):
        deframer = Deframer(FrameProfile(length=length))
        items = [*deframer.feed(data), *deframer.expire()]
        frames = [item for item in items if isinstance(item, Frame)]
        faults = [item for item in items if isinstance(item, FrameError)]
        lost = sum(item.length for item in faults)
        if not frames or lost >= least:
            continue
        least = lost
        rows = [{"offset": f.offset, "delimiter": str(f.delimiter), "payload_bytes": len(f.payload)} for f in frames]
        noise = [{"offset": f.offset, "bytes": f.length, "fault": str(f.fault)} for f in faults]
        outcome = Outcome.PARTIAL if faults else Outcome.WHOLE
        best = Decoded(outcome, {"length": str(length), "frames": rows, "faults": noise}, Backing.CHECKED)
    return best
