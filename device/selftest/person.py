"""What a check asks of the person at the terminal: to do something, or to say whether something was seen."""

from __future__ import annotations

import os
import select
from typing import Any, Protocol

from device.worker import Report

YES = b"y"
NO = b"n"
NOBODY = b"?"


class Person(Protocol):
    """Somebody who stands at the terminal and follows what is shown."""

    def prompt(self, check_id: str, wait_s: float) -> None:
        """Show what to do (the check's ``prompt`` in the texts) and for how long it is waited for."""

    def confirm(self, check_id: str, wait_s: float) -> bool | None:
        """Ask whether it was so; None: nobody answered."""


class PersonBeyondPipe:
    """The person as a worker's check sees it: prompts go out with its reports, answers come in through ``answers``."""

    def __init__(self, report: Report, answers: int) -> None:
        self._report = report
        self._answers = answers

    def prompt(self, check_id: str, wait_s: float) -> None:
        """Show what to do."""
        self._report(prompt_to_json(check_id, wait_s, confirm=False))

    def confirm(self, check_id: str, wait_s: float) -> bool | None:
        """Ask whether it was so."""
        self._report(prompt_to_json(check_id, wait_s, confirm=True))
        if not select.select([self._answers], [], [], wait_s)[0]:
            return None
        return {YES: True, NO: False}.get(os.read(self._answers, 1))


def prompt_to_json(check_id: str, wait_s: float, *, confirm: bool) -> dict[str, Any]:
    """A prompt as it goes through the worker's pipe."""
    return {"prompt": check_id, "wait_s": wait_s, "confirm": confirm}
