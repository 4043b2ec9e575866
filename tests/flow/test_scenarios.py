"""Every scenario, played through the real service with real peers, must come to what its file states."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from support.card_data import find_card_data, forms_of

from tools.simulate.scenario import read_scenario
from tools.simulate.wallet import Card

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "tests" / "scenarios").glob("*.toml"))
RESULTS = ("diagnosis.json", "report.txt", "service.log")


def play(scenario: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.simulate", str(scenario), "--out", str(out), "--check"]
    size = "320x240" if len(scenario.stem) % 2 else "480x800"
    language = "en" if len(scenario.stem) % 3 == 0 else "zh"
    return subprocess.run(
        [*command, "--size", size, "--lang", language],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Future[subprocess.CompletedProcess[str]]]]:
    """All runs at once, a few at a time: they mostly wait."""
    folder = tmp_path_factory.mktemp("scenarios")
    pool = ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1)
    return {path.stem: (folder / path.stem, pool.submit(play, path, folder / path.stem)) for path in SCENARIOS}


@pytest.mark.parametrize("name", [path.stem for path in SCENARIOS])
def test_the_diagnosis_is_what_the_scenario_states(
    name: str, runs: dict[str, tuple[Path, Future[subprocess.CompletedProcess[str]]]]
) -> None:
    out, future = runs[name]
    ended = future.result()
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == "", "something was missing or left out, so this did not test what it says"
    for result in RESULTS:
        assert (out / result).stat().st_size > 0
    assert "Traceback" not in (out / "service.log").read_text()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_no_card_data_is_left_behind(
    path: Path, runs: dict[str, tuple[Path, Future[subprocess.CompletedProcess[str]]]]
) -> None:
    out, future = runs[path.stem]
    future.result()
    cards = {step.card for step in read_scenario(path).steps if step.card is not None}
    assert find_card_data(out, cards) == []
    assert list(out.rglob("core*")) == []


def test_the_search_for_card_data_finds_each_form_of_it(tmp_path: Path) -> None:
    card = Card("A", "unionpay", 1, "156", "201", "FF80", 1)
    planted = list(forms_of(card))
    for number, (_, form) in enumerate(planted):
        (tmp_path / f"{number}").write_bytes(b"\x00 before " + form + b" after")
    found = {leak.path.name for leak in find_card_data(tmp_path, [card])}
    assert found == {str(number) for number in range(len(planted))}
    assert find_card_data(tmp_path, [Card("B", "visa", 7, "840", "201", "FF80", 2)]) != []  # the same cardholder
    (tmp_path / card.pan).mkdir()
    assert tmp_path / card.pan in {leak.path for leak in find_card_data(tmp_path, [card])}


def test_there_are_enough_scenarios() -> None:
    assert len(SCENARIOS) >= 24


def test_nothing_in_the_simulated_world_is_built_by_the_product() -> None:
    peers = ("authority", "card", "host", "iso_message", "modem", "pty_peer", "reader", "sale", "wallet")
    for name in peers:
        source = (ROOT / "tools" / "simulate" / f"{name}.py").read_text()
        imported = [line for line in source.splitlines() if line.startswith(("from ", "import "))]
        ours = [line for line in imported if line.split()[1].split(".")[0] in ("device", "native", "protocol")]
        assert ours in ([], ["from device.table import Table"]), f"{name} uses {ours}"


def test_a_broken_scenario_file_is_refused_with_place_and_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(
        '[scenario]\nstory = "x"\nrule = "y"\n\n[cards.A]\n\n[[step]]\ncard = "A"\nentry = "magic"\n\n[expect]\n'
    )
    ended = play(broken, tmp_path / "out")
    assert ended.returncode == 2
    assert ended.stderr.startswith("simulate: broken.toml [step 1], line 9: entry must be one of chip")
    assert len(ended.stderr.splitlines()) == 1
