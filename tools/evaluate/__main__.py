"""How often the diagnosis is right: ``python -m tools.evaluate [--disagreements] [--fresh N --seed TEXT]``.

Judges the freeze frames of tests/evaluation and prints the figures of posmedic and of two baselines. ``--fresh`` judges
that many frames that nobody has seen before, mixed from the same fault model by ``--seed``, instead. ``--write`` makes
frames and labels anew from the fault model, ``--check`` says whether they are fresh, ``--frame`` prints one whole frame
for ``posmedic diagnose``. Exit codes: 0 nothing refuted or supported against the labels, 1 something was or a file is
stale, 2 no such frame.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from typing import Final

from device.evidence import FreezeFrame
from device.freeze_frame import frame_from_json
from tools.evaluate.baselines import Answer, article, code_table
from tools.evaluate.data import kept_labels, kept_scenarios, stale_files, write_files
from tools.evaluate.engine import engine
from tools.evaluate.label import Label
from tools.evaluate.model import model
from tools.evaluate.scenarios import Scenario, make_mixtures
from tools.evaluate.score import Count, Score, score
from tools.evaluate.states import label_of

JUDGES: Final[dict[str, Callable[[FreezeFrame], Answer]]] = {
    "posmedic": engine,
    "code table alone": code_table,
    "the article": article,
}


def main() -> int:
    """Read the arguments, judge, print."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--disagreements", action="store_true", help="every answer that a label does not allow")
    parser.add_argument("--frame", metavar="ID", help="print this frame")
    parser.add_argument("--write", action="store_true", help="make frames and labels anew")
    parser.add_argument("--check", action="store_true", help="are frames and labels what the fault model makes?")
    parser.add_argument("--fresh", type=int, default=0, metavar="N", help="judge N new mixtures, not the kept frames")
    parser.add_argument("--seed", default="fresh", help="of the mixtures")
    wanted = parser.parse_args()
    if wanted.frame is not None:
        return _print_frame(wanted.frame)
    if wanted.write:
        write_files()
    stale = stale_files() if wanted.check else []
    for name in stale:
        print(f"tests/evaluation/{name} is not what the fault model makes: run python -m tools.evaluate --write")
    if wanted.check:
        return 1 if stale else 0
    cases = fresh_cases(wanted.fresh, wanted.seed) if wanted.fresh else kept_cases()
    return _evaluate(cases, show=wanted.disagreements)


def kept_cases() -> list[tuple[Scenario, Label]]:
    """The scenarios and labels of the repository."""
    labels = kept_labels()
    return [(scenario, labels[scenario.id]) for scenario in kept_scenarios()]


def fresh_cases(count: int, seed: str) -> list[tuple[Scenario, Label]]:
    """New mixtures of the fault model, labelled on the spot."""
    scenarios = make_mixtures(dataclasses.replace(model(), seed=seed), count)
    return [(scenario, label_of(frame_from_json(scenario.frame, scenario.id))) for scenario in scenarios]


def scores(cases: list[tuple[Scenario, Label]]) -> dict[str, Score]:
    """Each judge's figures."""
    return {name: score(_judged(cases, judge)) for name, judge in JUDGES.items()}


def _judged(
    cases: list[tuple[Scenario, Label]], judge: Callable[[FreezeFrame], Answer]
) -> Iterator[tuple[Scenario, Label, Answer]]:
    for scenario, label in cases:
        yield scenario, label, judge(frame_from_json(scenario.frame, scenario.id))


def _evaluate(cases: list[tuple[Scenario, Label]], *, show: bool) -> int:
    found = scores(cases)
    _print_table(found)
    own = found["posmedic"]
    if show:
        for item in own.disagreements:
            print(f"{item.scenario}: {item.place} is {item.said}, allowed {'|'.join(item.allowed)}")
    return 1 if own.false_refuted or own.false_supported or own.truth_refuted else 0


def _print_table(found: dict[str, Score]) -> None:
    """A table in Markdown, so that it can be pasted."""
    frames = next(iter(found.values())).verdict.all
    rows: list[tuple[str, Callable[[Score], str]]] = [
        ("verdict right", lambda score: _share(score.verdict)),
        ("of these, where the rules allow one alone", lambda score: _share(score.definite_verdict)),
        ("addressee right", lambda score: _share(score.addressee)),
        ("retry right (62 and twins)", lambda score: _share(score.retry)),
        ("states of causes right", lambda score: _share(score.states)),
        ("of these, where the rules allow one alone", lambda score: _share(score.definite)),
        ("falsely refuted", lambda score: str(score.false_refuted)),
        ("falsely supported", lambda score: str(score.false_supported)),
        ("true cause refuted", lambda score: str(score.truth_refuted)),
    ]
    print(f"| {frames} freeze frames | {' | '.join(found)} |")
    print(f"|---|{'---|' * len(found)}")
    for title, figure in rows:
        print(f"| {title} | {' | '.join(figure(score) for score in found.values())} |")


def _share(count: Count) -> str:
    return f"{100 * count.share:.1f} % ({count.right} of {count.all})"


def _print_frame(name: str) -> int:
    for scenario in kept_scenarios():
        if scenario.id == name:
            print(json.dumps(scenario.frame, indent=1))
            return 0
    print(f"tests/evaluation/scenarios.jsonl has no frame {name!r}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
