"""Shows a vendor what posmedic believes of a hardware library.

    python -m tools.try_hal LIBRARY.so [--active]

Every function is called in a process of its own with a deadline, as on the terminal. ``--active`` also calls what moves
something: lamps and beeper, a printed line, the contactless field.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from device.loop import Loop
from device.worker import End, Ending, Report, Worker
from native.hal import Hal, HalError

_DEADLINE_S: Final = 2.0
_READS: Final[Mapping[str, Callable[[Hal], Any]]] = {
    "identity": Hal.read_identity,
    "reader": Hal.read_reader,
    "printer": Hal.read_printer,
    "contactless": Hal.read_contactless,
    "battery": Hal.read_battery,
    "tamper": Hal.read_tamper,
    "keypad": Hal.read_keypad,
}
_ACTS: Final[Mapping[str, Callable[[Hal], Any]]] = {
    "light_and_beep": lambda hal: hal.light_and_beep(300),
    "print_test_line": Hal.print_test_line,
    "switch_field": lambda hal: hal.switch_field(300),
}


def try_library(library: Path, *, active: bool) -> dict[str, str]:
    """Call everything once; per function what came of it, as one line."""
    calls = {**_READS, **(_ACTS if active else {})}
    return {name: _try(library, call) for name, call in calls.items()}


def _try(library: Path, call: Callable[[Hal], Any]) -> str:
    loop = Loop()
    told: list[str] = []

    def task(report: Report) -> None:
        try:
            found = call(Hal(library))
        except HalError as error:
            report(f"{error.reason}: {error}")
        else:
            report(_words(found))

    def end(ending: Ending) -> None:
        if ending.end is not End.DONE or not told:
            told.append(f"{ending.end}{': ' if ending.detail else ''}{ending.detail}")
        loop.stop()

    Worker(loop, task, _DEADLINE_S, told.append, end)
    loop.run()
    return "; ".join(told)


def _words(found: Any) -> str:
    """Members that were told, in the header's words."""
    if found is None:
        return "done"
    values = dataclasses.asdict(found)
    return (
        ", ".join(f"{name} {value}" for name, value in values.items() if value not in (None, "", ())) or "nothing told"
    )


def main() -> int:
    """Run the command line: 0 when the library could be used at all, 2 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tools.try_hal", description=__doc__)
    parser.add_argument("library", type=Path, help="the shared library")
    parser.add_argument("--active", action="store_true", help="also call what moves or sounds")
    arguments = parser.parse_args()
    found = try_library(arguments.library.absolute(), active=arguments.active)
    for name, text in found.items():
        print(f"{name:16} {text}")
    return 2 if all(text.startswith("library_") for text in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
