"""Builds BER-TLV (EMV 4.4 Book 3, annex B), nested too: the other way of :mod:`protocol.ber_tlv`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias, Union

from protocol.ber_tlv import MOST_TAG_BYTES, Reading

Value: TypeAlias = Union[bytes, "Iterable[tuple[str, Value]]"]
_MOST_ONE_BYTE: Final = 0xFF


class TlvBuildError(ValueError):
    """A tag or value that cannot be written; the text shows the tag, never the value."""


def build_tlvs(objects: Iterable[tuple[str, Value]], reading: Reading = Reading.BER) -> bytes:
    """The objects one after the other, each as :func:`build_tlv` writes it."""
    return b"".join(build_tlv(tag, value, reading) for tag, value in objects)


def build_tlv(tag: str, value: Value, reading: Reading = Reading.BER) -> bytes:
    """One object. ``tag`` is hex; ``value`` is its bytes or, in a constructed tag, pairs of tag and value.

    ``reading`` is how it is meant to be read: BER has the shortest definite length, PRIVATE writes ``FFxx`` with one
    byte of length, SIMPLE every length in one byte. Raises :class:`TlvBuildError`.
    """
    head = _head(tag, reading)
    if not isinstance(value, bytes | bytearray):
        if not head[0] & 0x20:
            raise TlvBuildError(f"tag {tag} is primitive and holds no objects")
        value = build_tlvs(value, reading)
    return head + _length(tag, len(value), one_byte=reading is Reading.SIMPLE or _is_private(head, reading)) + value


def _is_private(head: bytes, reading: Reading) -> bool:
    return reading is Reading.PRIVATE and head[0] == 0xFF


def _head(tag: str, reading: Reading) -> bytes:
    try:
        head = bytes.fromhex(tag)
    except ValueError as error:
        raise TlvBuildError(f"tag {tag!r} is not hexadecimal") from error
    if not head or head[0] == 0:
        raise TlvBuildError(f"tag {tag!r} is empty or padding")
    if _is_private(head, reading):
        size = 2
    elif head[0] & 0x1F != 0x1F:
        size = 1
    else:
        size = next((n for n, byte in enumerate(head[1:], 2) if byte < 0x80), len(head) + 1)
    if size != len(head) or size > MOST_TAG_BYTES:
        raise TlvBuildError(f"tag {tag} has {len(head)} bytes, which its bits do not say or which are too many")
    return head


def _length(tag: str, size: int, *, one_byte: bool) -> bytes:
    if one_byte:
        if size > _MOST_ONE_BYTE:
            raise TlvBuildError(f"tag {tag} has {size} bytes, its length of one byte says at most {_MOST_ONE_BYTE}")
        return bytes((size,))
    if size < 0x80:
        return bytes((size,))
    width = (size.bit_length() + 7) // 8
    return bytes((0x80 | width,)) + size.to_bytes(width, "big")
