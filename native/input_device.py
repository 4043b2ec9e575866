"""Linux input devices (keypads, touch panels): events as the kernel writes them, and the range of an axis.

Source: Linux ``include/uapi/linux/input.h`` (``struct input_event``, ``EVIOCGABS``), ``input-event-codes.h`` (types and
codes) and ``Documentation/input/event-codes.rst`` (SYN_DROPPED: events were lost, what comes before the next SYN_REPORT
is worth nothing).
"""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_EVENT: Final = struct.Struct("@LLHHi")  # seconds and microseconds are one word each, whatever the time's width
_ABSINFO: Final = struct.Struct("@6i")
_EVIOCGABS: Final = 0x80184540  # _IOR('E', 0x40 + axis, struct input_absinfo)
EVENT_BYTES: Final = _EVENT.size

EV_SYN: Final = 0
EV_KEY: Final = 1
EV_ABS: Final = 3
SYN_REPORT: Final = 0
SYN_DROPPED: Final = 3
ABS_X: Final = 0
ABS_Y: Final = 1
ABS_MT_X: Final = 0x35
ABS_MT_Y: Final = 0x36
ABS_MT_TRACKING_ID: Final = 0x39
BTN_TOUCH: Final = 0x14A


@dataclass(frozen=True, slots=True)
class InputEvent:
    """One event: ``kind`` is its type (:data:`EV_KEY`...), ``code`` the key or axis, ``value`` its state."""

    kind: int
    code: int
    value: int


def parse_events(data: bytes) -> Iterator[InputEvent]:
    """The whole events of ``data``; a rest shorter than one event is left out: the kernel never cuts one."""
    for at in range(0, len(data) - EVENT_BYTES + 1, EVENT_BYTES):
        _, _, kind, code, value = _EVENT.unpack_from(data, at)
        yield InputEvent(kind, code, value)


def axis_range(fd: int, axis: int) -> tuple[int, int] | None:
    """Least and greatest value of an axis; None where the device does not tell it."""
    try:
        answer = fcntl.ioctl(fd, _EVIOCGABS + axis, bytes(_ABSINFO.size))
    except OSError:
        return None
    _, least, most, *_ = _ABSINFO.unpack(answer)
    return (least, most) if most > least else None
