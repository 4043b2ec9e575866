"""A flood of declines must not make a queue of self-tests: memory stays bounded and every decline is revised."""

from functools import partial
from pathlib import Path

from device.app.catalogue import load_catalogue
from device.app.parts import PartPlans
from device.app.quiet_hour import QuietHour
from device.app.selftests import Selftests
from device.app.terminal import Terminal
from device.evidence import Evidence
from device.loop import Loop
from device.settings import ProfileSettings, read_settings
from device.store.store import Store


def test_a_hundred_declines_at_once_share_one_run_and_each_is_told(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[service]\nstate_dir = "{tmp_path}/state"\nrun_dir = "{tmp_path}/run"\n')
    catalogue, loop, found, told = load_catalogue(), Loop(), list[Evidence](), list[int]()
    terminal = Terminal(ProfileSettings(None, None))
    store = Store(tmp_path / "state" / "db")
    plans = PartPlans(read_settings(settings), terminal, store, None)

    def note(evidence: Evidence) -> Evidence:
        found.append(evidence)
        return evidence

    selftests = Selftests(loop, lambda: catalogue, plans, note, QuietHour(store, lambda: ""))

    def tell(number: int) -> None:
        told.append(number)
        if len(told) == 100:
            loop.stop()

    for number in range(100):
        selftests.run_quiet(partial(tell, number))
    loop.call_in(20, loop.stop)
    loop.run()

    assert sorted(told) == list(range(100))
    assert sum(evidence.id == "storage.free" for evidence in found) == 1
