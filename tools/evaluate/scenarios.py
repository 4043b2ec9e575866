"""Freeze frames from the fault model: every part alone, then parts together, chosen by a seeded hash.

The choice is a hash of the seed and the names, not a random generator, so that any Python makes the same scenarios and
a new fault leaves the others as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from tools.evaluate.model import Model, Part

_TAKEN_AT: Final = "2026-05-04T12:00:00+08:00"
_NO_COUNT: Final = ("stored", "test_card")
_PLAIN_62: Final = "frozen_card"
_BURST: Final = "issuer_burst"
_ALONE: Final = "alone"
_MOST_TRIES: Final = 20  # for each wanted mixture; most parts do not contradict each other
_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One frame in JSON form; ``id`` names the parts it is made of, ``truth`` the causes they injected."""

    id: str
    rules: tuple[str, ...]
    truth: tuple[str, ...]
    frame: dict[str, Any]


def make_scenarios(model: Model, wanted: Iterable[str] = ()) -> list[Scenario]:
    """All scenarios of the model, in a fixed order, no two alike; those with the ids ``wanted`` are among them."""
    made: dict[tuple[str, ...], Scenario] = {}
    known = {
        part.id: part for part in (*model.faults.values(), *(p for axis in model.axes.values() for p in axis.values()))
    }
    asked = (tuple(known[name] for name in scenario_id.split("+")) for scenario_id in wanted)
    for parts in (*asked, *_choices(model)):
        key = tuple(sorted(part.id for part in parts))
        if key not in made:
            scenario = _compose(model, parts)
            if scenario is not None:
                made[key] = scenario
    return sorted(made.values(), key=lambda scenario: (scenario.id.count("+"), scenario.id))


def make_mixtures(model: Model, count: int) -> list[Scenario]:
    """Fresh frames that are kept nowhere: one or two faults in a shop, with some of the other axes, all by the seed."""
    answers_62 = [fault for fault in model.faults.values() if fault.code is None and not fault.beside]
    everything = list(model.faults.values())
    made: dict[str, Scenario] = {}
    for number in range(_MOST_TRIES * count):
        name = f"mixture {number}"
        first = _some(model, name, answers_62 if number % 4 else everything, 1)
        second = _some(model, f"{name} second", everything, number % 2)
        axes = _some(model, f"{name} axes", [axis for axis in model.axes if axis != "shop"], number % 3)
        values = [_some(model, f"{name} {axis}", list(model.axes[axis].values()), 1)[0] for axis in axes]
        parts = (*first, *second, *values, *_some(model, f"{name} shop", list(model.axes["shop"].values()), 1))
        scenario = None if any(part.shops for part in parts) else _compose(model, parts)
        if scenario is not None:
            made.setdefault(scenario.id, scenario)
        if len(made) == count:
            break
    return list(made.values())


def _choices(model: Model) -> Iterator[tuple[Part, ...]]:
    answers_62 = [fault for fault in model.faults.values() if fault.code is None and not fault.beside]
    others = [fault for fault in model.faults.values() if fault.code is not None]
    beside = [fault for fault in model.faults.values() if fault.beside]
    yield from ((fault, *_own_shop(model, fault)) for fault in model.faults.values() if not fault.beside)
    plain = model.faults[_PLAIN_62]
    yield from ((plain, fault) for fault in beside)
    yield from ((plain, part) for axis in model.axes.values() for part in axis.values())
    for fault in answers_62:
        yield from _with_axes(model, fault, {"shop": 2, "mac": 1, "entry": 1, "profile": 1})
    burst = model.axes["shop"][_BURST]
    for fault in others:
        yield from _with_axes(model, fault, {"mac": 1})
        if fault.cause == "bank_maintenance":
            yield (fault, burst)
    for fault in answers_62:
        for second in (*_some(model, fault.id, answers_62, 3), *_some(model, fault.id, beside, 1)):
            shops = _own_shop(model, fault) or _own_shop(model, second) or _some_shops(model, fault.id + second.id, 1)
            yield (fault, second, *shops)
    for host in model.axes["host"].values():
        yield from ((plain, host, shop) for shop in _some_shops(model, host.id, 3))
    for mac in model.axes["mac"].values():
        yield from ((plain, mac, shop) for shop in _some_shops(model, mac.id, 3))
    for fault in others:
        yield from ((fault, second) for second in _some(model, fault.id, beside, 1))


