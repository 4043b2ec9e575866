"""The main job, shown on this machine: a simulated terminal whose host answers 62 to a domestic-only card.

Usage: python -m tools.demo [--out DIR]. Writes one folder a language, prints the screen's text, where the pictures
are, and how long each step took.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SCENARIO: Final = ROOT / "tests" / "scenarios" / "domestic_only_card.toml"
RUNS: Final = (("zh", "480x800"), ("en", "480x800"), ("zh", "320x240"), ("en", "128x64"))
_MOST_S: Final = 100


def main() -> int:
    """Play the scenario once per language and size; 0 if every run played to its end."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo"))
    out: Path = parser.parse_args().out
    took: list[tuple[str, Path, float]] = []
    failed = 0
    story = tomllib.loads(SCENARIO.read_text())["scenario"]["story"]
    print(f"demo: the real service on simulated hardware. {story} The host answers 62.", flush=True)
    for language, size in RUNS:
        folder = out / f"{language}-{size}"
        try:
            if folder.exists():
                shutil.rmtree(folder)  # a page of an earlier run must not stand among this run's
            folder.mkdir(parents=True)
        except OSError as error:
            print(f"demo: {folder}: cannot be made anew: {error.strerror}", file=sys.stderr)
            return 1
        print(f"demo: playing {SCENARIO.stem} in {language} on a {size} panel ...", flush=True)
        began = time.monotonic()
        failed += _play(folder, language, size)
        took.append((f"{language} {size}", folder, time.monotonic() - began))
    for language in ("zh", "en"):
        text = out / f"{language}-480x800" / "screen.txt"
        if text.is_file():
            print(f"\n--- the screen ({language}) ---\n{text.read_text()}", flush=True)
    print("--- pictures ---")
    for language, size in RUNS:
        pages = len(list((out / f"{language}-{size}").glob("screen*.png")))
        print(f"  {out / f'{language}-{size}' / 'screen.png'}  (first of {pages} pages)")
    print("--- go on with (the simulated parts are gone by now, so a self-test finds none) ---")
    first = out / "en-480x800"
    command = os.path.relpath(Path(sys.executable).with_name("posmedic"))
    print(f"  {command} diagnose {first / 'frame.json'} --explain --lang en   # the chain, rule by rule")
    print(f"  {command} explain {_short_code(first)} --lang en   # what the code on the screen says over the telephone")
    print(f"  {command} report --settings {first / 'settings.toml'} --lang en   # what the shop hands on")
    print("--- how long it took (run; judged after the response came; first page drawn) ---")
    for name, folder, seconds in took:
        print(f"  {name:12} {seconds:5.1f} s  {_told(folder, 'judged'):>8} ms  {_told(folder, 'screen page=1'):>6} ms")
    print("demo: done" if not failed else f"demo: {failed} of {len(RUNS)} runs did not play to their end")
    return 1 if failed else 0


def _play(folder: Path, language: str, size: str) -> int:
    command = [sys.executable, "-m", "tools.simulate", str(SCENARIO), "--out", str(folder)]
    try:
        ended = subprocess.run([*command, "--lang", language, "--size", size], cwd=ROOT, timeout=_MOST_S, check=False)
    except subprocess.TimeoutExpired:
        print(f"demo: the run did not end within {_MOST_S} s", file=sys.stderr)
        return 1
    return int(ended.returncode != 0)


def _short_code(folder: Path) -> str:
    """The last code of the kind that the screen shows, as a person would read it."""
    text = folder / "screen.txt"
    found = re.findall(r"\b[0-9A-Z]{12}\b", text.read_text() if text.is_file() else "")
    return found[-1] if found else "62"


def _told(folder: Path, event: str) -> str:
    """Milliseconds that the service itself logged for an event."""
    log = folder / "service.log"
    found = re.search(rf" {event}.*took_ms=([0-9.]+)", log.read_text() if log.is_file() else "")
    return found[1] if found else "-"


if __name__ == "__main__":
    sys.exit(main())
