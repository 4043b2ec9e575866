"""Events as the Linux kernel writes them to /dev/input/eventN, made here from its headers and not by our own reader."""

import struct

SYN = (0, 0, 0)


def raw(*events: tuple[int, int, int]) -> bytes:
    """``struct input_event``: two machine words of time, then type, code and value."""
    return b"".join(struct.pack("@llHHi", 1_764_000_000, 62, kind, code, value) for kind, code, value in events)


def pressed(code: int) -> bytes:
    """A key goes down, repeats, and comes up, each in a report of its own."""
    return raw((4, 4, 0x70028), (1, code, 1), SYN, (1, code, 2), SYN, (1, code, 0), SYN)


def touched(x: int, y: int) -> bytes:
    """A finger comes down at a place and is lifted there: protocol B and the single-touch events beside it."""
    down = ((3, 0x2F, 0), (3, 0x39, 45), (3, 0x35, x), (3, 0x36, y), (1, 0x14A, 1), (3, 0, x), (3, 1, y), SYN)
    return raw(*down, (3, 0x39, -1), (1, 0x14A, 0), SYN)
