"""A new version on trial: what becomes of it, which verdict is written, and what the old one tells after a rollback."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.sheet import KeptSheet

import device.app.boot_gate as boot_gate_module
from device.app.boot_gate import BootGate, OtherSlots, other_slots
from device.app.catalogue import load_catalogue
from device.evidence import Evidence, Outcome
from device.outlets.update_text import status_text
from device.selftest.update import check_update
from device.settings import read_catalogue, read_texts
from device.update.gate import Counts, parse_gate
from device.update.records import Baseline, Ending, Pending, Records, Running, Verdict

RULES = parse_gate(read_catalogue("gate.toml"))
CHECKS = tuple(load_catalogue().checks)
OLD, NEW = Running("1.0", "A"), Running("2.0", "B")
WAY_BACK = OtherSlots(frozenset("A"), frozenset())
GOOD = [Evidence(check, Outcome.PASS) for check in CHECKS]


def but(**outcomes: Outcome) -> list[Evidence]:
    """All checks pass, except these (``storage__writable`` is storage.writable)."""
    changed = {name.replace("__", "."): outcome for name, outcome in outcomes.items()}
    return [Evidence(check, changed.get(check, Outcome.PASS), reason="broken_by_test") for check in CHECKS]


class Terminal:
    """The records, and boots of versions over them; each later run of a boot gets what ``again`` has next."""

    def __init__(self, folder: Path) -> None:
        self.records = Records(folder)
        self.boots = 0
        self.reruns: list[Sequence[str]] = []

    def boot(
        self,
        running: Running,
        evidence: Sequence[Evidence] = GOOD,
        again: Sequence[Sequence[Evidence]] = (),
        others: OtherSlots = WAY_BACK,
    ) -> bool:
        """The first self-test of a boot; whether the version may stay."""
        self.boots += 1
        self.reruns, left, decided = [], list(again), list[bool]()

        def rerun(parts: Sequence[str], done: object) -> None:
            self.reruns.append(parts)
            assert callable(done)
            done([item for item in left.pop(0) if item.part in parts])

        gate = BootGate(self.records, lambda: RULES, rerun, f"boot-{self.boots}")
        gate.judge(running, evidence, others, decided.append)
        assert len(decided) == 1
        return decided[0]

    def install(self, source: Running = OLD, version: str = "2.0", *, installed: bool = True) -> None:
        self.records.write(Pending(source, version, "2026-11-25T10:00:00+00:00", f"boot-{self.boots}", installed))

    def heard(self) -> None:
        """The new version came as far as its guard of the boot."""
        pending = self.records.pending()
        assert pending is not None
        self.records.write(Pending(*(pending.source, pending.version, pending.began, pending.boot), True, ("x",)))

    @property
    def ending(self) -> Ending | None:
        verdict = self.records.verdict()
        return None if verdict is None else verdict.ending

    def finding(self) -> Evidence:
        sheet = KeptSheet()
        check_update(self.records, sheet)
        return sheet.found["update.last"]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    terminal = Terminal(tmp_path / "update")
    assert terminal.boot(OLD)
    terminal.install()
    return terminal


def test_a_new_version_that_passes_what_the_old_one_passed_stays_and_is_the_next_measure(terminal: Terminal) -> None:
    assert terminal.boot(NEW)
    assert (terminal.ending, terminal.records.pending(), terminal.reruns) == (Ending.GOOD, None, [])
    baseline = terminal.records.baseline()
    assert baseline is not None
    assert baseline.running == NEW
    assert terminal.finding().outcome is Outcome.PASS


def test_a_new_version_that_loses_a_check_in_two_of_three_runs_goes(terminal: Terminal) -> None:
    bad = but(storage__writable=Outcome.FAIL)
    assert not terminal.boot(NEW, bad, [GOOD, bad])
    assert terminal.reruns == [["storage"], ["storage"]]
    verdict = terminal.records.verdict()
    assert verdict is not None
    assert (verdict.ending, verdict.source, verdict.target) == (Ending.REGRESSED, OLD, NEW)
    assert (verdict.check, verdict.expected, verdict.got) == ("storage.writable", "pass", "fail: broken_by_test")


def test_the_old_version_tells_what_the_new_one_was_sent_back_for(terminal: Terminal) -> None:
    bad = but(screen__panel=Outcome.ERROR)
    assert not terminal.boot(NEW, bad, [bad])
    verdict = terminal.records.verdict()
    assert terminal.boot(OLD)
    assert terminal.records.verdict() == verdict
    assert terminal.records.pending() is None
    found = terminal.finding()
    assert (found.outcome, found.value) == (Outcome.FAIL, "regressed")
    assert "screen.panel was pass, then error: broken_by_test" in found.detail
    for language, words in (("en", "taken back: a check that had passed failed"), ("zh", "已退回")):
        status = {"running": {"version": "1.0", "slot": "A"}, "updater": "rauc", "under_way": None, "system": None}
        assert verdict is not None
        text = status_text({**status, "last": asdict(verdict)}, read_texts(language))
        assert words in text
        assert "screen.panel" in text


def test_a_check_that_fails_by_chance_in_one_run_costs_nothing(terminal: Terminal) -> None:
    assert terminal.boot(NEW, but(storage__writable=Outcome.FAIL), [GOOD, GOOD])
    assert terminal.ending is Ending.GOOD


def test_without_a_way_back_it_stays_and_says_so(terminal: Terminal) -> None:
    """Both slots are marked bad, or RAUC does not tell: a terminal that runs is better than one that does not."""
    bad = but(storage__writable=Outcome.FAIL)
    assert terminal.boot(NEW, bad, [bad], OtherSlots())
    verdict = terminal.records.verdict()
    assert verdict is not None
    assert (verdict.ending, verdict.detail) == (Ending.REGRESSED, "no_way_back")
    found = terminal.finding()
    assert (found.outcome, found.value) == (Outcome.FAIL, "no_way_back")
    assert terminal.boot(NEW, bad)  # and from now on it is not on trial any more
    assert terminal.records.verdict() == verdict


def test_the_way_back_is_the_slot_that_was_measured_and_not_some_empty_one(terminal: Terminal) -> None:
    bad = but(storage__writable=Outcome.FAIL)
    assert terminal.boot(NEW, bad, [bad], OtherSlots(frozenset("C")))


def test_a_terminal_without_slots_known_to_us_goes_back_to_any_good_one(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.boot(Running("1.0", ""))
    bad = but(storage__writable=Outcome.FAIL)
    assert not terminal.boot(Running("2.0", ""), bad, [bad], OtherSlots(frozenset("A")))


@pytest.mark.parametrize("clock", ["1970-01-01T00:00:40+00:00", "2026-11-25T10:30:00+00:00"])
def test_a_verdict_is_kept_by_its_update_and_not_by_the_clock(
    terminal: Terminal, clock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            del tz
            return datetime.fromisoformat(clock)

    monkeypatch.setattr(boot_gate_module, "datetime", Clock)
    bad = but(storage__writable=Outcome.FAIL)
    assert not terminal.boot(NEW, bad, [bad])
    assert terminal.boot(OLD)
    verdict = terminal.records.verdict()
    assert verdict is not None
    assert verdict.ending is Ending.REGRESSED
    assert verdict.at == ("" if clock.startswith("1970") else clock)
    assert ("clock not set" in terminal.finding().detail) == clock.startswith("1970")


def test_at_1970_a_signature_with_dates_sends_nobody_back(terminal: Terminal) -> None:
    assert terminal.boot(NEW, but(profile__signature=Outcome.FAIL, clock__floor=Outcome.FAIL))


def test_a_new_version_that_was_never_heard_of_is_told_as_silent(terminal: Terminal) -> None:
    assert terminal.boot(OLD)
    verdict = terminal.records.verdict()
    assert verdict is not None
    assert (verdict.ending, verdict.detail, verdict.target.version) == (Ending.SILENT, "never_started", "2.0")
    assert terminal.records.pending() is None


def test_one_that_came_to_its_guard_and_no_further_is_told_as_such(terminal: Terminal) -> None:
    terminal.heard()
    assert terminal.boot(OLD)
    verdict = terminal.records.verdict()
    assert verdict is not None
    assert (verdict.ending, verdict.detail) == (Ending.SILENT, "no_answer")


@pytest.mark.parametrize(
    ("whole", "ending"), [(frozenset({"2.0"}), Ending.SILENT), (frozenset({"1.5"}), Ending.INSTALL_FAILED)]
)
def test_an_install_that_was_cut_off_is_told_by_what_is_in_the_slot(
    tmp_path: Path, whole: frozenset[str], ending: Ending
) -> None:
    terminal = Terminal(tmp_path)
    terminal.boot(OLD)
    terminal.install(installed=False)
    assert terminal.boot(OLD, others=OtherSlots(frozenset("AB"), whole))
    assert terminal.ending is ending


def test_the_same_version_installed_again_is_not_called_good_by_the_slot_it_came_from(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.boot(OLD)
    terminal.install(version="1.0")
    assert terminal.boot(OLD)
    assert terminal.ending is Ending.SILENT


def test_a_service_that_starts_again_within_the_boot_of_an_install_leaves_it_pending(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.boot(OLD)
    terminal.boots += 1
    terminal.install()
    terminal.boots -= 1
    assert terminal.boot(OLD)
    assert terminal.records.pending() is not None
    assert terminal.ending is None


def test_the_second_update_in_a_row_is_not_taken_for_the_first(terminal: Terminal) -> None:
    bad = but(storage__writable=Outcome.FAIL)
    assert not terminal.boot(NEW, bad, [bad])
    assert terminal.boot(OLD)
    terminal.records.write(Pending(OLD, "2.0", "2026-11-25T11:00:00+00:00", "boot-3", True))
    assert terminal.boot(OLD)
    assert terminal.ending is Ending.SILENT


def test_a_thousand_boots_with_parts_missing_change_no_slot(tmp_path: Path) -> None:
    """Versions take turns; what the outside world does is drawn at random each time and in every run again."""
    random = Random(7)  # noqa: S311  the same boots each time
    terminal = Terminal(tmp_path)
    terminal.boot(OLD)
    reasons = ("not_fitted", "no_reader", "mute", "no_sim", "no_paper", "deadline", "no_route")

    def world() -> list[Evidence]:
        return [
            Evidence(
                check, random.choice((Outcome.FAIL, Outcome.ERROR, Outcome.NOT_RUN)), reason=random.choice(reasons)
            )
            if RULES.counts_of(check) is Counts.BROKEN and random.random() < 0.3
            else Evidence(check, Outcome.PASS)
            for check in CHECKS
        ]

    worlds = [world() for _ in range(60)]
    rollbacks = 0
    for number in range(1000):
        running = Running(f"{number // 5}", "AB"[number // 5 % 2])
        first, second, third = random.sample(worlds, 3)
        rollbacks += not terminal.boot(running, first, [second, third], OtherSlots(frozenset("AB")))
    assert rollbacks == 0


@given(
    st.lists(
        st.tuples(st.sampled_from([OLD, NEW]), st.sampled_from(["good", "bad", "chance"]), st.booleans()), max_size=6
    )
)
def test_whatever_happens_a_version_goes_only_when_it_lost_something_and_another_is_good(
    tmp_path_factory: pytest.TempPathFactory, boots: list[tuple[Running, str, bool]]
) -> None:
    terminal = Terminal(tmp_path_factory.mktemp("gate"))
    assert terminal.boot(OLD)
    bad = but(storage__writable=Outcome.FAIL)
    for running, how, way_back in boots:
        baseline = terminal.records.baseline()
        assert baseline is not None
        trial = baseline.running != running and "storage.writable" in baseline.outcomes
        others = OtherSlots(frozenset("AB") if way_back else frozenset())
        stays = terminal.boot(running, GOOD if how == "good" else bad, [bad if how == "bad" else GOOD, GOOD], others)
        assert stays == (not trial or how != "bad" or not way_back)
        assert terminal.records.damaged == []


def test_slots_are_read_from_what_rauc_tells() -> None:
    rows = [
        {"name": "A", "booted": True, "good": True, "version": "", "whole": False},
        {"name": "B", "booted": False, "good": False, "version": "2.0", "whole": True},
        {"name": "C", "booted": False, "good": True, "version": "3.0", "whole": False},
    ]
    assert other_slots({"slots": rows}) == OtherSlots(frozenset("C"), frozenset({"2.0"}))
    assert other_slots({}) == OtherSlots()


RECORDS: Sequence[Baseline | Pending | Verdict] = (
    Baseline(OLD, {"storage.writable": "pass", "memory.available": "marginal"}),
    Pending(OLD, "2.0", "2026-11-25T10:00:00+00:00", "boot-1", True, ("a", "b")),
    Verdict(Ending.REGRESSED, OLD, NEW, "", "a.b", "pass", "fail: \N{SNOWMAN}", "no_way_back", "x y"),
)


def read_back(records: Records, record: Baseline | Pending | Verdict) -> Baseline | Pending | Verdict | None:
    return {"Baseline": records.baseline, "Pending": records.pending, "Verdict": records.verdict}[
        type(record).__name__
    ]()


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_as_it_was_written(tmp_path: Path, record: Baseline | Pending | Verdict) -> None:
    Records(tmp_path / "new" / "update").write(record)
    assert read_back(Records(tmp_path / "new" / "update"), record) == record


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_the_version_before_reads_what_a_newer_one_wrote(tmp_path: Path, record: Baseline | Pending | Verdict) -> None:
    """A newer version may add keys, anywhere, and endings; it may not take any away."""
    Records(tmp_path).write(record)
    (path,) = tmp_path.glob("*.json")
    values = json.loads(path.read_text())
    values["newer"] = {"deep": [1, None]}
    for inner in ("running", "source", "target"):
        if inner in values:
            values[inner]["build"] = 7
    path.write_text(json.dumps(values))
    records = Records(tmp_path)
    assert read_back(records, record) == record
    assert records.damaged == []


def test_an_ending_that_only_a_newer_version_knows_is_told_as_such(tmp_path: Path) -> None:
    records = Records(tmp_path)
    records.write(RECORDS[2])
    path = tmp_path / "verdict.json"
    path.write_text(path.read_text().replace("regressed", "half_good"))
    verdict = records.verdict()
    assert verdict is not None
    assert verdict.ending is Ending.OTHER
    sheet = KeptSheet()
    check_update(records, sheet)
    assert sheet.found["update.last"].outcome is Outcome.MARGINAL


@given(st.data())
def test_a_damaged_record_counts_as_absent_and_is_told(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("records")
    record = data.draw(st.sampled_from(RECORDS))
    Records(folder).write(record)
    (path,) = folder.glob("*.json")
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole) - 1))
    spoilt = whole[:cut] + data.draw(st.binary(max_size=3))
    assume(spoilt.strip() != whole)
    path.write_bytes(spoilt)
    records = Records(folder)
    found = read_back(records, record)
    assert found is None
    assert records.damaged == [path.name]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_json_of_any_other_shape_never_raises(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    folder = tmp_path_factory.mktemp("records")
    for name in ("baseline", "pending", "verdict"):
        shapes: Mapping[str, object] = {"source": value, "running": value, "outcomes": value, "ending": value}
        (folder / f"{name}.json").write_text(json.dumps(shapes))
    records = Records(folder)
    assert (records.baseline(), records.pending(), records.verdict()) == (None, None, None)
    assert len(records.damaged) == 3


def test_a_verdict_that_cannot_be_written_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    terminal = Terminal(tmp_path / "file" / "update")
    assert terminal.boot(OLD)
    assert "unwritten=Baseline" in capsys.readouterr().out


def test_times_of_verdicts_are_utc() -> None:
    told = boot_gate_module.time_of_verdict()
    assert not told or datetime.fromisoformat(told).utcoffset() == datetime.now(UTC).utcoffset()
