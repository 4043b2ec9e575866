"""Looks for card data in everything that a run left behind, in every form it may have crossed the product in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.simulate.wallet import Card

WINDOW: Final = 8  # so many digits of a number in a row are no coincidence, and more than a BIN may be kept of it


@dataclass(frozen=True)
class Leak:
    path: Path
    what: str  # never the data itself: a failing test is printed


def find_card_data(folder: Path, cards: Iterable[Card]) -> list[Leak]:
    """All leaks in all files below ``folder``: names, contents, and what a database has freed but not wiped."""
    forms = {form: what for card in cards for what, form in forms_of(card)}
    leaks = []
    for path in sorted(folder.rglob("*")):
        content = str(path.relative_to(folder)).encode() + b"\n" + (path.read_bytes() if path.is_file() else b"")
        lowered = content.lower()
        leaks += [Leak(path, what) for form, what in forms.items() if form in content or form.lower() in lowered]
    return leaks


def forms_of(card: Card) -> Iterator[tuple[str, bytes]]:
    """Each secret of the card as text, UTF-16, hex of text, packed digits and raw bytes."""
    texts = {
        "track 1": card.track1[2 + len(card.pan) :],
        "track 2": card.track2[len(card.pan) :],
        "discretionary data": card.discretionary,
        "cardholder": card.cardholder,
    }
    texts |= {
        f"PAN digits from {start}": card.pan[start : start + WINDOW] for start in range(len(card.pan) - WINDOW + 1)
    }
    for what, text in texts.items():
        yield f"{what} as text", text.encode()
        yield f"{what} as UTF-16", text.encode("utf-16-le")
        yield f"{what} as hex of text", text.encode().hex().encode()
    for shift in (0, 1):  # packed digits begin on either nibble
        packed = (card.pan + "D" + card.expiry)[shift : shift + 14]
        yield f"PAN packed, shift {shift}", bytes.fromhex(packed)
    for what, secret in (("PIN block", card.pin_block), ("cryptogram", card.cryptogram)):
        yield f"{what} raw", secret
        yield f"{what} as hex", secret.hex().encode()
