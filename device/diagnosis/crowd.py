"""One card or many: what the other sales of the window say (rule 2 of the verdict for 62 and its twins).

Distinct cards are counted, never attempts, and the present card counts too. Stored (store-and-forward) sales, test
cards, answers with a wrong MAC and answers to another request are left out. A card without a token cannot be told
from another one, so it never adds to the distinct cards; a card that passed after its last restriction is not failing.

* ``history.attempts`` declined tries of this card in the window, this one included (marginal from the second)
* ``history.cards`` distinct failing cards (marginal 2, fail from 3)
* ``history.bin_groups`` and ``history.schemes`` of the failing cards
* ``history.approvals`` distinct other cards approved in the window (pass from 1)
* ``history.foreign`` ``all``, ``some`` or ``none`` of the failing cards are foreign
* ``history.kind_approvals`` distinct other cards of the present one's scheme or BIN group approved (pass from 1)
* ``history.same_code`` distinct cards that got the present code, 62 and its twins as one, none passing in between
  (marginal 2, fail from 3)
* ``history.system_codes`` distinct cards that got a code of a host or bank system (marginal 2, fail from 3: a burst)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from device.diagnosis.card import is_foreign
from device.diagnosis.codes import CodeRow, CodeTable
from device.diagnosis.facts import failed, marginal, not_run, passed
from device.diagnosis.proof import Answer, answer_of
from device.diagnosis.verdict import Verdict
from device.evidence import Evidence, FreezeFrame, MacVerdict, Match, PastSale

_MINUTE_S: Final = 60.0
MANY: Final = 3  # distinct cards from which a decline is no longer this card's affair
_Class: TypeAlias = Callable[[PastSale], bool | None]  # is the sale's card of this class? None: not known
GROUPS: Final = 2  # distinct issuers (BIN groups) from which it is no longer one bank's affair


@dataclass(frozen=True, slots=True)
class Ruling:
    """Which part of rule 2 held: ``2b`` to ``2e``, how many cards failed together, and what is missing in 2e.

    ``kind``: what the cards of an acceptance range have in common, ``foreign``, ``scheme`` or ``bin_group``.
    """

    rule: str
    verdict: Verdict
    missing: str = ""
    cards: int = 0
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """The window in numbers: distinct failing cards, their banks (0: not told), approvals of other cards, minutes.

    From the second failing card on, minutes and approvals reckon from the first failure; else over the whole window.
    """

    cards: int
    banks: int
    approvals: int
    minutes: int
    attempts: int | None


class Crowd:
    """The window's sales, sorted into failing cards and approvals."""

    def __init__(self, frame: FreezeFrame, table: CodeTable) -> None:
        self._present = _present(frame)
        self._token = self._present.token
        self._window_s = frame.window_s
        counted = [sale for sale in frame.history if _counts(sale) and 0 <= sale.age_s <= frame.window_s]
        rows = [(sale, table.find(sale.code)) for sale in counted]
        self._approvals = [sale for sale, row in rows if row is not None and row.approved]
        self._declines = [sale for sale, row in rows if row is None or not row.approved]
        restricted = [sale for sale, row in rows if row is not None and row.restricted]
        system = [sale for sale, row in rows if row is not None and row.verdict is Verdict.HOST_SYSTEM]
        row = table.find(frame.exchange.code)
        same = [sale for sale, told in rows if told is not None and _is_same(told, row)]
        if row is not None and _counts(self._present) and answer_of(frame.exchange) != Answer.NONE:
            same.insert(0, self._present)
            if row.restricted:
                restricted.insert(0, self._present)
            if row.verdict is Verdict.HOST_SYSTEM:
                system.insert(0, self._present)
        self._restricted = restricted
        self._failing = _newest_of_each(restricted, self._approvals)
        self._same = _newest_of_each(same, self._approvals)
        self._system = _newest_of_each(system, self._approvals)

    def _first_age_s(self, cards: list[PastSale]) -> float:
        """When the first of these cards was restricted for the first time: later tries of it change nothing."""
        tokens = {card.token for card in cards}
        return max((sale.age_s for sale in self._restricted if sale.token in tokens), default=0.0)

    @property
    def attempts(self) -> int | None:
        """Declined tries of the present card, this one included; None: the card has no token."""
        if self._token is None:
            return None
        return 1 + sum(1 for sale in self._declines if sale.token == self._token)

    def tried_by_chip(self) -> bool:
        """Was the present card already tried by its chip in the window?"""
        return any(s.token == self._token and s.entry_mode.value == "chip" for s in self._declines if self._token)

    def ruling(self) -> Ruling:
        """Rule 2b to 2e, in this order; the first that holds wins (2a needs the set-up and is asked before)."""
        if len(self._failing) >= MANY and len(_groups(self._failing)) >= GROUPS and not self._approved_since_first():
            kind = self._one_kind()
            verdict = Verdict.ACCEPTANCE_RANGE if kind else Verdict.MERCHANT_ACQUIRER
            return Ruling("2b", verdict, cards=len(self._failing), kind=kind)
        kind, of_one_class = self._one_class_fails_while_others_pass()
        if of_one_class:
            return Ruling("2c", Verdict.ACCEPTANCE_RANGE, cards=of_one_class, kind=kind)
        if self._other_approvals():
            return Ruling("2d", Verdict.CARD)
        return Ruling("2e", Verdict.NOT_ENOUGH_DATA, self._missing(), len(self._failing))

    def _missing(self) -> str:
        """What rule 2e lacks, as a key of the texts ``act``."""
        if self._token is None and (self._approvals or len(self._restricted) > 1):
            return "no_token"
        if len(self._failing) >= MANY:
            return "no_other_bank" if _groups(self._failing) else "no_bank"
        return "few_cards" if len(self._failing) > 1 else "no_other_card"

    def _approved_since_first(self) -> bool:
        first_age_s = self._first_age_s(self._failing)
        return any(sale.age_s <= first_age_s for sale in self._approvals)

    def _is_other_card(self, sale: PastSale) -> bool:
        """Surely another card than the present one: another token, or a bank that is not this card's."""
        if self._token is not None and sale.token is not None:
            return sale.token != self._token
        return None not in (self._present.bin_group, sale.bin_group) and sale.bin_group != self._present.bin_group

    def _other_approvals(self) -> list[PastSale]:
        return [sale for sale in self._approvals if self._is_other_card(sale)]

    def _kind_approvals(self) -> list[PastSale]:
        """Approvals of other cards of the same scheme or bank: the way to the issuer was open for them."""
        here = self._present
        return [
            sale
            for sale in self._other_approvals()
            if (here.scheme is not None and sale.scheme == here.scheme)
            or (here.bin_group is not None and sale.bin_group == here.bin_group)
        ]

    def counts(self) -> Counts:
        """The numbers for the screen."""
        cards, since_s = len(self._failing), self._window_s
        if cards > 1:
            since_s = self._first_age_s(self._failing)
        passed_since = [sale for sale in self._other_approvals() if sale.age_s <= since_s]
        minutes = max(1, math.ceil(since_s / _MINUTE_S))
        return Counts(cards, len(_groups(self._failing)), _distinct(passed_since), minutes, self.attempts)

    def _one_kind(self) -> str:
        """What all failing cards have in common, if whatever else was tried (if anything) passed; else ""."""
        for kind in ("foreign", "scheme"):
            for is_member in self._classes(kind):
                if all(is_member(card) for card in self._failing) and self._others_pass_or_none_was_tried(is_member):
                    return kind
        return ""

    def _others_pass_or_none_was_tried(self, is_member: _Class) -> bool:
        others_passed = any(is_member(sale) is False for sale in self._approvals)
        others_tried = any(not is_member(sale) for sale in self._declines if sale.code)
        return others_passed or not others_tried

    def _one_class_fails_while_others_pass(self) -> tuple[str, int]:
        """The class and how many of its cards fail; 0 if there is no such class."""
        for kind in ("bin_group", "scheme", "foreign"):
            for is_member in self._classes(kind):
                members = [card for card in self._failing if is_member(card)]
                if len(members) < MANY or (kind == "foreign" and len(members) < len(self._failing)):
                    continue
                first_age_s = self._first_age_s(members)
                member_passed = any(is_member(sale) for sale in self._approvals if sale.age_s <= first_age_s)
                if not member_passed and any(is_member(sale) is False for sale in self._approvals):
                    return kind, len(members)
        return "", 0

    def _classes(self, *kinds: str) -> list[_Class]:
        """The classes the present card is in: its BIN group, its scheme, the foreign cards."""
        classes: list[_Class] = []
        here = self._present
        if "bin_group" in kinds and here.bin_group is not None:
            classes.append(lambda sale: None if sale.bin_group is None else sale.bin_group == here.bin_group)
        if "scheme" in kinds and here.scheme is not None:
            classes.append(lambda sale: None if sale.scheme is None else sale.scheme == here.scheme)
        if "foreign" in kinds and here.foreign:
            classes.append(lambda sale: sale.foreign)
        return classes

    def facts(self) -> list[Evidence]:
        """All ``history.*`` facts."""
        cards, groups = len(self._failing), len(_groups(self._failing))
        schemes = len({sale.scheme for sale in self._failing if sale.scheme is not None})
        others, of_kind = _distinct(self._other_approvals()), _distinct(self._kind_approvals())
        same, system = self._together(self._same), len(self._system)
        return [
            _graded("history.attempts", self.attempts, 2, None),
            _graded("history.cards", cards, 2, MANY) if cards else not_run("history.cards", "none_failed", 0),
            _graded("history.bin_groups", groups, GROUPS, None)
            if groups
            else not_run("history.bin_groups", "not_told"),
            passed("history.approvals", others) if others else not_run("history.approvals", "none_in_window", 0),
            self._foreign_fact(),
            passed("history.schemes", schemes) if schemes else not_run("history.schemes", "not_told"),
            passed("history.kind_approvals", of_kind)
            if of_kind
            else not_run("history.kind_approvals", "none_in_window", 0),
            _graded("history.same_code", same, 2, MANY) if same else not_run("history.same_code", "none_failed", 0),
            _graded("history.system_codes", system, 2, MANY)
            if system
            else not_run("history.system_codes", "none_failed", 0),
        ]

    def _together(self, failing: list[PastSale]) -> int:
        """How many cards fail with nothing approved since the first of them; an approval leaves the newest alone."""
        passed_at = min((sale.age_s for sale in self._approvals), default=math.inf)
        return sum(1 for sale in failing if sale.age_s < passed_at)

    def _foreign_fact(self) -> Evidence:
        fact = "history.foreign"
        known = [sale.foreign for sale in self._failing if sale.foreign is not None]
        if not known:
            return not_run(fact, "not_told")
        if not any(known):
            return passed(fact, "none")
        if all(known) and len(known) == len(self._failing):
            return failed(fact, "all", "only_foreign_cards") if len(known) >= MANY else marginal(fact, "all", "few")
        return marginal(fact, "some", "foreign_and_domestic")


