"""The dictionary of EMV data objects: names, lengths, and what of them may be shown. The dictionary itself is data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from protocol.dol import Padding
from protocol.emv_words import Words

_PADDINGS = {"n": Padding.NUMERIC, "cn": Padding.COMPRESSED}


class Show(StrEnum):
    """What may be shown of a value."""

    VALUE = "value"
    BITS = "bits"  # the value and what its bits say
    SIZE = "size"
    NEVER = "never"  # card data: only the size, whatever else is known


@dataclass(frozen=True, slots=True)
class TagEntry:
    """One tag as one document defines it. ``least`` and ``most`` are bytes; ``schemes`` empty: for every card."""

    tag: str
    words: Words
    format: str
    least: int
    most: int
    show: Show
    source: str
    schemes: tuple[str, ...] = ()

    def fits(self, size: int) -> bool:
        """May a value of this tag have so many bytes?"""
        return self.least <= size <= self.most


class TagDictionary:
    """All tags, each with one entry or several (kernels and schemes use some tags for different things)."""

    def __init__(self, entries: Iterable[TagEntry]) -> None:
        self._entries: dict[str, tuple[TagEntry, ...]] = {}
        for entry in entries:
            self._entries[entry.tag] = (*self._entries.get(entry.tag, ()), entry)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, tag: str) -> bool:
        return tag in self._entries

    def entries(self, tag: str) -> tuple[TagEntry, ...]:
        """Every entry of a tag (upper-case hex), in the order of the file."""
        return self._entries.get(tag, ())

    def entry(self, tag: str, scheme: str | None = None) -> TagEntry | None:
        """What the tag is on a card of this scheme: the scheme's own entry, else the general one, else the first."""
        entries = self.entries(tag)
        own = [entry for entry in entries if scheme in entry.schemes]
        general = [entry for entry in entries if not entry.schemes]
        return next(iter([*own, *general, *entries]), None)

    def fits(self, tag: str, size: int) -> bool:
        """Is the tag known, and does an entry of it allow so many bytes?"""
        return any(entry.fits(size) for entry in self.entries(tag))

    def padding(self, tag: str) -> Padding:
        """How a value of this tag is cut or padded to the length that a list asks for (EMV Book 3, 5.4)."""
        entry = self.entry(tag)
        return _PADDINGS.get(entry.format, Padding.OTHER) if entry else Padding.OTHER

    def show(self, tag: str, size: int, scheme: str | None = None) -> Show:
        """What may be shown of a value of so many bytes.

        The entry that holds for the scheme decides, unless any entry of the tag is card data. An unknown tag and a
        wrong size show the size.
        """
        if any(entry.show is Show.NEVER for entry in self.entries(tag)):
            return Show.NEVER
        entry = self.entry(tag, scheme)
        return entry.show if entry is not None and entry.fits(size) else Show.SIZE
