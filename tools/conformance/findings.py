"""The rules of the contract, and how each of them ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

RULES: Final = {
    "connects": "it connects to the socket",
    "hello_first": "the first message is hello, on every connection",
    "lines": "every line is one JSON object of at most 262144 bytes",
    "schema": "every message fits the schema",
    "no_card_data": "nothing but frames holds what could be a card number",
    "busy_idle": "busy comes before an exchange, and idle after it",
    "offline_count": "each idle tells how many offline payments wait, if it offers to",
    "echo": "it answers a request for an echo by its id, if it offers one",
    "display": "it grants or refuses the panel by a display message, if it offers one",
    "no_wait": "it goes on without an answer: an exchange without diagnosis is followed by idle",
    "comes_back": "it connects again after the service hung up",
    "nonsense": "it goes on when the service talks nonsense, and comes back for another sale",
}


class Seen(StrEnum):
    """How a rule ended."""

    PASS = "pass"  # noqa: S105
    FAIL = "FAIL"
    NOT_OFFERED = "not offered"
    NOT_SEEN = "not seen"


@dataclass(slots=True)
class Findings:
    """What was seen: per rule pass or fail, with the first reason of a failure."""

    seen: dict[str, Seen] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)

    def passed(self, rule: str) -> None:
        """The rule was kept, at least once, and not broken before."""
        self.seen.setdefault(rule, Seen.PASS)

    def failed(self, rule: str, why: str) -> None:
        """The rule was broken; the first reason is kept."""
        self.seen[rule] = Seen.FAIL
        self.why.setdefault(rule, why)

    def of(self, rule: str) -> Seen:
        """How this rule ended."""
        return self.seen.get(rule, Seen.NOT_SEEN)

    @property
    def conforms(self) -> bool:
        """Did every rule pass, or concern what the application does not offer?"""
        return all(self.of(rule) in (Seen.PASS, Seen.NOT_OFFERED) for rule in RULES)

    def table(self) -> str:
        """One line a rule, with the reason below one that was broken."""
        rows = []
        for rule, text in RULES.items():
            rows.append(f"{self.of(rule):12} {rule:14} {text}")
            if rule in self.why:
                rows.append(f"{'':12} {'':14} -> {self.why[rule]}")
        return "\n".join(rows)
