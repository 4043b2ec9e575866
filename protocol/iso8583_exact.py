"""The slow walk through an ISO 8583 message: field by field, so that the place of a failure can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from protocol.iso8583_plan import Plan, Step
from protocol.iso8583_values import BadValueError, Data, Value

Extents: TypeAlias = dict[int, tuple[int, int]]  # field -> offset and bytes on the wire, its length included


@dataclass(frozen=True, slots=True)
class Failure:
    """Where decoding stopped: ``field`` is ``MTI``, ``bitmap`` or ``DE39``; ``offset`` counts from the data's start."""

    field: str
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"{self.field} at byte {self.offset}: {self.reason}"


def walk_exactly(
    data: Data, pos: int, plan: Plan, fields: dict[int, Value], extents: Extents
) -> tuple[int, Failure | None]:
    """Walk the plan's fields from ``pos``, filling ``fields`` and ``extents``; the offset reached and what failed."""
    for step in plan.exact:
        number, read = step.number, step.read
        begin, after, count, why = _extent(data, pos, step)
        if why:
            return pos, Failure(f"DE{number}", pos, why)
        if read is not None:
            try:
                fields[number] = read(data, begin, after, count)
            except BadValueError as error:
                return pos, Failure(f"DE{number}", begin, str(error))
        extents[number] = (pos, after - pos)
        pos = after
    if plan.unknown is not None:
        return pos, Failure(f"DE{plan.unknown}", pos, "announced by the bitmap, not in the profile")
    return pos, None


def _extent(data: Data, pos: int, step: Step) -> tuple[int, int, int, str]:
    """First and last offset of the value, its count, and why it cannot stand there ("" if it can)."""
    _, size, most, scale, count_at, _read = step
    left = len(data) - pos
    why = f"{size} bytes are due, {left} are there" if left < size else ""
    if why or count_at is None:
        return pos, pos + size, most, why
    count = count_at(data, pos)
    begin = pos + size
    need = count if not scale else (count + 1) >> 1 if scale > 0 else count << 1
    if count < 0:
        why = "the length is not a number"
    elif count > most:
        why = f"the length says {count}, the profile allows {most}"
    elif begin + need > len(data):
        why = f"the length says {need} bytes, {len(data) - begin} are there"
    return begin, begin + need, count, why
