"""Compares what was played with what the scenario's ``[expect]`` states, and lists every difference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from device.table import Table
from tools.simulate.player import Played


def find_differences(expect: Table, played: Played, out: Path) -> list[str]:
    """One line a difference; empty if all that is stated holds."""
    if played.diagnosis is None:
        return ["no diagnosis came"]
    return [
        *_values(expect, played.diagnosis),
        *_causes(expect, played.diagnosis),
        *_evidence(expect, played),
        *_texts(expect, played, out),
    ]


def _values(expect: Table, diagnosis: Mapping[str, Any]) -> list[str]:
    found = []
    for key in ("code", "verdict", "addressee", "retry"):
        wanted = expect.optional_text(key)
        got = diagnosis[key] or "none"
        if wanted is not None and got not in wanted.split("|"):
            found.append(f"{key}: stated {wanted}, got {got}")
    return found


def _causes(expect: Table, diagnosis: Mapping[str, Any]) -> list[str]:
    states = {cause["id"]: cause["state"] for cause in diagnosis["causes"]}
    reasons = {cause["id"]: cause["because"] for cause in diagnosis["causes"]}
    stated = expect.table("causes", {})
    found = []
    for cause in stated.keys():  # noqa: SIM118  a Table is not a mapping
        wanted = stated.text(cause)
        if states.get(cause) not in wanted.split("|"):
            found.append(f"cause {cause}: stated {wanted}, got {states.get(cause)} because {reasons.get(cause)}")
    unnamed = [cause for cause, state in states.items() if state in ("refuted", "supported") and not reasons[cause]]
    return [*found, *(f"cause {cause} is {states[cause]} without evidence" for cause in unnamed)]


def _evidence(expect: Table, played: Played) -> list[str]:
    outcomes = {item["id"]: item["outcome"] for item in (played.frame or {}).get("evidence", ())}
    listed = {f"{item['part']}.{item['fact']}" for item in (played.diagnosis or {})["found_on_terminal"]}
    stated = expect.table("evidence", {})
    found = []
    for check in stated.keys():  # noqa: SIM118
        wanted = stated.text(check)
        if outcomes.get(check) not in wanted.split("|"):
            found.append(f"evidence {check}: stated {wanted}, got {outcomes.get(check)}")
    found += [
        f"{check} is not listed as found on the terminal" for check in expect.texts("found", ()) if check not in listed
    ]
    found += [
        f"{check} is listed as found on the terminal" for check in expect.texts("not_found", ()) if check in listed
    ]
    return found


def _texts(expect: Table, played: Played, out: Path) -> list[str]:
    headline = "\n".join((played.diagnosis or {})["headline"]["en"])
    screen = out / "screen.txt"
    everything = headline + (screen.read_text() if screen.is_file() else "")
    found = [f"the headline does not say {words!r}" for words in expect.texts("says", ()) if words not in headline]
    found += [f"the screen says {words!r}" for words in expect.texts("never_says", ()) if words in everything]
    if re.search(r"\d\s?%", everything):
        found.append("the screen shows a percentage")
    if expect.flag("screen", True) and not screen.is_file():
        found.append("no screen was drawn")
    expect.close()
    return found
