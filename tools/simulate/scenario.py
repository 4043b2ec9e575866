"""A scenario file: the simulated terminal, what is played on it, and what the diagnosis must say.

The format is documented in ``tests/scenarios/README.md``; a mistake is a TableError with file, line and reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from device.settings import read_text
from device.table import Table, parse_toml
from tools.simulate.card import CardPlan
from tools.simulate.iso_message import Damage, Style
from tools.simulate.modem import ModemBehaviour
from tools.simulate.reader import ReaderBehaviour
from tools.simulate.wallet import Card, read_cards

ENTRIES: Final = ("chip", "stripe", "fallback", "contactless", "keyed", "qr")
ACTIONS: Final = (
    "sale", "unplug_reader", "insert_card", "remove_card", "freeze_pcscd", "kill_pcscd", "bad_json", "long_line",
    "line_noise", "restart_service", "selftest",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """What this terminal puts into its messages."""

    terminal_id: str
    merchant_id: str
    mcc: str
    country: str
    currency: str


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """The terminal's profile file: ``values`` replace the terminal's own, ``signed`` with a real ssh-keygen."""

    present: bool
    signed: bool
    signs_declines: bool | None
    maps_codes: bool | None
    stands_in: bool | None
    may_fix: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Hardware:
    """What is fitted and how it behaves; None where it is not fitted."""

    reader: ReaderBehaviour | None
    modem: ModemBehaviour | None
    card: CardPlan | None
    pcscd: bool
    held: tuple[str, ...]  # ports that another process has open: "reader", "modem"
    dns: str
    tcp: str
    tls: str
    fonts: bool
    disk_full: bool
    clock_back_days: int


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens; for a sale, everything about the exchange."""

    do: str
    card: Card | None
    code: str
    entry: str
    mac: str
    style: Style
    response: Damage
    over: str  # "application" (frames), "fields", or "tap"
    stan: str
    response_stan: str
    stored: bool
    test_card: bool
    emv: Mapping[str, str]
    changes: Mapping[str, str]  # of TerminalFacts, for this sale


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file."""

    name: str
    story: str
    terminal: TerminalFacts
    profile: ProfileFacts
    hardware: Hardware
    tap: bool
    steps: tuple[Step, ...]
    expect: Table


def read_scenario(path: Path) -> Scenario:
    """Read one scenario. Raises TableError."""
    root = parse_toml(read_text(path), path.name)
    head = root.table("scenario")
    story = head.text("story")
    head.text("rule")
    head.close()
    terminal = _terminal(root.table("terminal", {}))
    try:
        cards = read_cards(root.raw("cards")) if "cards" in root else {}
    except ValueError as error:
        raise root.error("cards", f"do not fit: {error}") from error
    steps = tuple(_step(table, cards, number) for number, table in enumerate(root.tables("step", most=60), 1))
    scenario = Scenario(
        name=path.stem,
        story=story,
        terminal=terminal,
        profile=_profile(root.table("profile", {})),
        hardware=_hardware(root),
        tap=any(step.over == "tap" or step.do == "line_noise" for step in steps),
        steps=steps,
        expect=root.table("expect"),
    )
    root.close()
    return scenario


def _terminal(table: Table) -> TerminalFacts:
    terminal = TerminalFacts(
        table.text("terminal_id", "T0000001"),
        table.text("merchant_id", "M00000000000001"),
        table.text("mcc", "5411"),
        table.text("country", "156"),
        table.text("currency", "156"),
    )
    table.close()
    return terminal


def _profile(table: Table) -> ProfileFacts:
    names = ("terminal_id", "merchant_id", "mcc", "country", "currency")
    profile = ProfileFacts(
        present=table.flag("present", True),
        signed=table.flag("signed", True),
        signs_declines=table.flag("signs_declines", True) if "signs_declines" in table else None,
        maps_codes=table.optional_flag("maps_codes"),
        stands_in=table.optional_flag("stands_in"),
        may_fix=table.texts("may_fix", ()),
        values={name: table.text(name) for name in names if name in table},
    )
    table.close()
    return profile


def _hardware(root: Table) -> Hardware:
    table = root.table("hardware", {})
    fitted = {part: table.flag(part, True) for part in ("reader", "modem", "card")}
    network = root.table("network", {})
    hardware = Hardware(
        reader=ReaderBehaviour.parse(_part(root, "reader")) if fitted["reader"] else None,
        modem=ModemBehaviour.parse(_part(root, "modem")) if fitted["modem"] else None,
        card=_card_plan(root) if fitted["card"] else None,
        pcscd=table.flag("pcscd", True),
        held=table.texts("held", ()),
        dns=network.choice("dns", ("ok", "dead", "nxdomain"), "ok"),
        tcp=network.choice("tcp", ("ok", "refused"), "ok"),
        tls=network.choice("tls", ("ok", "refused", "expired", "wrong_name"), "ok"),
        fonts=table.flag("fonts", True),
        disk_full=table.flag("disk_full", False),
        clock_back_days=table.whole("clock_back_days", 0, most=3650),
    )
    table.close()
    network.close()
    return hardware


def _part(root: Table, name: str) -> Mapping[str, Any]:
    return root.raw(name) if name in root else {}


def _card_plan(root: Table) -> CardPlan:
    try:
        return CardPlan.from_dict(_part(root, "card"))
    except ValueError as error:
        raise root.error("card", f"does not fit: {error}") from error


def _step(table: Table, cards: Mapping[str, Card], number: int) -> Step:
    alias = table.optional_text("card")
    if alias is not None and alias not in cards:
        raise table.error("card", f"names {alias!r}, which has no [cards.{alias}]")
    stan = f"{number:06d}"
    changes = ("terminal_id", "merchant_id", "mcc", "country", "currency")
    emv = table.table("emv", {})
    step = Step(
        do=table.choice("do", ACTIONS, "sale"),
        card=cards[alias] if alias else None,
        code=table.text("code", "62", most=2),
        entry=table.choice("entry", ENTRIES, "chip"),
        mac=table.choice("mac", ("verified", "bad", "absent", "unsaid"), "verified"),
        style=Style(table.choice("style", tuple(Style), Style.BCD)),
        response=Damage(table.choice("response", tuple(Damage), Damage.OK)),
        over=table.choice("over", ("application", "fields", "tap"), "application"),
        stan=stan,
        response_stan=table.text("response_stan", stan),
        stored=table.flag("stored", False),
        test_card=table.flag("test_card", False),
        emv={tag: emv.text(tag) for tag in emv.keys()},  # noqa: SIM118  a Table is not a mapping
        changes={name: table.text(name) for name in changes if name in table},
    )
    emv.close()
    table.close()
    if step.do == "sale" and step.card is None and step.entry != "qr":
        raise table.error("card", "is missing, and a sale needs one")
    return step
