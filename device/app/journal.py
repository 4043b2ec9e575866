"""The service's log: one line an event on standard output, for the system's journal. Never any card data."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

_MOST_KEPT: Final = 200
_kept: Final[deque[str]] = deque(maxlen=_MOST_KEPT)
_followers: Final[list[Callable[[str], None]]] = []


def note(event: str, **facts: object) -> None:
    """Write one line: time, event, then ``key=value`` facts. A full disk or a closed pipe is not our failure."""
    when = datetime.now(UTC).isoformat(timespec="milliseconds")
    words = " ".join(f"{key}={_quoted(str(value))}" for key, value in facts.items())
    line = f"{when} {event} {words}".rstrip()
    _kept.append(line)
    for follower in tuple(_followers):
        follower(line)
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except OSError:
        return


def follow(on_line: Callable[[str], None]) -> Callable[[], None]:
    """Hand on each new line; returns what ends that."""
    _followers.append(on_line)

    def end() -> None:
        if on_line in _followers:
            _followers.remove(on_line)

    return end


def newest(count: int) -> list[str]:
    """The last lines of this run, at most two hundred."""
    return list(_kept)[-count:]


def _quoted(text: str) -> str:
    plain = text.replace("\n", " ")
    return f'"{plain}"' if " " in plain or not plain else plain
