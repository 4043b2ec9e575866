"""What is remembered of updates on the data partition, which both slots see: small files, each replaced whole.

They are not in the database because the command that guards the boot must read and write them when the service does
not start. Every write is on the disk when it returns; a damaged file counts as absent, and is told.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from device.table import Table, TableError

_MOST_BYTES: Final = 256 << 10
_MOST_CHECKS: Final = 1000


class Ending(StrEnum):
    """How an update ended."""

    GOOD = "good"  # the new version passed what the old one had passed
    REGRESSED = "regressed"  # a check that passed before fails now
    SILENT = "silent"  # the new version was started and never came to a self-test
    INSTALL_FAILED = "install_failed"  # nothing was changed over
    OTHER = "other"  # a newer version wrote an ending that this one does not know


@dataclass(frozen=True, slots=True)
class Running:
    """What runs: the system image's version and the slot it was started from ("" where the terminal has no slots)."""

    version: str
    slot: str

    def is_same(self, other: Running) -> bool:
        """Whether it is the same version in the same slot; a slot that is not known says nothing."""
        return self.version == other.version and (self.slot == other.slot or not (self.slot and other.slot))


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a good version could do: outcome of every check that counts at the boot gate."""

    running: Running
    outcomes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pending:
    """An update under way: from what to which version, when it began (ISO 8601) and in which boot.

    ``installed``: it was written whole; ``boots``: the boots in which the new version came as far as the boot gate.
    """

    source: Running
    version: str
    began: str
    boot: str
    installed: bool = False
    boots: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Which update this is, also where the clock stood at 1970 each time."""
        return f"{self.began} {self.boot}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the last update ended; it survives the rollback and is shown by whichever slot runs next.

    ``at`` is ISO 8601, "" where the terminal's clock was not set. ``update`` is :attr:`Pending.id` of this update: by
    it, and not by the clock, an update is known that has its verdict.
    """

    ending: Ending
    source: Running
    target: Running
    at: str
    check: str = ""  # the first check that counted against it
    expected: str = ""
    got: str = ""
    detail: str = ""  # a word of the texts: of ``refusals`` where it was not installed, else of ``update_detail``
    update: str = ""


class Records:
    """The files under ``folder``, ``/var/lib/posmedic/update``; reading never fails; ``damaged`` names bad files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.damaged: list[str] = []

    def baseline(self) -> Baseline | None:
        """Return what the last good version could do."""
        table = self._read("baseline")
        with self._counting_damage("baseline"):
            if table is not None:
                outcomes = table.table("outcomes")
                names = outcomes.keys()[:_MOST_CHECKS]
                return Baseline(
                    _running(table.table("running")), {name: outcomes.text(name, most=40) for name in names}
                )
        return None

    def pending(self) -> Pending | None:
        """Return the update under way."""
        table = self._read("pending")
        with self._counting_damage("pending"):
            if table is not None:
                return Pending(
                    _running(table.table("source")),
                    table.text("version"),
                    table.text("began"),
                    table.text("boot"),
                    table.flag("installed", False),
                    table.texts("boots", ()),
                )
        return None

    def verdict(self) -> Verdict | None:
        """Return how the last update ended."""
        table = self._read("verdict")
        with self._counting_damage("verdict"):
            if table is not None:
                names = ("check", "expected", "got", "detail", "update")
                texts = {name: table.text(name, "", most=400) for name in names}
                ending = _ending(table.text("ending"))
                source, target = _running(table.table("source")), _running(table.table("target"))
                return Verdict(ending, source, target, table.text("at"), **texts)
        return None

    def write(self, record: Baseline | Pending | Verdict) -> None:
        """Put one record in the place of the one before. Raises OSError."""
        name = type(record).__name__.lower()
        self._make_folder()
        part = self._folder / f"{name}.part"
        with part.open("w", encoding="utf-8") as file:
            json.dump(dataclasses.asdict(record), file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / f"{name}.json")
        _sync(self._folder)

    def forget_pending(self) -> None:
        """No update is under way any more. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            (self._folder / "pending.json").unlink()
            _sync(self._folder)

    def _make_folder(self) -> None:
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            _sync(self._folder.parent)

    def _read(self, name: str) -> Table | None:
        path = self._folder / f"{name}.json"
        try:
            with path.open("rb") as file:
                values = json.loads(file.read(_MOST_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            self.damaged.append(path.name)
            return None
        if not isinstance(values, dict):
            self.damaged.append(path.name)
            return None
        return Table(values, path.name)

    @contextlib.contextmanager
    def _counting_damage(self, name: str) -> Iterator[None]:
        try:
            yield
        except TableError:
            self.damaged.append(f"{name}.json")


def _sync(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _ending(word: str) -> Ending:
    return Ending(word) if word in tuple(Ending) else Ending.OTHER


def _running(table: Table) -> Running:
    return Running(table.text("version", most=80), table.text("slot", most=80))
