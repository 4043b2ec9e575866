"""A flood of declines must not make a queue of self-tests: memory stays bounded and every decline is revised."""

from functools import partial
from pathlib import Path

import pytest

from device.app.catalogue import load_catalogue
from device.app.parts import PartPlans
from device.app.quiet_hour import QuietHour
from device.app.selftests import Selftests
from device.app.terminal import Terminal
from device.evidence import Evidence
from device.loop import Loop
from device.settings import ProfileSettings, read_settings
from device.store.store import Store


def made(folder: Path, loop: Loop, found: list[Evidence]) -> Selftests:
    settings = folder / "settings.toml"
    settings.write_text(f'[service]\nstate_dir = "{folder}/state"\nrun_dir = "{folder}/run"\n')
    catalogue = load_catalogue()
    store = Store(folder / "state" / "db")
    plans = PartPlans(read_settings(settings), Terminal(ProfileSettings(None, None)), store, None)

    def note(evidence: Evidence) -> Evidence:
        found.append(evidence)
        return evidence

    return Selftests(loop, lambda: catalogue, plans, note, QuietHour(store, lambda: ""))


def runs(found: list[Evidence]) -> int:
    return sum(evidence.id == "storage.free" for evidence in found)


def test_a_hundred_declines_at_once_share_one_run_and_each_is_told(tmp_path: Path) -> None:
    loop, found, told = Loop(), list[Evidence](), list[int]()
    selftests = made(tmp_path, loop, found)

    def tell(number: int) -> None:
        told.append(number)
        if len(told) == 100:
            loop.stop()

    for number in range(100):
        selftests.run_quiet(partial(tell, number))
    loop.call_in(20, loop.stop)
    loop.run()

    assert sorted(told) == list(range(100))
    assert runs(found) == 1


def test_declines_that_come_faster_than_runs_end_make_no_queue_of_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.app.selftests._AFTER_PAGE_S", 0.0)  # on a busy machine a run lasts longer than this
    loop, found, told = Loop(), list[Evidence](), list[int]()
    selftests = made(tmp_path, loop, found)
    runs_of_the_flood = [0]

    def tell(number: int) -> None:
        told.append(number)
        if len(told) == 300:
            loop.stop()

    def decline(number: int) -> None:
        selftests.run_quiet(partial(tell, number))
        if number < 299:
            loop.call_in(0.002, partial(decline, number + 1))
        else:
            runs_of_the_flood[0] = runs(found)

    decline(0)
    loop.call_in(60, loop.stop)
    loop.run()

    assert sorted(told) == list(range(300))
    assert runs(found) <= runs_of_the_flood[0] + 2  # the one under way, and the one for who came since
