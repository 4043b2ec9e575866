"""The far side of :mod:`support.pcscd`: runs in a namespace, holds pcscd and the virtual card, takes JSON orders."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from device.drivers.smart_card import Slot, SmartCardSetup, find_reader, watch_slot  # noqa: E402
from device.evidence import CheckSpec, Evidence, Level, Limit  # noqa: E402
from device.selftest.sheet import Sheet  # noqa: E402
from device.selftest.smart_card import check_smart_card  # noqa: E402
from native.pcsc import Context, PcscError  # noqa: E402
from tools.simulate.card import CardPlan, VirtualCard  # noqa: E402
from tools.simulate.namespace import Pcscd, start_pcscd  # noqa: E402

SETUP = SmartCardSetup("Virtual PCD")
LIMITS = {
    "service": Limit(pass_values=("running",)),
    "reader": Limit(),
    "present": Limit(pass_values=("present", "empty")),
    "atr": Limit(),
    "select": Limit(),
    "answer_time": Limit(),
    "start_time": Limit(pass_max=1500),
    "line_errors": Limit(pass_max=0, marginal_max=1),
}


class Side:
    """Carries the orders out; each method is one order and its result goes back as JSON."""

    def __init__(self) -> None:
        self._pcscd: Pcscd | None = None
        self._card: VirtualCard | None = None

    def start(self) -> None:
        if self._pcscd is None:
            self._pcscd = start_pcscd()

    def stop(self, how: str) -> None:
        if self._pcscd is not None:
            self._pcscd.kill() if how == "kill" else self._pcscd.stop()
            self._pcscd = None

    def insert(self, card: dict[str, Any], until: str) -> list[str]:
        """Put a card in; what the product's watch saw until the slot was as wanted."""
        self._card = VirtualCard(CardPlan.from_dict(card))
        return self._watch(self._card.insert, until)

    def remove(self) -> list[str]:
        if self._card is None:
            return []
        card, self._card = self._card, None
        seen = self._watch(card.remove, "empty")
        if len(seen) == 1:  # it vanished by itself: pcscd's poll would take the next card for the same one
            self._settle()
        return seen

    def check(self, level: str, reader: str) -> list[dict[str, Any]]:
        found: list[Evidence] = []
        specs = {
            f"smart_card.{fact}": CheckSpec(f"smart_card.{fact}", Level.SAFE, "", limit, True, "test")
            for fact, limit in LIMITS.items()
        }
        check_smart_card(SmartCardSetup(reader), Sheet(specs, found.append), Level(level))
        return [dataclasses.asdict(evidence) for evidence in found]

    def instructions(self) -> list[int]:
        """The instruction bytes that the card was given."""
        return self._card.commands if self._card is not None else []

    def kill_while_open(self) -> list[str]:
        """Kill pcscd under an open context; the names of the next two errors."""
        names = []
        with Context() as context:
            self.stop("kill")
            for ask in (context.readers, Context):
                try:
                    ask()
                except PcscError as error:
                    names.append(type(error).__name__ + " " + error.name)
        return names

    def _settle(self) -> None:
        """Wait until pcscd, which looks every 0.4 s, has told no news for a second."""
        with Context() as context:
            reader = find_reader(context, SETUP)
            state = context.reader_state(reader) if reader is not None else None
            while state is not None:
                state = context.wait_for_change(state, 1.0)

    def _watch(self, act: Callable[[], None], until: str) -> list[str]:
        seen: list[str] = []
        for slot in watch_slot(SETUP, 15.0):
            seen.append(slot.value)
            if len(seen) == 1:
                act()
            if slot is Slot(until):
                break
        return seen


def main() -> None:
    side = Side()
    for line in sys.stdin:
        order = json.loads(line)
        result = getattr(side, order.pop("order"))(**order)
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