def _with_axes(model: Model, fault: Part, wanted: dict[str, int]) -> Iterator[tuple[Part, ...]]:
    for axis, count in wanted.items():
        if axis == "shop" and fault.shops:
            continue
        for part in _some(model, f"{fault.id}/{axis}", list(model.axes[axis].values()), count):
            yield (fault, part) if axis == "shop" else (fault, part, *_own_shop(model, fault))


def _own_shop(model: Model, fault: Part) -> tuple[Part, ...]:
    """A fault that many cards show needs its shop; () for the rest."""
    return tuple(model.axes["shop"][name] for name in _some(model, fault.id, fault.shops, 1))


def _some_shops(model: Model, name: str, count: int) -> tuple[Part, ...]:
    shops = [shop for short, shop in model.axes["shop"].items() if short != _ALONE]
    return tuple(_some(model, name, shops, count))


def _some(model: Model, name: str, things: Sequence[_Thing], count: int) -> list[_Thing]:
    """``count`` of the things, by the hash of the seed, the name and the thing itself."""

    def rank(thing: _Thing) -> str:
        own = thing.id if isinstance(thing, Part) else str(thing)
        return hashlib.sha256(f"{model.seed}|{name}|{own}".encode()).hexdigest()

    return sorted(things, key=rank)[:count]


def _compose(model: Model, parts: tuple[Part, ...]) -> Scenario | None:
    """The frame of these parts; None where two of them contradict each other."""
    changed: dict[str, Any] = {}
    for part in parts:
        for place, value in part.values.items():
            if changed.get(place, value) != value:
                return None
            changed[place] = value
    answers = {part.code for part in parts if part.code is not None}
    tests = {str(test[0]): test for part in parts for test in part.tests}
    told_twice = any(tests[test[0]] != test for part in parts for test in part.tests)
    if any(answers):  # a host answers one code, and the codes of the model are those of the first host alone
        restricting = any(part.cause and part.code is None and not part.beside for part in parts)
        told_twice = told_twice or restricting or "exchange.host" in changed
    if told_twice or len(answers) > 1 or len({part.id for part in parts}) < len(parts):
        return None
    restricted = next((part.restricted for part in parts if part.restricted), "62")
    approved = next((part.approved for part in parts if part.approved), "00")
    frame: dict[str, Any] = {"v": 1, "taken_at": _TAKEN_AT, "exchange": {"card": {}}, "profile": {}}
    for place, value in {**model.sound, **changed}.items():
        _put(frame, place, value)
    code = next(iter(answers), restricted)
    _answer(frame["exchange"], code)
    sales = [sale for part in parts for sale in part.sales]
    frame["history"] = [_past_sale(sale, restricted, approved) for sale in sales]
    frame["evidence"] = [_test(test) for test in tests.values()]
    frame["software"] = "0.1.0"
    return Scenario(
        "+".join(part.id for part in parts),
        tuple(dict.fromkeys(part.rule for part in parts)),
        tuple(dict.fromkeys(part.cause for part in parts if part.cause)),
        frame,
    )


def _put(frame: dict[str, Any], place: str, value: Any) -> None:
    *path, key = place.split(".")
    inner = frame
    for step in path:
        inner = inner[step]
    if value is not None:
        inner[key] = value


def _answer(exchange: dict[str, Any], code: str) -> None:
    if code:
        exchange["code"] = code
        return
    exchange.update(mac="unknown", match="unchecked")
    exchange.pop("mti", None)


def _past_sale(sale: tuple[Any, ...], restricted: str, approved: str) -> dict[str, Any]:
    age_s, code, token, bank, scheme, foreign, *more = sale
    past: dict[str, Any] = {"age_s": age_s, "mac": "verified", "entry_mode": "chip", "token": token or None}
    past.update(bin_group=bank, scheme=scheme, foreign=foreign)
    if code:
        past["code"] = {"R": restricted, "A": approved}.get(code, code)
    else:
        past.update(mac="unknown", match="unchecked")
    for word in more:
        if word in _NO_COUNT:
            past[word] = True
        elif word == "bad_mac":
            past["mac"] = "bad"
        else:
            past["match"] = "mismatched"
    return past


def _test(test: tuple[Any, ...]) -> dict[str, Any]:
    check, outcome, value = test
    made: dict[str, Any] = {"id": check, "outcome": outcome, "age_s": 12.0}
    if value != "":
        made["value"] = value
    return made