def _graded(fact: str, count: int | None, marginal_from: int, fail_from: int | None) -> Evidence:
    if count is None:
        return not_run(fact, "card_has_no_token")
    if fail_from is not None and count >= fail_from:
        return failed(fact, count, "many")
    return marginal(fact, count, "several") if count >= marginal_from else passed(fact, count)


def _present(frame: FreezeFrame) -> PastSale:
    exchange, card = frame.exchange, frame.exchange.card
    return PastSale(
        age_s=0.0,
        code=exchange.code,
        mac=exchange.mac,
        entry_mode=exchange.entry_mode,
        token=card.token,
        bin_group=card.bin_group,
        scheme=card.scheme,
        foreign=is_foreign(card, frame),
        match=exchange.match,
        stored=exchange.stored,
        test_card=exchange.test_card,
    )


def _counts(sale: PastSale) -> bool:
    ours = sale.match is not Match.MISMATCHED and sale.mac is not MacVerdict.BAD
    return ours and not sale.stored and not sale.test_card


def _newest_of_each(restricted: list[PastSale], approvals: list[PastSale]) -> list[PastSale]:
    """The newest restriction of each card that has not passed since; cards without a token count as one card."""
    newest: dict[str | None, PastSale] = {}
    for sale in sorted(restricted, key=lambda sale: sale.age_s):
        newest.setdefault(sale.token, sale)
    if len(newest) > 1:
        newest.pop(None, None)
    passed_at = {sale.token: sale.age_s for sale in sorted(approvals, key=lambda s: -s.age_s) if sale.token}
    return [sale for token, sale in newest.items() if token not in passed_at or passed_at[token] > sale.age_s]


def _is_same(told: CodeRow, row: CodeRow | None) -> bool:
    return row is not None and (told.code == row.code or (told.restricted and row.restricted)) and not row.approved


def _distinct(sales: list[PastSale]) -> int:
    """Distinct cards; those without a token count once for each bank."""
    return len({sale.token or f"bank {sale.bin_group}" for sale in sales})


def _groups(sales: list[PastSale]) -> set[str]:
    return {sale.bin_group for sale in sales if sale.bin_group is not None}
