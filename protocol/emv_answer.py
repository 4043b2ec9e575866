"""Answers in format 1, tag 80: data elements without tags, which only the command tells apart.

EMV 4.4 Book 3, 6.5.5.4 (GENERATE AC), 6.5.8.4 (GET PROCESSING OPTIONS), 6.5.9.4 (INTERNAL AUTHENTICATE).
"""

from __future__ import annotations

from typing import Final

from protocol.ber_tlv import Tlv

_REST: Final = 0
_LAYOUTS: Final = {
    0xA8: (("82", 2), ("94", _REST)),
    0xAE: (("9F27", 1), ("9F36", 2), ("9F26", 8), ("9F10", _REST)),
    0x88: (("9F4B", _REST),),
}


def part_format_1(instruction: int, value: bytes, offset: int = 0) -> tuple[Tlv, ...]:
    """The elements of the value of tag 80 as objects; ``offset`` is where the value begins.

    Empty where the command (INS) has no such answer, or the value is too short for it.
    """
    layout = _LAYOUTS.get(instruction, ())
    elements: list[Tlv] = []
    at = 0
    for tag, size in layout:
        end = at + size if size else len(value)
        if end > len(value):
            return ()
        if end > at:
            elements.append(Tlv(tag, value[at:end], offset + at))
        at = end
    return tuple(elements)
