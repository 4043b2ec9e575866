"""A recorded frame says what is wrong with it, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.frames import check, frame, sale

from device.evidence import Outcome
from device.freeze_frame import frame_from_json, frame_to_json
from device.table import TableError


def recorded() -> dict[str, Any]:
    sound = frame(None, sale("00", "other", 60), checks=(check("vendor.new_fact", Outcome.FAIL, "odd"),))
    values: dict[str, Any] = json.loads(json.dumps(frame_to_json(sound)))
    return values


def test_a_frame_carries_its_version() -> None:
    assert recorded()["v"] == 1


def test_evidence_of_an_unknown_id_is_kept() -> None:
    assert frame_from_json(recorded(), "frame.json").find("vendor.new_fact") is not None


def with_(path: str, value: object) -> dict[str, Any]:
    values = recorded()
    *inner, last = path.split(".")
    node: Any = values
    for step in inner:
        node = node[int(step)] if step.isdecimal() else node[step]
    node[last] = value
    return values


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("v", 2, "is 2"),
        ("v", "1", "whole number"),
        ("taken_at", 5, "must be text"),
        ("exchange", [], "must be a table"),
        ("exchange.mac", "maybe", "verified, bad"),
        ("exchange.code", "123456789", "longer than 8"),
        ("exchange.pan", "6200000000000005", "not known here"),
        ("exchange.card.expired", "no", "true or false"),
        ("exchange.card.token", "x" * 201, "longer than"),
        ("history.0.age_s", float("nan"), "finite"),
        ("history.0.match", "so-so", "matched"),
        ("history", "none", "list of tables"),
        ("history", [{}] * 5001, "more than 5000"),
        ("evidence.0.outcome", "ok", "one of"),
        ("evidence.0.value", [1], "one value"),
        ("evidence.0.value", float("inf"), "finite"),
        ("window_s", 0, "more than 0"),
        ("window_s", float("inf"), "finite"),
        ("profile.verified", 1, "true or false"),
        ("surprise", 1, "not known here"),
    ],
)
def test_a_wrong_frame_is_refused_with_one_sentence(path: str, value: object, words: str) -> None:
    with pytest.raises(TableError, match=words) as refused:
        frame_from_json(with_(path, value), "frame.json")
    assert str(refused.value).startswith("frame.json")
    assert "\n" not in str(refused.value)
    assert "6200000000000005" not in str(refused.value)


@pytest.mark.parametrize("values", [None, [], "text", 5, {}])
def test_what_is_no_frame_at_all_is_refused(values: object) -> None:
    with pytest.raises(TableError, match=r"frame\.json"):
        frame_from_json(values, "frame.json")
