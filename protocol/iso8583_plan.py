"""Walking plans for ISO 8583 messages: what stands where, worked out once per bitmap.

A plan has one step a field for telling where a failure is, and a quick form in which a run of fixed fields that nobody
asked for is one step. Bitmaps come from the wire, so the number of plans kept is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from protocol.iso8583_spec import Encoding, FieldSpec, MessageProfile
from protocol.iso8583_values import Count, Read, counter, read_raw, reader

_MOST_PLANS: Final = 64
_WORKING_KEYS: Final = 62


class Step(NamedTuple):
    """Fixed: ``counted`` is None, ``size`` bytes. Variable: ``size`` length bytes, then what ``counted`` says.

    ``scale``: the count is of half bytes (1), of bytes (0), or of bytes written as two characters each (-1).
    ``read`` is None where nobody asked for the field.
    """

    number: int
    size: int
    most: int
    scale: int
    counted: Count | None
    read: Read | None


Steps: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to walk the messages that carry one bitmap; ``present`` are the fields it announces."""

    mti: str
    digit: str  # of the version whose fields apply
    head: int  # bytes of MTI and bitmaps
    present: tuple[int, ...]
    quick: Steps
    exact: Steps  # one step a field: tells the failing field
    unknown: int | None  # the first announced field that the profile lacks
    third: bool  # the third bitmap comes as field 65


def fields_of(bitmap: bytes, base: int) -> tuple[int, ...]:
    """Field numbers of the set bits, the bits that announce another bitmap left out (bit 1; 65 in an extension).

    ``base`` is 128 for a third bitmap that stands by itself: nothing follows it, so that its first bit is field 129.
    """
    bits = int.from_bytes(bitmap, "big")
    width = len(bitmap) * 8
    announcing = () if base else (1, 65) if width == 192 else (1,)
    return tuple(
        base + number for number in range(1, width + 1) if bits >> (width - number) & 1 and number not in announcing
    )


def dropped_fields(mti: str) -> tuple[int, ...]:
    """Fields that are never read, whoever asks: DE62 of a sign-on response holds the working keys.

    From observed samples of terminal messages (0810); the class and function digits count, not the version.
    """
    return (_WORKING_KEYS,) if mti[1:3] == "81" else ()


def remember(profile: MessageProfile, key: object, plan: Plan) -> None:
    """Keep the plan; bitmaps come from the wire, so the cache is emptied before it can grow."""
    if len(profile.plans) >= _MOST_PLANS:
        profile.plans.clear()
    profile.plans[key] = plan


def make_plan(
    profile: MessageProfile, head: tuple[str, str, int], present: tuple[int, ...], only: frozenset[int] | None
) -> Plan:
    """Compile the steps for the fields ``present``; without ``only`` every field is wanted.

    ``head`` is the MTI, the digit of the version whose fields apply, and the bytes of MTI and bitmaps.
    """
    rows = profile.fields[head[1]]
    exact: list[Step] = []
    unknown = None
    for number in present:
        if number == 65:
            size = 8 if profile.bitmap is Encoding.BINARY else 16
            exact.append(Step(65, size, size, scale=0, counted=None, read=read_raw))
            continue
        spec = rows.get(number)
        if spec is None:
            unknown = number
            break
        wanted = (only is None or number in only) and number not in dropped_fields(head[0])
        exact.append(_step(spec, wanted=wanted))
    quick: list[Step] = []
    for step in exact:
        last = quick[-1] if quick else None
        if last and last.counted is None and last.read is None and step.counted is None and step.read is None:
            quick[-1] = Step(last.number, last.size + step.size, 0, scale=0, counted=None, read=None)
        else:
            quick.append(step)
    return Plan(*head, present, tuple(quick), tuple(exact), unknown, 65 in present)


def _step(spec: FieldSpec, *, wanted: bool) -> Step:
    read = reader(spec) if wanted else None
    if not spec.length_bytes:
        return Step(spec.number, spec.size(spec.most), spec.most, scale=0, counted=None, read=read)
    scale = 1 if spec.halved else -1 if spec.doubled else 0
    return Step(spec.number, spec.length_bytes, spec.most, scale, counter(spec.length, spec.length_bytes), read)
