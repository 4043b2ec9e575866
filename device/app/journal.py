"""The service's log: one line an event on standard output, for the system's journal. Never any card data."""

from __future__ import annotations

import sys
from datetime import UTC, datetime


def note(event: str, **facts: object) -> None:
    """Write one line: time, event, then ``key=value`` facts. A full disk or a closed pipe is not our failure."""
    when = datetime.now(UTC).isoformat(timespec="milliseconds")
    words = " ".join(f"{key}={_quoted(str(value))}" for key, value in facts.items())
    try:
        sys.stdout.write(f"{when} {event} {words}".rstrip() + "\n")
        sys.stdout.flush()
    except OSError:
        return


def _quoted(text: str) -> str:
    plain = text.replace("\n", " ")
    return f'"{plain}"' if " " in plain or not plain else plain
