"""The kind that is not named: every kind is tried, and what bears each reading out decides, never a guess in numbers.

Readings are ranked by what was verified: a check value over all of it, lengths that lead to the last byte, a check
value over a part, and last what only looks like it. Among equals the one that says more stands first, and the others
are told to be as good. What random bytes pass as too often (a tag and a length, two last bytes like a status word, a
frame in the midst of noise) is no reading, or backs none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from device.decoding.kinds import KINDS, decoder_of
from device.decoding.result import Backing, Decoded, Outcome, Row
from device.decoding.tables import Tables
from protocol.control_frame import Deframer, Frame, FrameProfile, LengthKind
from protocol.status_word import Known

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
_LEAST_NAMED: Final = 2  # data objects that are known, before a message is taken for one that was cut off
_LEAST_ENTRIES: Final = 3
_SHORT_TAG: Final = 2  # digits
_USUAL_CLASSES: Final = frozenset(("00", "04", "0C", "80", "84", "8C"))


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """What one kind makes of the bytes."""

    kind: str
    decoded: Decoded

    @property
    def rank(self) -> int:
        """The place in the order of what was verified, 0 the best."""
        result = self.decoded.result
        if result.get("apdu") == "answer" and "data" in result:  # read whole because nobody looks at what it carries
            return len(_RANKS) - 1
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
        if reading.kind != "dol" or _is_list(reading.decoded, tables)
    ]


def _is_list(decoded: Decoded, tables: Tables) -> bool:
    """A tag and a length turn up by chance: every tag is known and every length one it may have.

    A list of one entry has a long tag and the very length.
    """
    rows = decoded.result.get("entries", [])
    found = [(row, tables.emv.tags.entry(row["tag"])) for row in rows]
    if decoded.backing is not Backing.STRUCTURE:
        return False
    if len(found) == 1:
        row, entry = found[0]
        return entry is not None and len(entry.tag) > _SHORT_TAG and entry.least == row["length"] == entry.most
    return all(entry is not None and 0 < row["length"] <= entry.most for row, entry in found)


def _choose(readings: list[Reading]) -> tuple[Reading, list[Reading]]:
    """A message read whole together with the frame around it goes before the frame, whose check value backs both."""
    best = readings[0]
    if best.kind in _CARRIERS:
        wide = (r for r in readings if r.kind in _WIDE and r.decoded.outcome is Outcome.WHOLE)
        best = next(wide, best)
    return best, [reading for reading in readings if reading is not best]


def _backing(reading: Reading) -> Backing:
    """What backs it; data objects that no dictionary knows may be anything whose lengths happen to fit."""
    decoded, result = reading.decoded, reading.decoded.result
    if reading.kind == "tlv":
        named = sum("name" in row for row in result.get("objects", ()))
        if decoded.outcome is Outcome.PARTIAL and named < _LEAST_NAMED:
            return Backing.NOTHING
        return decoded.backing if named and "reading" not in result else min(decoded.backing, Backing.SHAPE)
    if reading.kind == "apdu" and decoded.backing is Backing.SHAPE and not _is_usual(result):
        return Backing.NOTHING
    lost = sum(row.get("bytes", 0) for row in result.get("faults", ()))
    held = sum(row.get("payload_bytes", 0) for row in result.get("frames", ()))
    return min(decoded.backing, Backing.SHAPE) if lost > held else decoded.backing


def _is_usual(result: Row) -> bool:
    """A status word that is known as it stands, 61xx alone, or the beginning of a command of a usual class."""
    if result.get("known") == Known.RANGE:
        return "data" not in result
    return result.get("known") == Known.EXACT or result.get("cla") in _USUAL_CLASSES


def _says(reading: Reading) -> int:
    """How much the reading names: 0 only where things stand, 1 what they are, 2 all that this kind has to have."""
    result = reading.decoded.result
    if reading.kind == "gpo":
        files = result.get("afl")
        return 2 if files and "aip" in result and not any("oddities" in row for row in files) else 1
    if reading.kind == "dol":
        return 2 if len(result["entries"]) >= _LEAST_ENTRIES else 1
    if reading.kind == "apdu" and result.get("cla") in _USUAL_CLASSES:
        return 2  # a command of that name with just the bytes that it says
    return 1 if reading.kind in ("atr", "at") or _has_names(result) else 0


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
