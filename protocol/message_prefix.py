"""What tells the length of a message on its way: a prefix of two to six bytes, or an STX/ETX frame.

ISO 8583:1987 leaves the transport open. The ways are those that public peers write (channels of jPOS, network headers
of moov-io/iso8583, frame decoders of jreactive-8583) and the STX frame from observed samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import xor
from types import MappingProxyType
from typing import Final, TypeAlias

Frame: TypeAlias = tuple[int, int]  # first and last offset of what a prefix encloses

STX: Final = 0x02
ETX: Final = 0x03


@dataclass(frozen=True, slots=True)
class Prefix:
    """``size`` bytes, the first ``number`` of them the length in ``base`` (256: bytes; else digits of that base).

    ``packed``: the digits stand two a byte. ``itself``: the number counts the prefix too.
    """

    size: int
    number: int
    base: int
    packed: bool = False
    itself: bool = False

    def told(self, data: bytes | bytearray) -> int:
        """The size of the whole that the prefix tells, itself included; -1 where no number stands there."""
        raw = bytes(data[: self.number])
        if self.base == 256:
            count = int.from_bytes(raw, "big")
        else:
            digits = raw.hex() if self.packed else raw.decode("latin-1")
            usable = digits.isascii() and (digits.isdigit() if self.base == 10 else digits.isalnum())
            try:
                count = int(digits, self.base) if usable else -1
            except ValueError:  # a letter after F
                count = -1
        return count if self.itself or count < 0 else count + self.size


PREFIXES: Final[Mapping[str, Prefix]] = MappingProxyType(
    {
        "length2": Prefix(2, 2, 256),
        "bcd2": Prefix(2, 2, 10, packed=True),
        "ascii4": Prefix(4, 4, 10),
        "length4": Prefix(4, 4, 256),
        "hex4": Prefix(4, 4, 16),
        "ascii6": Prefix(6, 6, 10),
        "length2_reserved2": Prefix(4, 2, 256),  # two more bytes after the length: zeros, or what kind of traffic it is
        "length2_itself": Prefix(2, 2, 256, itself=True),
        "ascii4_itself": Prefix(4, 4, 10, itself=True),
    }
)


def true_frames(data: bytes | bytearray) -> dict[str, Frame]:
    """What each prefix that tells the data's true length encloses; always among them: ``none``, all of the data."""
    framed = _stx_frame(data)
    frames = {"stx": framed} if framed is not None else {}
    size = len(data)
    frames |= {name: (one.size, size) for name, one in PREFIXES.items() if size > one.size and one.told(data) == size}
    return frames | {"none": (0, size)}


def lying_frames(data: bytes | bytearray) -> dict[str, Frame]:
    """The same for prefixes that tell another length than is there: of a message that was cut or has grown."""
    size, true = len(data), true_frames(data)
    framed = size > 5 and data[0] == STX and "stx" not in true
    frames = {"stx": (3, size - 2 if data[-2] == ETX else size)} if framed else {}
    lying = {name: one for name, one in PREFIXES.items() if name not in true and size > one.size and not one.itself}
    return frames | {name: (one.size, size) for name, one in lying.items() if one.told(data) >= 0}


def _stx_frame(data: bytes | bytearray) -> Frame | None:
    """STX, mostly a packed length, the message, ETX, and a check byte over all after STX, with or without ETX."""
    size = len(data)
    if size < 5 or data[0] != STX or data[-2] != ETX:
        return None
    if longitudinal(data, 1, size - 1) != data[-1] and longitudinal(data, 1, size - 2) != data[-1]:
        return None
    digits = data[1:3].hex()
    counted = digits.isdigit() and int(digits) == size - 5
    return (3, size - 2) if counted else (1, size - 2)


def longitudinal(data: bytes | bytearray, start: int, stop: int) -> int:
    """The longitudinal redundancy check: exclusive or of the bytes from ``start`` up to ``stop``."""
    return reduce(xor, data[start:stop], 0)
