"""Looks for card data in everything that a run left behind, in every form it may have crossed the product in."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.simulate.wallet import Card

WINDOW: Final = 8  # so many digits of a number in a row are no coincidence, and more than a BIN may be kept of it
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_LEAST_BASE64: Final = 8  # signs; a shorter piece is in any file


@dataclass(frozen=True)
class Leak:
    path: Path
    what: str  # never the data itself: a failing test is printed


def find_card_data(folder: Path, cards: Iterable[Card]) -> list[Leak]:
    """All leaks in all files below ``folder``: names, contents, and what a database has freed but not wiped."""
    known = list(cards)
    leaks = []
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        name = str(path.relative_to(folder)).encode()
        leaks += [Leak(path, what) for what in forms_in(name + b"\n" + content + png_texts(content), known)]
    return leaks


def forms_in(content: bytes, cards: Iterable[Card]) -> list[str]:
    """What of the cards stands in these bytes, and in which form."""
    lowered = content.lower()
    return [what for card in cards for what, form in forms_of(card) if form in content or form.lower() in lowered]


def forms_of(card: Card) -> Iterator[tuple[str, bytes]]:
    """Each secret of the card as text, UTF-16, hex of text, packed digits, raw bytes, and all of it in base64."""
    yield from _base64_forms(card)
    texts = texts_of(card)
    texts |= {
        f"PAN digits from {start}": card.pan[start : start + WINDOW] for start in range(len(card.pan) - WINDOW + 1)
    }
    for what, text in texts.items():
        yield f"{what} as text", text.encode()
        yield f"{what} as UTF-16", text.encode("utf-16-le")
        yield f"{what} as hex of text", text.encode().hex().encode()
    for shift in (0, 1):  # packed digits begin on either nibble
        yield f"PAN packed, shift {shift}", _packed(card, shift)
    for what, secret in (("PIN block", card.pin_block), ("cryptogram", card.cryptogram)):
        yield f"{what} raw", secret
        yield f"{what} as hex", secret.hex().encode()


def texts_of(card: Card) -> dict[str, str]:
    """Everything secret besides the number: it ends the tracks, expiry and verification value with it."""
    return {
        "track 1": card.track1[2 + len(card.pan) :],
        "track 2": card.track2[len(card.pan) :],
        "track 2, other separator": card.track2.replace("D", "=")[len(card.pan) :],
        "discretionary data": card.discretionary,
        "cardholder": card.cardholder,
    }


def png_texts(content: bytes) -> bytes:
    """All chunks of a PNG but its pixels, unpacked where they are packed; empty for another file."""
    if not content.startswith(_PNG):
        return b""
    found, place = [], len(_PNG)
    while place + 8 <= len(content):
        size, kind = int.from_bytes(content[place : place + 4], "big"), content[place + 4 : place + 8]
        body = content[place + 8 : place + 8 + size]
        if kind in (b"zTXt", b"iTXt"):
            for start in [number + 1 for number, byte in enumerate(body) if byte == 0]:
                found.append(_unpacked(body[start:]))
        place += 12 + size
    return b"\n".join(found)


def _unpacked(body: bytes) -> bytes:
    for start in (0, 1):  # a byte that names the method may come first
        try:
            return zlib.decompressobj().decompress(body[start:])
        except zlib.error:
            continue
    return b""


def _packed(card: Card, shift: int) -> bytes:
    return bytes.fromhex((card.pan + "D" + card.expiry)[shift : shift + 14])


def _base64_forms(card: Card) -> Iterator[tuple[str, bytes]]:
    """Base64 at each of its three alignments, without the signs at the ends that their neighbours change."""
    secrets = {"PAN": card.pan.encode(), "PIN block": card.pin_block, "cryptogram": card.cryptogram}
    secrets |= {f"PAN packed, shift {shift}": _packed(card, shift) for shift in (0, 1)}
    secrets |= {what: text.encode() for what, text in texts_of(card).items()}
    for what, secret in secrets.items():
        for before in range(3):
            whole = base64.b64encode(bytes(before) + secret).rstrip(b"=")
            form = whole[(0, 2, 3)[before] : len(whole) - ((before + len(secret)) % 3 > 0)]
            if len(form) >= _LEAST_BASE64:
                yield f"{what} in base64", form
