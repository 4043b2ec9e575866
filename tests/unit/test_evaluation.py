"""The diagnosis judged on freeze frames of a written fault model, with labels that never saw the engine."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from device.freeze_frame import frame_from_json
from tools.evaluate.__main__ import fresh_cases, kept_cases, scores
from tools.evaluate.data import FOLDER, kept_labels, kept_scenarios, stale_files
from tools.evaluate.data import REVIEWED as REVIEWED_FILE
from tools.evaluate.label import Label
from tools.evaluate.score import Score

ROOT = Path(__file__).parents[2]
REVIEWED: list[dict[str, Any]] = tomllib.loads((FOLDER / REVIEWED_FILE).read_text())["frame"]
LABELLERS = ("codes", "label", "model", "rules", "scenarios", "states", "restricted", "data", "baselines")


@cache
def figures() -> dict[str, Score]:
    return scores(kept_cases())


def score_fresh(seed: str) -> Score:
    return scores(fresh_cases(300, seed))["posmedic"]


def test_frames_and_labels_are_what_the_fault_model_makes() -> None:
    assert stale_files() == []


def test_there_are_enough_frames_of_single_and_double_faults() -> None:
    scenarios = kept_scenarios()
    assert len(scenarios) >= 500
    assert len({scenario.id for scenario in scenarios}) == len(scenarios)
    assert sum(len(scenario.truth) > 1 for scenario in scenarios) >= 20
    for scenario in scenarios:
        frame_from_json(scenario.frame, scenario.id)


def test_nothing_is_refuted_or_supported_against_the_rules() -> None:
    own = figures()["posmedic"]
    assert (own.false_refuted, own.false_supported, own.truth_refuted) == (0, 0, 0), own.disagreements


def test_verdict_addressee_and_states_stay_right() -> None:
    own = figures()["posmedic"]
    assert own.verdict.share >= 0.99, own.disagreements
    assert own.addressee.share >= 0.99, own.disagreements
    assert own.states.share >= 0.99, own.disagreements
    assert own.definite.share >= 0.995, own.disagreements


def test_mixtures_that_are_kept_nowhere_are_judged_as_well() -> None:
    own = score_fresh("suite")
    assert (own.false_refuted, own.false_supported, own.truth_refuted) == (0, 0, 0), own.disagreements
    assert min(own.verdict.share, own.addressee.share, own.states.share) >= 0.99, own.disagreements


@pytest.mark.parametrize("baseline", ["code table alone", "the article"])
def test_evidence_is_worth_more_than_a_list(baseline: str) -> None:
    own, other = figures()["posmedic"], figures()[baseline]
    assert own.verdict.share > other.verdict.share
    assert own.addressee.share > other.addressee.share
    assert own.states.share > other.states.share


@pytest.mark.parametrize("reviewed", REVIEWED, ids=lambda entry: str(entry["id"]))
def test_the_label_is_what_a_person_read_in_the_rules(reviewed: dict[str, Any]) -> None:
    label = kept_labels()[reviewed["id"]]
    assert set(label.verdict) == set(reviewed["verdict"].split("|"))
    assert set(label.addressee) == set(reviewed["addressee"].split("|"))
    for cause, states in reviewed["causes"].items():
        _same_states(label, cause, set(states.split("|")))
    assert reviewed["because"]
    assert reviewed["rule"]


def _same_states(label: Label, cause: str, read: set[str]) -> None:
    if cause in label.guarded:
        assert read <= set(label.guarded[cause])  # a guard only says what the cause must not be
    else:
        assert read == set(label.causes[cause]), cause


def test_at_least_fifty_frames_were_read_by_a_person() -> None:
    assert len({entry["id"] for entry in REVIEWED}) >= 50


@pytest.mark.parametrize("module", LABELLERS)
def test_labels_never_see_the_engine_or_its_catalogue(module: str) -> None:
    tree = ast.parse((ROOT / "tools" / "evaluate" / f"{module}.py").read_text())
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {name for name in imported if name.startswith("device")}
    assert ours <= {"device.evidence", "device.freeze_frame"}
    assert "tools.evaluate.engine" not in imported


def test_the_command_prints_one_table_of_all_judges() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.evaluate"], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    head, *rows = done.stdout.splitlines()
    assert head.endswith("| posmedic | code table alone | the article |")
    assert "| falsely refuted | 0 | 0 | 0 |" in rows


def test_an_unknown_frame_is_a_plain_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.evaluate", "--frame", "none such"],
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert "has no frame 'none such'" in done.stderr
