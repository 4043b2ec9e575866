"""What a label is: the answers that the evidence rules allow for one frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

STATES: Final = ("supported", "possible", "unlikely", "refuted", "other_code", "not_visible", "not_tested")
NOT_REFUTED: Final = tuple(state for state in STATES if state != "refuted")
NEITHER: Final = tuple(state for state in STATES if state not in ("refuted", "supported"))


@dataclass(slots=True)
class Label:
    """The allowed answers. More than one stands only where the texts leave it open; ``why`` then says so.

    ``causes`` maps a cause to its allowed states; a cause in ``guarded`` is not counted for accuracy, it only must not
    take a state outside its set (nothing refuted without proof). A cause that is in neither is not judged.
    """

    rule: str
    verdict: tuple[str, ...]
    addressee: tuple[str, ...]
    causes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    guarded: dict[str, tuple[str, ...]] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)
    retry: tuple[str, ...] = ()  # () where the rules do not settle it
