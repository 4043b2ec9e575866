"""The scenarios and labels as they lie in the repository: one JSON object a line, each line fit for a diff.

``scenarios.jsonl`` begins with the sound frame; each scenario says only where its frame differs. ``labels.jsonl`` holds
the answers, ``a|b`` where more than one is right; the first line holds the
reasons for that, which labels name by number.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from device.freeze_frame import frame_from_json
from tools.evaluate.label import Label
from tools.evaluate.model import model
from tools.evaluate.scenarios import Scenario, make_scenarios
from tools.evaluate.states import label_of

FOLDER: Final = Path(__file__).parents[2] / "tests" / "evaluation"
SCENARIOS: Final = "scenarios.jsonl"
LABELS: Final = "labels.jsonl"
REVIEWED: Final = "reviewed.toml"  # frames that a person read are always among the scenarios
_SOUND: Final = "frozen_card"  # a fault that shows nowhere
_DEEP: Final = ("exchange", "exchange.card", "profile")


def made_files() -> dict[str, str]:
    """File name -> its text, made anew from the fault model and the labeller."""
    reviewed = tomllib.loads(_read(REVIEWED))["frame"]
    scenarios = make_scenarios(model(), (entry["id"] for entry in reviewed))
    sound = next(scenario.frame for scenario in scenarios if scenario.id == _SOUND)
    lines = [_line({"sound": sound})]
    labels = {scenario.id: label_of(frame_from_json(scenario.frame, scenario.id)) for scenario in scenarios}
    reasons = sorted({reason for label in labels.values() for reason in label.why})
    for scenario in scenarios:
        head = {"id": scenario.id, "rules": scenario.rules, "truth": scenario.truth}
        lines.append(_line({**head, "set": dict(_differences(sound, scenario.frame))}))
    answers = [_line({"id": name, **_packed(label, reasons)}) for name, label in labels.items()]
    return {SCENARIOS: "".join(lines), LABELS: "".join([_line({"reasons": reasons}), *answers])}


def stale_files() -> list[str]:
    """The files that are not what the fault model and the labeller make today."""
    return [name for name, text in made_files().items() if _read(name) != text]


def write_files() -> None:
    """Write both files anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in made_files().items():
        (FOLDER / name).write_text(text)


def kept_scenarios() -> list[Scenario]:
    """The scenarios of the repository, with their whole frames."""
    sound, *kept = (json.loads(line) for line in _read(SCENARIOS).splitlines())
    return [
        Scenario(
            entry["id"],
            tuple(entry["rules"]),
            tuple(entry["truth"]),
            _frame(sound["sound"], entry["set"]),
        )
        for entry in kept
    ]


def kept_labels() -> dict[str, Label]:
    """Scenario id -> its label."""
    head, *kept = (json.loads(line) for line in _read(LABELS).splitlines())
    labels = {}
    for entry in kept:
        labels[entry["id"]] = Label(
            entry["rule"],
            _split(entry["verdict"]),
            _split(entry["addressee"]),
            {cause: _split(states) for cause, states in entry["causes"].items()},
            {cause: _split(states) for cause, states in entry["guarded"].items()},
            [head["reasons"][number] for number in entry["why"]],
            _split(entry["retry"]) if entry["retry"] else (),
        )
    return labels


def _read(name: str) -> str:
    path = FOLDER / name
    return path.read_text() if path.exists() else ""


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, separators=(",", ":")) + "\n"


def _split(states: str) -> tuple[str, ...]:
    return tuple(states.split("|"))


def _packed(label: Label, reasons: list[str]) -> dict[str, Any]:
    return {
        "rule": label.rule,
        "verdict": "|".join(label.verdict),
        "addressee": "|".join(label.addressee),
        "retry": "|".join(label.retry),
        "causes": {cause: "|".join(states) for cause, states in label.causes.items()},
        "guarded": {cause: "|".join(states) for cause, states in label.guarded.items()},
        "why": sorted({reasons.index(reason) for reason in label.why}),
    }


def _differences(sound: dict[str, Any], frame: dict[str, Any], under: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted place -> value; None: the sound frame has it and this one does not."""
    for key in sorted({*sound, *frame}):
        place = f"{under}{key}"
        if place in _DEEP:
            yield from _differences(sound[key], frame[key], f"{place}.")
        elif sound.get(key) != frame.get(key):
            yield place, frame.get(key)


def _frame(sound: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(json.dumps(sound))
    for place, value in changed.items():
        *path, key = place.split(".")
        inner = frame
        for step in path:
            inner = inner[step]
        if value is None:
            inner.pop(key, None)
        else:
            inner[key] = value
    return frame
