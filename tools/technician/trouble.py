"""What can go wrong on the laptop, as few kinds, each with an exit code; the sentences stand in ``texts/``."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the command ends with; a factory's script may rely on the numbers."""

    PASSED = 0
    FAILED = 1  # a check failed that had to pass
    INCOMPLETE = 2  # a check that had to pass did not run
    CABLE = 3  # no terminal, cable pulled, mute, or something else on the port
    REFUSED = 4  # the terminal or the technician's key said no
    CALL = 5  # the command line, a file or a program of the laptop
    STOPPED = 130  # Ctrl-C


class TroubleError(Exception):
    """One sentence for the technician: ``word`` names it in the texts, ``values`` fill it in."""

    exit: Exit = Exit.CALL

    def __init__(self, word: str, **values: object) -> None:
        super().__init__(f"{word} {values}" if values else word)
        self.word = word
        self.values = values


class CallError(TroubleError):
    """Something on the laptop: how it was called, a file, a missing program."""


class CableError(TroubleError):
    """The terminal cannot be heard (any more); plugging it in again may help."""

    exit = Exit.CABLE


class RefusedError(TroubleError):
    """The terminal answered and refuses, or no key signs. ``number``: of the terminal's table of errors, else 0."""

    exit = Exit.REFUSED

    def __init__(self, word: str, number: int = 0, **values: object) -> None:
        super().__init__(word, **values)
        self.number = number
