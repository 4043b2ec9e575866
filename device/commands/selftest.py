"""``posmedic selftest``: runs the checks in the service or without one, and tells them as a table or as JSON lines."""

from __future__ import annotations

import argparse
import dataclasses
import json
import select
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from device import __version__
from device.actions import Progress, Prompt, SelftestResult
from device.app.reporting import Ask, read_evidence
from device.app.standalone import Standalone
from device.commands.line import ask_service
from device.commands.report import write_file
from device.evidence import CheckSpec, Evidence, Level
from device.outlets.compare import Run, run_to_json
from device.outlets.report import selftest_text
from device.selftest.check_table import parse_checks
from device.settings import Settings, read_catalogue, read_texts

Answer: TypeAlias = Callable[[str, bool | None], None]


def run_selftest(arguments: argparse.Namespace, settings: Settings, language: str) -> int:
    """Run the checks, print them in the asked form, save them where asked; the exit code of the run."""
    lines = LinePrinter(parse_checks(read_catalogue("checks.toml"))) if arguments.json else None

    texts = read_texts(language)

    def step(progress: Progress, answer: Answer) -> None:
        if progress.prompt is not None:
            ask_person(progress.prompt, texts, answer)
            return
        show_progress(progress)
        if lines is not None:
            lines.print(progress.evidence)

    result, ask = _run(arguments, settings, step)
    if arguments.save is not None:
        _save(arguments.save, arguments.level, result, ask)
    if lines is not None:
        lines.print(result.evidence)
        lines.end(result.exit_code)
    else:
        _print(selftest_text(result.evidence, language, texts))
    return result.exit_code


def _run(
    arguments: argparse.Namespace, settings: Settings, step: Callable[[Progress, Answer], None]
) -> tuple[SelftestResult, Ask]:
    run_dir = settings.service.run_dir

    def answer(check: str, seen: bool | None) -> None:
        ask_service(run_dir, "answer", {"check": check, "seen": seen}, lambda _step: None)

    def told(values: Mapping[str, Any]) -> None:
        found = read_evidence(values.get("evidence", ()))
        asked = values.get("prompt")
        prompt = None if asked is None else Prompt(**asked)
        step(Progress(int(values["done"]), int(values["total"]), str(values["text"]), found, prompt), answer)

    person = arguments.level == Level.ASSISTED
    request = {"level": arguments.level, "part": arguments.part, "person": person}
    runs, result = ask_service(run_dir, "selftest", request, told)
    if runs:
        done = SelftestResult(read_evidence(result["evidence"]), int(result["exit_code"]))
        return done, lambda command, args: ask_service(run_dir, command, args, lambda _step: None)[1]
    alone = Standalone(settings)

    def answer_here(check: str, seen: bool | None) -> None:
        alone.answer(check, seen=seen)

    def step_here(progress: Progress) -> None:
        step(progress, answer_here)

    return alone.selftest(Level(arguments.level), arguments.part, step_here, person=person), alone.ask


def ask_person(prompt: Prompt, texts: Mapping[str, Mapping[str, Any]], answer: Answer) -> None:
    """Show what to do; a question waits for a line of standard input that begins with y or n (or 是, 否)."""
    words = str(texts["check"][prompt.check]["prompt"])
    hint = " [y/n] " if prompt.confirm else f" ({prompt.wait_s:.0f} s)\n"
    sys.stderr.write(f"{words}{hint}")
    sys.stderr.flush()
    until = time.monotonic() + prompt.wait_s
    while prompt.confirm and (left_s := until - time.monotonic()) > 0:
        if not select.select([sys.stdin], [], [], left_s)[0]:
            return
        line = sys.stdin.readline()
        if not line:  # nobody is there
            answer(prompt.check, None)
            return
        seen = {"y": True, "是": True, "n": False, "否": False}.get(line.strip().lower()[:1])
        if seen is not None:
            answer(prompt.check, seen)
            return


class LinePrinter:
    """Prints each result once, as soon as it is known: one JSON object a line (catalogue/selftest.schema.json)."""

    def __init__(self, specs: Mapping[str, CheckSpec]) -> None:
        self._specs = specs
        self._told: set[str] = set()

    def print(self, evidence: Sequence[Evidence]) -> None:
        """Print what was not printed before."""
        for item in evidence:
            if item.id not in self._told:
                self._told.add(item.id)
                self._write(self.line_of(item))

    def line_of(self, item: Evidence) -> dict[str, Any]:
        """One result; ``level`` is null for a fact that the table of checks does not know."""
        spec = self._specs.get(item.id)
        place = {"id": item.id, "part": item.part, "fact": item.fact}
        return {**place, **dataclasses.asdict(item), "level": None if spec is None else spec.level.value}

    def end(self, exit_code: int) -> None:
        """Print the last line."""
        self._write({"exit_code": exit_code})

    @staticmethod
    def _write(line: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        sys.stdout.flush()


def show_progress(progress: Progress) -> None:
    """One line on standard error, rewritten in place where a person watches."""
    if sys.stderr.isatty():
        bar = "#" * progress.done + "." * (progress.total - progress.done)
        end = "\n" if progress.done == progress.total else ""
        sys.stderr.write(f"\r[{bar}] {progress.done}/{progress.total} {progress.text:20}{end}")
        sys.stderr.flush()


def _save(path: Path, level: str, result: SelftestResult, ask: Ask) -> None:
    """Keep the run for a later comparison."""
    terminal_id = (ask("facts", {}) or {}).get("terminal", {}).get("terminal_id") or ""
    made = datetime.now().astimezone().isoformat(timespec="seconds")
    run = Run(made, __version__, terminal_id, level, result.evidence)
    write_file(path, json.dumps(run_to_json(run), ensure_ascii=False, indent=1) + "\n")


def _print(text: str) -> None:
    sys.stdout.write(text.rstrip("\n") + "\n")
