"""Who must act and what to do now: from facts, verdict and code to the keys of the four lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from device.diagnosis.codes import CodeRow
from device.diagnosis.crowd import Crowd, Ruling
from device.diagnosis.headline import Lead
from device.diagnosis.proof import Answer, is_chip_card_by_stripe
from device.diagnosis.rules import LinkRow
from device.diagnosis.verdict import Addressee, Retry, Verdict
from device.evidence import Evidence, FreezeFrame, Outcome

_CHIP_MAY_HELP: Final = (Verdict.CARD, Verdict.NOT_ENOUGH_DATA, Verdict.ACCEPTANCE_RANGE, Verdict.MERCHANT_ACQUIRER)
_SOFTWARE: Final = ("versions.system", "versions.application", "versions.posmedic")


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is known when the four lines are chosen."""

    frame: FreezeFrame
    row: CodeRow | None
    answer: Answer
    facts: Mapping[str, Evidence]
    ruling: Ruling
    crowd: Crowd
    contradicts: tuple[str, ...]
    link: LinkRow | None


def find_lead(scene: Scene) -> Lead:
    """Who acts, what to do, what is proved."""
    return _Finder(scene).lead()


def keys_suspect(row: CodeRow, facts: Mapping[str, Evidence]) -> bool:
    """Every card gets a code that a wrong key in this terminal can lead to (a wrong PIN on each card)."""
    return row.check_keys and facts["history.same_code"].outcome is Outcome.FAIL


