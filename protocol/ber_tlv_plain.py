"""A quick pass over BER-TLV: is it the plain kind that needs no careful reading?"""

from __future__ import annotations

from typing import Final

# First byte of a tag -> what begins there.
_NOT_PLAIN, _PRIMITIVE, _PRIMITIVE_TWO, _CONSTRUCTED, _CONSTRUCTED_TWO = range(5)
_KINDS: Final = bytes(
    _NOT_PLAIN if first in (0x00, 0xFF) else 1 + (first & 0x1F == 0x1F) + 2 * bool(first & 0x20) for first in range(256)
)


def is_plain(data: bytes, at: int, end: int, levels: int) -> bool:
    """Does ``data[at:end]`` hold whole objects with tags of one or two bytes and lengths up to 255, and no padding?

    Constructed objects are looked into and nest at most ``levels`` deep. False says nothing but that this was not
    plain. One tight loop, because every sale's chip data passes here.
    """
    kinds = _KINDS
    try:
        while at < end:
            kind = kinds[data[at]]
            if kind == _PRIMITIVE:
                body = at + 2
            elif kind == _PRIMITIVE_TWO and data[at + 1] < 0x80:
                body = at + 3
            elif kind >= _CONSTRUCTED and levels and (kind == _CONSTRUCTED or data[at + 1] < 0x80):
                body = at + kind - 1
            else:
                return False
            size = data[body - 1]
            if size >= 0x80:
                if size != 0x81:
                    return False
                size = data[body]
                body += 1
            at = body + size
            if kind >= _CONSTRUCTED and (at > end or not is_plain(data, body, at, levels - 1)):
                return False
    except IndexError:  # the head of an object is cut off
        return False
    return at == end
