"""A real pcscd with a virtual card, in a namespace of its own; the product's check runs there and answers in JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.simulate import namespace

ROOT = Path(__file__).resolve().parents[2]


def why_not() -> str | None:
    """None if a private pcscd can be had here, else the reason for the skip."""
    return namespace.available() or namespace.pcscd_available()


class PrivatePcscd:
    """Gives orders to :mod:`support.pcscd_side` in its namespace."""

    def __init__(self) -> None:
        command = namespace.namespace_command([sys.executable, str(ROOT / "tests" / "support" / "pcscd_side.py")])
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _order(self, order: str, **arguments: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"order": order, **arguments}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, f"the helper ended during {order!r}; its error is above"
        return json.loads(line)

    def start(self) -> None:
        """Start the daemon unless it runs."""
        self._order("start")

    def stop(self, how: str = "stop") -> None:
        """``stop`` ends it in order, ``kill`` as a crash would."""
        self._order("stop", how=how)

    def insert(self, until: str = "present", **card: object) -> list[str]:
        """Put a card in and return what the product's watch saw until ``until``."""
        return list(self._order("insert", card=card, until=until))

    def remove(self) -> list[str]:
        """Pull the card, if one is in, and return what the watch saw."""
        return list(self._order("remove"))

    def check(self, level: str = "safe", reader: str = "Virtual PCD") -> dict[str, dict[str, Any]]:
        """Run the product's check; evidence by the fact's name."""
        rows = self._order("check", level=level, reader=reader)
        return {row["id"].removeprefix("smart_card."): row for row in rows}

    def instructions(self) -> set[int]:
        """Which instruction bytes the card was given."""
        return set(self._order("instructions"))

    def kill_while_open(self) -> list[str]:
        """Kill the daemon under an open context; the errors that follow."""
        return list(self._order("kill_while_open"))

    def close(self) -> None:
        """End helper, daemon and namespace."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
