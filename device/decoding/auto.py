"""The kind that is not named: every kind is tried, and what bears each reading out decides, never a guess in numbers.

Readings are ranked by what was verified: a check value over all of it, lengths that lead to the last byte, a check
value over a part, and last what only looks like it. Among equals the one that says more stands first, and the others
are told to be as good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from device.decoding.kinds import KINDS, decoder_of
from device.decoding.result import Backing, Decoded, Outcome, Row
from device.decoding.tables import Tables
from protocol.control_frame import Deframer, Frame, FrameProfile, LengthKind

AUTO: Final = "auto"
_RANKS: Final = (  # best first
    (Outcome.WHOLE, Backing.CHECKED),
    (Outcome.WHOLE, Backing.STRUCTURE),
    (Outcome.PARTIAL, Backing.CHECKED),
    (Outcome.WHOLE, Backing.SHAPE),
    (Outcome.PARTIAL, Backing.STRUCTURE),
    (Outcome.PARTIAL, Backing.SHAPE),
)
_WORDS: Final = {
    Backing.CHECKED: {"zh": "其中的校验值（CRC、LRC 或校验字节）正确", "en": "a CRC, LRC or check byte in it holds"},
    Backing.STRUCTURE: {"zh": "内部长度正好到最后一个字节", "en": "the lengths inside lead exactly to the last byte"},
    Backing.SHAPE: {"zh": "只是看起来像", "en": "it only looks like it"},
    Backing.NOTHING: {"zh": "没有依据", "en": "nothing bears it out"},
}
_WIDE: Final = ("iso8583",)  # reads its own envelope, frame included: says more than the frame alone
_CARRIERS: Final = frozenset(("control",))
_INSIDE: Final = ("iso8583", "tlv", "apdu", "atr")
_LEAST_INSIDE: Final = 4


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """What one kind makes of the bytes."""

    kind: str
    decoded: Decoded

    @property
    def rank(self) -> int:
        """The place in the order of what was verified, 0 the best."""
        return _RANKS.index((self.decoded.outcome, _backing(self)))


def decode_auto(data: bytes, tables: Tables) -> tuple[str, Decoded] | None:
    """The best reading with its kind, the others told beside it; None where no kind fits."""
    readings = sorted(_readings(data, tables), key=lambda reading: (reading.rank, -_says(reading)))
    if not readings:
        return None
    best, others = _choose(readings)
    told: Row = {"backed_by": _WORDS[_backing(best)]}
    equals = [reading.kind for reading in others if reading.rank == best.rank and _says(reading) == _says(best)]
    if equals:
        told["as_good"] = equals
    told["runners_up"] = [
        {
            "kind": reading.kind,
            "decoded": reading.decoded.outcome.name.lower(),
            "backed_by": _WORDS[_backing(reading)],
        }
        for reading in others
    ]
    inside = _inside(data, tables) if best.kind in _CARRIERS and best.decoded.outcome is Outcome.WHOLE else []
    if inside:
        told["inside"] = inside
    return best.kind, Decoded(best.decoded.outcome, told | best.decoded.result, best.decoded.backing)


def _readings(data: bytes, tables: Tables) -> list[Reading]:
    found = [Reading(kind, decoder_of(kind)(data, tables)) for kind in KINDS]
    return [
        reading
        for reading in found
        if reading.decoded.outcome is not Outcome.NOT_THAT_KIND and _backing(reading) is not Backing.NOTHING
        if reading.kind != "dol" or _is_list(reading.decoded)
    ]


def _is_list(decoded: Decoded) -> bool:
    """Two bytes are a tag and a length too often: a list has at least two entries, all of them known."""
    entries = decoded.result.get("entries", [])
    return decoded.backing is Backing.STRUCTURE and len(entries) > 1


def _choose(readings: list[Reading]) -> tuple[Reading, list[Reading]]:
    """A message read whole together with the frame around it goes before the frame, whose check value backs both."""
    best = readings[0]
    if best.kind in _CARRIERS:
        wide = (r for r in readings if r.kind in _WIDE and r.decoded.outcome is Outcome.WHOLE)
        best = next(wide, best)
    return best, [reading for reading in readings if reading is not best]


def _backing(reading: Reading) -> Backing:
    """What backs it; data objects that no dictionary knows may be anything whose lengths happen to fit."""
    rows = reading.decoded.result.get("objects")
    known = not isinstance(rows, list) or any("name" in row for row in rows)
    if reading.kind == "tlv" and (not known or "reading" in reading.decoded.result):
        return min(reading.decoded.backing, Backing.SHAPE)
    return reading.decoded.backing


def _says(reading: Reading) -> int:
    """Whether the reading names what it found, as against only where it stands."""
    return 1 if reading.kind in ("atr", "gpo") or _has_names(reading.decoded.result) else 0


def _has_names(value: Any) -> bool:
    if isinstance(value, dict):
        return "name" in value or any(map(_has_names, value.values()))
    return isinstance(value, list) and any(map(_has_names, value))


def _inside(data: bytes, tables: Tables) -> list[Row]:
    """What the payloads of control-character frames are, by kind and what backs it."""
    rows: list[Row] = []
    for length in (LengthKind.BCD, LengthKind.BINARY, LengthKind.NONE):
        frames = [item for item in Deframer(FrameProfile(length=length)).feed(data) if isinstance(item, Frame)]
        for frame in frames:
            payload = bytes(frame.payload)
            frame.wipe()
            found = _payload(payload, tables) if len(payload) >= _LEAST_INSIDE else None
            rows += [{"offset": frame.offset} | found] if found is not None else []
        if frames:
            break
    return rows


def _payload(payload: bytes, tables: Tables) -> Row | None:
    readings = (Reading(kind, decoder_of(kind)(payload, tables)) for kind in _INSIDE)
    whole = [r for r in readings if r.decoded.outcome is Outcome.WHOLE and _backing(r) >= Backing.STRUCTURE]
    return {"kind": whole[0].kind, "backed_by": _WORDS[_backing(whole[0])]} if whole else None
