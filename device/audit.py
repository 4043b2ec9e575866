"""The audit log of the technician's port: entries that are chained by hashes, and what a check of them finds.

Each entry's hash covers the hash before it, so that no entry can be changed, left out or put in between. A log whose
newest entries were cut off is still a sound chain: so count and head (the newest hash) are kept outside it too, as an
:class:`Anchor`, in a file of its own and with the technician, to whom they are told when signing out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device.digest import blake2s

START: Final = "0" * 64
_ANCHOR: Final = re.compile(r"(\d{1,12})[ :]([0-9a-f]{64})\s*")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One step: its number from 1, wall clock (seconds since 1970), boot, event, detail, the hash before, its own."""

    number: int
    wall_s: float
    boot_id: str
    event: str
    detail: str
    before: str
    hash: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """How many entries were ever written, and the hash of the newest."""

    count: int = 0
    head: str = START

    def __str__(self) -> str:
        return f"{self.count}:{self.head}"


def parse_anchor(text: str) -> Anchor | None:
    """Read ``COUNT:HEAD`` or ``COUNT HEAD``; None for anything else."""
    found = _ANCHOR.fullmatch(text)
    return None if found is None else Anchor(int(found[1]), found[2])


def entry_hash(number: int, wall_s: float, boot_id: str, event: str, detail: str, before: str) -> str:
    """BLAKE2s (RFC 7693) of all that an entry says, as 64 hex digits."""
    text = json.dumps([number, repr(wall_s), boot_id, event, detail, before], ensure_ascii=True)
    return str(blake2s(text.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Breach:
    """Something wrong with the log: a word of the texts (``audit_breach``) and the number of the entry."""

    word: str
    number: int


def check_chain(entries: Sequence[AuditEntry], anchors: Sequence[Anchor]) -> list[Breach]:
    """What is wrong with a log whose oldest entries may have been dropped; nothing: it is whole.

    ``altered``: an entry's hash is not of what it says; ``gap``: entries are missing before it; ``unchained``: it does
    not follow the one before; ``cut``: an anchor knows of newer entries; ``not_this_log``: the anchor's entry has
    another hash here.
    """
    breaches = []
    before: AuditEntry | None = None
    for entry in entries:
        told = (entry.number, entry.wall_s, entry.boot_id, entry.event, entry.detail, entry.before)
        if entry.hash != entry_hash(*told):
            breaches.append(Breach("altered", entry.number))
        if before is not None and entry.number != before.number + 1:
            breaches.append(Breach("gap", entry.number))
        elif before is not None and entry.before != before.hash:
            breaches.append(Breach("unchained", entry.number))
        before = entry
    hashes = {entry.number: entry.hash for entry in entries}
    newest = entries[-1].number if entries else 0
    for anchor in anchors:
        if anchor.count > newest:
            breaches.append(Breach("cut", anchor.count))
        elif anchor.count in hashes and hashes[anchor.count] != anchor.head:
            breaches.append(Breach("not_this_log", anchor.count))
    return breaches
