"""Two judges without evidence, to compare with: the merchants' article on error 62, and a bare table of codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from device.evidence import FreezeFrame
from tools.evaluate.codes import codes

# The article's twelve causes in the product's terms; it does not know the other ids.
_ARTICLE: Final = (
    "balance",
    "card_damaged",
    "card_expired",
    "card_lost_stolen",
    "card_blocked",
    "merchant_data",
    "network",
    "bank_maintenance",
    "limits",
    "risk_control",
    "terminal_fault",
    "interbank_route",
    "pos_setup",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a judge says of a frame; None or a missing cause: it says nothing."""

    verdict: str | None
    addressee: str | None
    causes: dict[str, str]
    retry: str | None = None


def article(frame: FreezeFrame) -> Answer:
    """Every 62 means "contact the service provider", and every cause of its list is to be checked.

    The merchant's service provider is the acquirer. The article speaks of 62 alone; its twins are granted to it.
    """
    if frame.exchange.code not in codes().restricted:
        return Answer(None, None, {})
    return Answer("merchant_acquirer", "acquirer", dict.fromkeys(_ARTICLE, "possible"))


def code_table(frame: FreezeFrame) -> Answer:
    """Code -> who acts and which causes usually give it. No response has no code, which a table can say as well."""
    table, code = codes(), frame.exchange.code
    if not code:
        return Answer("no_verified_response", "local", {"network": "possible"})
    if code in table.restricted:
        causes = {cause: "possible" if "62" in usual else "other_code" for cause, usual in table.usual.items()}
        return Answer("card", "issuer", causes, "no")
    if code not in table.acts:
        return Answer(None, None, {})
    who = table.acts[code][0]
    verdict = "approved" if code in table.approved else table.verdict[who][0]
    causes = {cause: "possible" if code in usual else "other_code" for cause, usual in table.usual.items()}
    return Answer(verdict, who, {} if code in table.approved else causes)
