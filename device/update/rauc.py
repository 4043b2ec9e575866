"""The system's ``rauc``, asked as a program: it alone writes slots and checks bundles. For workers: it may wait."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from device.update.bundle import BundleError, BundleInfo, parse_info, refusal_of

if TYPE_CHECKING:
    import subprocess

_ASK_S: Final = 30.0
_PERCENT: Final = re.compile(r"^\s*(\d{1,3})% (.{1,80})$")


@dataclass(frozen=True, slots=True)
class SlotState:
    """One slot: its boot name (``A``), whether it runs now, whether the boot loader thinks it good, what is in it.

    ``whole``: RAUC wrote that version to its end; a slot that was flashed at the factory has no version here.
    """

    name: str
    booted: bool
    good: bool
    version: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class SystemState:
    """What RAUC tells of this terminal: its compatible text, the slot that runs, the slot that is next, all slots."""

    compatible: str
    booted: str
    next: str
    slots: tuple[SlotState, ...]


class RaucError(Exception):
    """RAUC is missing or does not answer; ``reason`` is a word of the texts (``refusals``)."""

    def __init__(self, reason: str, said: str = "") -> None:
        super().__init__(f"{reason}: {said}" if said else reason)
        self.reason = reason
        self.said = said


class Rauc:
    """Asks ``rauc``; ``config`` is its system configuration (None: where RAUC itself looks)."""

    def __init__(self, config: Path | None = None) -> None:
        self._words = ["rauc"] if config is None else ["rauc", "-c", str(config)]

    def read_system(self) -> SystemState:
        """Slots and boot order. Raises RaucError."""
        done = self._ask("status", "--detailed", "--output-format=json")
        if done.returncode != 0:
            busy = "lready processing" in done.stderr  # RAUC tells no slots while it installs
            raise RaucError("under_way" if busy else "no_service", _last_line(done.stderr))
        try:
            return _system_state(json.loads(done.stdout))
        except (ValueError, KeyError, TypeError) as error:
            raise RaucError("unreadable") from error

    def read_bundle(self, path: Path) -> BundleInfo:
        """What the bundle says of itself once its signature holds. Raises BundleError, RaucError."""
        if not path.is_file():
            raise BundleError("no_file", path.name)
        told = self._ask("info", "--output-format=json", str(path))
        if told.returncode != 0:
            raise refusal_of(told.stderr)
        readable = self._ask("info", str(path))
        return parse_info(told.stdout.strip().splitlines()[-1], readable.stdout)

    def install(self, path: Path, progress: Callable[[int, str], None]) -> None:
        """Have the bundle written to the slot that does not run. Raises BundleError, RaucError.

        ``progress`` gets percent and RAUC's own words. RAUC goes on by itself if this process dies.
        """
        import subprocess  # noqa: PLC0415  only where RAUC is asked, in a worker

        try:
            run = subprocess.Popen(
                [*self._words, "install", str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        except OSError as error:
            raise RaucError("no_tool") from error
        said: list[str] = []
        assert run.stdout is not None  # noqa: S101  asked for above
        for line in run.stdout:
            step = _PERCENT.match(line)
            if step is not None:
                progress(min(int(step[1]), 100), step[2].strip())
            elif line.strip():
                said = [*said[-40:], line]
        if run.wait() != 0:
            raise refusal_of("".join(said))

    def mark_bad(self) -> None:
        """Have the boot loader leave the slot that runs now at the next start. Raises RaucError."""
        done = self._ask("status", "mark-bad", "booted")
        if done.returncode != 0:
            raise RaucError("no_service", _last_line(done.stderr))

    def switch_slot(self) -> None:
        """Have the boot loader start the slot that does not run. Raises RaucError."""
        done = self._ask("status", "mark-active", "other")
        if done.returncode != 0:
            raise RaucError("no_service", _last_line(done.stderr))

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        import subprocess  # noqa: PLC0415

        try:
            return subprocess.run(
                [*self._words, *words],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_ASK_S,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            raise RaucError("no_tool") from error
        except subprocess.TimeoutExpired as error:
            raise RaucError("no_answer") from error


def _system_state(values: Any) -> SystemState:
    """RAUC 1.8 and later: ``{"compatible", "booted", "boot_primary", "slots": [{name: {...}}]}``."""
    slots = []
    boot_names: dict[str, str] = {}
    for entry in values["slots"]:
        for name, slot in entry.items():
            boot_names[name] = slot.get("bootname") or name
            if not slot.get("bootname"):  # a slot that is never booted
                continue
            written = slot.get("slot_status") or {}
            bundle = written.get("bundle") or {}
            slots.append(
                SlotState(
                    slot["bootname"],
                    slot["state"] == "booted",
                    slot["boot_status"] == "good",
                    bundle.get("version") or "",
                    written.get("status") == "ok",
                )
            )
    booted = next((slot.name for slot in slots if slot.booted), values.get("booted") or "")
    primary = values.get("boot_primary") or ""
    return SystemState(values["compatible"], booted, boot_names.get(primary, primary), tuple(slots))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""
