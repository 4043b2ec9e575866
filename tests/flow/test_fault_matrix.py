"""Every part of a whole terminal broken in every way: the right finding, on the right part, in time, and no other."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import pytest
from support.hal_library import LYING, ROOT, compile_library, compile_preload, compiler_missing

from tools.simulate import namespace

_WHY_NOT: Final = compiler_missing() or namespace.available() or namespace.pcscd_available()
pytestmark = pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))

MATRIX: Final = tomllib.loads((ROOT / "tests/faults/matrix.toml").read_text())
TRIES: Final = 3  # a check that the busy machine starved of time is no finding; a part that always hangs stays one
WORLDS: Final = 3  # terminals side by side; they mostly wait
BUDGET_S: Final = 5.0  # what the safe level may take
SLACK: Final = 2  # on a machine that does other things beside
RESOLV_CONF: Final = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
SIDE: Final = ROOT / "tests/support/fault_world.py"
TIMED: Final = (
    "network.dns",
    "network.tcp",
    "storage.latency",
    "modem.end_to_end",
)  # may be marginal where the machine is slow
GOOD: Final = ("pass", "marginal")


@dataclass(frozen=True)
class Cell:
    """One fault, or several at once, and what must be told; ``parts`` are the parts that it names."""

    name: str
    do: Mapping[str, Any]
    tells: Mapping[str, str]
    reaches: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> set[str]:
        return {fact.partition(".")[0] for fact in self.tells}


def _library_cells() -> Iterator[Cell]:
    library = MATRIX["library"]
    for part, *facts in library["parts"]:
        for habit, told in library["habits"].items():
            tells = {fact: words for fact, words in zip(facts, told, strict=True) if fact and words}
            yield Cell(f"library: {part} {habit}", {"hal": f"{part}:{habit}"}, tells)


CELLS: Final = [Cell(**row) for row in MATRIX["cell"]]
CELLS[-3:-3] = _library_cells()  # the clock's jumps stay last
assert all(cell.name.startswith("clock") for cell in CELLS[-3:])


class Terminals:
    """Some terminals, each in its own namespace; a cell goes to the first one that is free."""

    def __init__(self, folder: Path) -> None:
        self._free: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        self._all: list[subprocess.Popen[str]] = []
        library, clock = compile_library(LYING, folder), compile_preload(folder, "clock_shift")
        for number in range(WORLDS):
            place = folder / f"terminal-{number}"
            place.mkdir()
            command = [sys.executable, str(SIDE), str(place), str(library), str(clock)]
            process = subprocess.Popen(
                namespace.namespace_command(command, RESOLV_CONF),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._all.append(process)
            self._free.put(process)

    def run(self, cell: Mapping[str, Any]) -> Mapping[str, Any]:
        """Break the terminal so, and say what its self-test told."""
        process = self._free.get()
        assert process.stdin is not None
        assert process.stdout is not None
        print(json.dumps(cell), file=process.stdin, flush=True)
        line = process.stdout.readline()
        assert line, "a terminal ended; its error is above"
        self._free.put(process)
        found: Mapping[str, Any] = json.loads(line)
        return found

    def play(self, cell: Cell) -> Mapping[str, Any]:
        """What a cell leads to; again where a check had no time though the cell does not say so."""
        expected = {**cell.tells, **cell.reaches}
        for _attempt in range(TRIES):
            found = self.run(cell.do)
            late = {fact for fact, row in found["rows"].items() if row[:2] == ["error", "deadline"]}
            if not {fact for fact in late if "error deadline" not in expected.get(fact, "")}:
                break
        return found

    def close(self) -> None:
        """End them all."""
        for process in self._all:
            process.communicate()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Mapping[str, Any]]]]:
    """What each cell led to, and the healthy terminal under ``""``; all are under way at once."""
    terminals = Terminals(tmp_path_factory.mktemp("faults"))
    with ThreadPoolExecutor(WORLDS) as pool:
        futures = {"": pool.submit(terminals.play, Cell("healthy", {}, {}))}
        futures |= {cell.name: pool.submit(terminals.play, cell) for cell in CELLS}
        yield futures
    terminals.close()


def test_a_healthy_terminal_has_nothing_that_failed(results: Mapping[str, Future[Mapping[str, Any]]]) -> None:
    rows = results[""].result()["rows"]
    bad = {fact: row for fact, row in rows.items() if row[0] in ("fail", "error")}
    assert not bad
    assert {fact for fact, row in rows.items() if row[0] == "pass"} > {
        *("reader.answer", "modem.sim", "smart_card.atr", "network.chain", "printer.paper", "tamper.latch"),
        *("storage.life", "uart.errors", "usb.expected", "watchdog.armed", "clock.battery", "screen.backlight"),
    }


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name.replace(" ", "_"))
def test_a_fault_is_found_on_its_part_and_every_other_part_is_tested(
    cell: Cell, results: Mapping[str, Future[Mapping[str, Any]]]
) -> None:
    found, healthy = results[cell.name].result(), results[""].result()["rows"]
    rows = found["rows"]
    expected = {**cell.tells, **cell.reaches}
    told = {fact: " ".join(rows[fact][:2]).strip() for fact in expected}
    wrong = {fact: words for fact, words in told.items() if words not in expected[fact].split("|")}
    assert not wrong, f"expected {[(fact, expected[fact]) for fact in wrong]}"
    assert found["count"] == len(rows), "a fact was told twice"
    assert set(healthy) - set(rows) <= {fact for fact in healthy if healthy[fact][1] == "needs_assisted"}
    for fact, (outcome, reason, _value) in rows.items():
        if fact.partition(".")[0] in cell.parts or fact in cell.reaches:
            continue
        if fact in TIMED:
            assert outcome in GOOD, fact
        else:
            assert [outcome, reason] == healthy[fact][:2], fact
    assert found["alive"]
    assert found["took_s"] < BUDGET_S * SLACK


def test_every_part_was_broken_in_some_cell(results: Mapping[str, Future[Mapping[str, Any]]]) -> None:
    tested = {fact.partition(".")[0] for fact in results[""].result()["rows"]}
    broken = set().union(*(cell.parts for cell in CELLS))
    assert tested - broken == {"profile", "service", "update", "versions"}, "these have tests of their own"