class _Finder:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def lead(self) -> Lead:
        """Asked from the strongest statement down: no answer, unknown code, set-up, the code's row, rule 2."""
        verdict, row = self._scene.ruling.verdict, self._scene.row
        lead = Lead(
            verdict=verdict,
            addressee=Addressee.ISSUER,
            retry=Retry.NO,
            happened=verdict.value,
            who="issuer_or_other_card",
            act="no_retry",
            proof=self._proof_key(),
            row=row,
            contradicts=self._scene.contradicts,
            attempts=self._scene.crowd.attempts or 1,
            cards=self._scene.ruling.cards,
            kind=self._scene.ruling.kind,
        )
        if self._scene.answer is Answer.NONE:
            return self._lead_without_answer(lead)
        if row is None:
            return lead.with_(addressee=Addressee.ACQUIRER, happened="unknown_code", who="acquirer", act="ask_code")
        if verdict is Verdict.TERMINAL_SETUP and self._scene.contradicts:
            may_fix = set(self._scene.contradicts) <= set(self._scene.frame.profile.shop_may_fix)
            who = Addressee.TECHNICIAN if may_fix else Addressee.ACQUIRER
            return lead.with_(addressee=who, retry=Retry.AFTER_ACTION, who=who.value, act="fix_setup")
        if not row.restricted:
            return self._lead_by_row(lead, row)
        return self._lead_restricted(lead, row)

    def _lead_without_answer(self, lead: Lead) -> Lead:
        fact = self._scene.facts
        if fact["exchange.match"].outcome is Outcome.FAIL:
            happened = "mismatch"
        elif fact["exchange.mac"].outcome is Outcome.FAIL:
            happened = "bad_mac"
        else:
            happened = "no_answer" if self._scene.frame.exchange.complete else "unreadable"
        addressee, act = (
            (Addressee(self._scene.link.addressee), self._scene.link.act)
            if self._scene.link
            else (Addressee.LOCAL, "query")
        )
        return lead.with_(
            addressee=addressee, retry=Retry.AFTER_ACTION, happened=happened, who=addressee.value, act=act
        )

    def _lead_by_row(self, lead: Lead, row: CodeRow) -> Lead:
        lead = lead.with_(
            addressee=row.addressee,
            retry=row.retry,
            happened=f"row_{lead.verdict}",
            who=row.addressee.value,
            act=row.act,
        )
        local = self._local_lead(lead, row)
        if local is not None:
            return local
        if lead.attempts > 1 and row.retry is Retry.NO and row.act in ("no_retry", "other_card", "check_date"):
            return lead.with_(act="stop_retry")
        return lead

    def _local_lead(self, lead: Lead, row: CodeRow) -> Lead | None:
        """Where evidence of this terminal bears on the code, that comes first; None: nothing does."""
        every_card = self._scene.facts["history.same_code"].outcome is Outcome.FAIL
        if row.check_clock and any(self._failed(check) for check in ("clock.host", "clock.floor")):
            return lead.with_(addressee=Addressee.LOCAL, who="local", retry=Retry.AFTER_ACTION, act="check_clock")
        if keys_suspect(row, self._scene.facts):
            return lead.with_(addressee=Addressee.LOCAL, who="local", retry=Retry.AFTER_ACTION, act="keys_every_card")
        if row.check_chip and every_card:
            return lead.with_(addressee=Addressee.TECHNICIAN, who="technician", act="chip_reader")
        old = [fact for fact in self._scene.facts.values() if fact.part == "versions" and fact.outcome is Outcome.FAIL]
        if row.check_versions and old:
            who = Addressee.VENDOR if any(fact.id in _SOFTWARE for fact in old) else Addressee.ACQUIRER
            return lead.with_(addressee=who, who=who.value, retry=Retry.AFTER_ACTION, act="check_versions")
        if row.verdict is Verdict.HOST_SYSTEM and self._scene.facts["history.system_codes"].outcome is Outcome.FAIL:
            return lead.with_(act=f"burst_{row.act}") if row.act in ("wait_retry", "query_first") else None
        return None

    def _lead_restricted(self, lead: Lead, row: CodeRow) -> Lead:
        verdict = self._scene.ruling.verdict
        if verdict in (Verdict.CARD, Verdict.NOT_ENOUGH_DATA) and self._keeps_to_its_region():
            lead = lead.with_(happened="home_region")
        if verdict in (Verdict.ACCEPTANCE_RANGE, Verdict.MERCHANT_ACQUIRER):
            lead = lead.with_(addressee=Addressee.ACQUIRER, who="acquirer", act=verdict.value)
        elif verdict is Verdict.NOT_ENOUGH_DATA:
            lead = lead.with_(act=self._scene.ruling.missing)
        if row.act == "hold_card":
            return lead.with_(act="hold_card", who=lead.addressee.value)
        again = lead.attempts > 1
        chip_helps = is_chip_card_by_stripe(self._scene.frame.exchange) and not self._scene.crowd.tried_by_chip()
        if chip_helps and verdict in _CHIP_MAY_HELP:
            return lead.with_(retry=Retry.CHIP_ONCE, act="chip_once_again" if again else "chip_once")
        return lead.with_(act="stop_retry") if again else lead

    def _keeps_to_its_region(self) -> bool:
        """The card's data say that it is not for use here, and the terminal's country is not in doubt."""
        abroad = self._scene.facts["card.region"].outcome is Outcome.FAIL
        return abroad and self._scene.facts["setup.country"].outcome is not Outcome.FAIL

    def _proof_key(self) -> str:
        mac, match = self._scene.facts["exchange.mac"], self._scene.facts["exchange.match"]
        if self._scene.answer is Answer.NONE:
            wrong = {"mismatch": match.outcome is Outcome.FAIL, "bad_mac": mac.outcome is Outcome.FAIL}
            return next((key for key, holds in wrong.items() if holds), "none")
        if self._scene.answer is Answer.PROVED:
            limited = self._scene.facts["exchange.host"].outcome is Outcome.MARGINAL
            reader = self._scene.facts["exchange.entry_path"].outcome is not Outcome.NOT_RUN
            return "proved_limited" if limited else "proved" if reader else "proved_no_reader"
        if mac.value in ("unsigned_host", "absent_expected"):
            return str(mac.value)
        return "unmatched" if match.outcome is Outcome.NOT_RUN else "unproved"

    def _failed(self, check_id: str) -> bool:
        fact = self._scene.facts.get(check_id)
        return fact is not None and fact.outcome is Outcome.FAIL
