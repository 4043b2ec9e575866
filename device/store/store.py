"""What the terminal remembers: recent sales, declines with their freeze frames, and faults.

Holds no card data: a card is the keyed token of its :class:`~device.evidence.CardFacts`, kept for a day at most.
Every ``add`` is on the disk when it returns. A store that cannot use its file goes on in memory, says so in
:attr:`Store.degraded`, and moves back into the file as soon as that works again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from device.evidence import EntryMode, Evidence, Exchange, MacVerdict, Match, PastSale
from device.store.audit_log import AuditLog, Notes
from device.store.clock import Clock, SystemClock, time_of
from device.store.declines import KeptDeclines
from device.store.fault import Fault
from device.store.faults import Faults
from device.store.safe_database import SafeDatabase
from device.store.trends import Trends

MOST_SALES: Final = 200  # of the window: a till makes fewer in half an hour; every frame carries them
_CLEARED: Final = "faults cleared"
_SALE_DAY_S: Final = 86400.0


class Store:
    """The one database. Built before the first fork; never used in a worker."""

    def __init__(self, path: Path, clock: Clock | None = None, anchor_path: Path | None = None) -> None:
        self._clock = clock or SystemClock()
        self._safe = SafeDatabase(path, self._clock)
        self._faults = Faults(self._safe, self._clock)
        self.declines = KeptDeclines(self._safe, self._clock)
        self.trends = Trends(self._safe, self._clock)
        self.audit = AuditLog(self._safe, self._clock, anchor_path or path.with_name("audit.head"))
        self.notes = Notes(self._safe)

    @property
    def degraded(self) -> str | None:
        """Why nothing is kept across a restart just now, as a sentence; None: everything is."""
        return self._safe.degraded

    @property
    def set_aside(self) -> Path | None:
        """Where a damaged file of this run was put; None: there was none."""
        return self._safe.set_aside

    def add_exchange(self, exchange: Exchange, here: str | None = None) -> None:
        """Remember one sale for the window of :meth:`recent_sales`.

        ``here`` is the country of the signed profile, for sales that do not say it (9F1A): those without a chip.
        """
        card = exchange.card
        foreign, country = None, card.terminal_country or here
        if card.issuer_country and country:
            foreign = card.issuer_country[-3:] != country[-3:]
        facts = (
            *(card.token, card.bin_group, card.scheme, foreign, exchange.entry_mode, exchange.code),
            *(exchange.mac, exchange.match, exchange.stored, exchange.test_card),
        )
        moment = (self._clock.boot_id, self._clock.monotonic_s(), self._clock.wall_s())

        def add(database: sqlite3.Connection) -> None:
            database.execute(
                "INSERT INTO sale (token, bin_group, scheme, foreign_card, entry_mode, code, mac, match, stored,"
                " test_card, boot_id, monotonic_s, wall_s) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (*facts, *moment),
            )
            boot, now_s, wall_s = moment
            database.execute(
                "DELETE FROM sale WHERE id <= (SELECT id FROM sale ORDER BY id DESC LIMIT 1 OFFSET ?)"
                " OR (boot_id = ? AND monotonic_s < ?) OR (boot_id <> ? AND wall_s < ?)",
                (MOST_SALES, boot, now_s - _SALE_DAY_S, boot, wall_s - _SALE_DAY_S),
            )

        self._safe.write(add)

    def recent_sales(self, window_s: float) -> tuple[PastSale, ...]:
        """Sales of the last ``window_s`` seconds, newest first.

        A sale of this boot has its age from the clock since boot, whatever the wall clock did. A sale from before a
        restart counts only if the wall clock gives it an age within the window.
        """
        boot, now_s, wall_s = self._clock.boot_id, self._clock.monotonic_s(), self._clock.wall_s()

        def read(database: sqlite3.Connection) -> tuple[PastSale, ...]:
            rows = database.execute(
                "SELECT CASE boot_id WHEN ? THEN ? - monotonic_s ELSE ? - wall_s END AS age_s, code, mac, entry_mode,"
                " token, bin_group, scheme, foreign_card, match, stored, test_card FROM sale"
                " WHERE age_s BETWEEN 0 AND ? ORDER BY id DESC",
                (boot, now_s, wall_s, window_s),
            )
            return tuple(_past_sale(row) for row in rows)

        return self._safe.read(read)

    def note_evidence(self, evidence: Iterable[Evidence], known: Sequence[Evidence] = ()) -> None:
        """Remember what failed; what passed ends its fault. ``known``: everything known now, for its freeze frame."""
        items = list(evidence)
        self._faults.note(items, known)
        if self.trends.note(items):
            self._faults.settle()

    def settle(self) -> None:
        """Write what is gathered in memory: the hour of every trend, and what repeated itself."""
        self._faults.settle()
        self.trends.flush()

    def seconds_since(self, name: str) -> float | None:
        """How long ago :meth:`mark` was called for ``name``; None: never, or the clock was set so that nobody knows."""
        row = self._safe.read(
            lambda database: database.execute(
                "SELECT boot_id, monotonic_s, wall_s FROM once WHERE name = ?", (name,)
            ).fetchone()
        )
        if row is None:
            return None
        same = row[0] == self._clock.boot_id
        age_s = float(self._clock.monotonic_s() - row[1] if same else self._clock.wall_s() - row[2])
        return age_s if age_s >= 0 else None

    def mark(self, name: str) -> None:
        """Remember that this happened now, also across a restart."""
        self._safe.write(self._marking(name))

    def _marking(self, name: str) -> Callable[[sqlite3.Connection], None]:
        moment = (self._clock.boot_id, self._clock.monotonic_s(), self._clock.wall_s())

        def write(database: sqlite3.Connection) -> None:
            database.execute(
                "INSERT OR REPLACE INTO once (name, boot_id, monotonic_s, wall_s) VALUES (?,?,?,?)", (name, *moment)
            )

        return write

    def faults(self) -> tuple[Fault, ...]:
        """Everything that ever failed and is still remembered: active ones first, then newest first."""
        return self._faults.all()

    def clear_faults(self) -> int:
        """Forget every fault and every test, and remember when; returns how many faults were forgotten."""
        return self._faults.clear(self._marking(_CLEARED))

    def last_time_seen(self) -> datetime | None:
        """Wall clock of the last write: the latest one made, not the greatest, so a wrong clock heals."""
        row = self._safe.read(lambda database: database.execute("SELECT wall_s FROM moment").fetchone())
        return time_of(row[0]) if row else None

    def history(self, checks: Iterable[str] = ()) -> dict[str, Any]:
        """Return the fault memory as plain values; ``codes`` and ``faults`` have first and last time and count.

        ``checks`` are the ids of all checks: those that were never completed are told as ``untested``.
        """
        codes = self._safe.read(
            lambda database: database.execute(
                "SELECT code, first_wall_s, last_wall_s, count FROM code_count ORDER BY last_wall_s DESC, code"
            ).fetchall()
        )
        cleared = self._safe.read(
            lambda database: database.execute("SELECT wall_s FROM once WHERE name = ?", (_CLEARED,)).fetchone()
        )
        return {
            "kept": self.degraded or "ok",
            "cleared_at": None if cleared is None else _iso(cleared[0]),
            "codes": [
                {"code": code or None, "first_seen": _iso(first_s), "last_seen": _iso(last_s), "count": count}
                for code, first_s, last_s, count in codes
            ],
            "declines": [decline.summary() for decline in self.declines.last()],
            "faults": [fault.to_json() for fault in self.faults()],
            "untested": list(self._faults.untested(checks)),
            "untested_this_boot": list(self._faults.untested_this_boot(checks)),
        }

    def close(self) -> None:
        """Close the file, for commands that open the store themselves; the service just ends."""
        self._safe.close()


def _past_sale(row: tuple[Any, ...]) -> PastSale:
    age_s, code, mac, entry_mode, token, bin_group, scheme, foreign, match, stored, test_card = row
    return PastSale(
        age_s=round(age_s, 1),  # seventeen digits of a float say no more, and can look like a card number
        code=code,
        mac=MacVerdict(mac),
        entry_mode=EntryMode(entry_mode),
        token=token,
        bin_group=bin_group,
        scheme=scheme,
        foreign=None if foreign is None else bool(foreign),
        match=Match(match),
        stored=bool(stored),
        test_card=bool(test_card),
    )


def _iso(wall_s: float) -> str:
    return time_of(wall_s).isoformat(timespec="seconds")
