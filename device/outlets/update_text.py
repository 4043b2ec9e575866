"""What is said of firmware updates to people: state, refusals, and what a bundle is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Texts: TypeAlias = Mapping[str, Mapping[str, Any]]


def refusal_text(answer: Mapping[str, Any], texts: Texts) -> str:
    """Why not, in one sentence, with the updater's own words behind it where there are any."""
    said = str(answer.get("said", ""))
    sentence = str(texts["refusals"].get(answer["refused"]) or texts["refusals"]["refused"])
    return f"{sentence} ({said})" if said else sentence


def verified_text(answer: Mapping[str, Any], texts: Texts) -> str:
    """A bundle that was checked, or installed."""
    bundle, words = answer["bundle"], texts["update"]
    head = words["installed"] if answer.get("installed") else words["verified"]
    lines = [
        f"{bundle['compatible']} {bundle['version']} ({bundle['format']})",
        f"{words['signer']} {bundle['signer']}",
    ]
    return "\n".join([str(head), *lines])


def status_text(status: Mapping[str, Any], texts: Texts) -> str:
    """What runs, what is under way, how the last update ended, and the slots."""
    words = texts["update"]
    running = status["running"]
    slot = f", {words['slot']} {running['slot']}" if running["slot"] else ""
    lines = [f"{words['running']}: {running['version'] or '?'}{slot}"]
    if status["updater"] == "none":
        lines.append(str(words["none"]))
    if status["under_way"]:
        lines.append(f"{words['under_way']}: {status['under_way']['percent']} %")
    lines.append(f"{words['last']}: {_last(status['last'], texts)}")
    for place in (status["system"] or {}).get("slots", ()):
        state = words["booted"] if place["booted"] else words["good"] if place["good"] else words["bad"]
        lines.append(f"{words['slot']} {place['name']}: {state}, {place['version'] or words['empty']}")
    return "\n".join(lines)


def _last(verdict: Mapping[str, Any] | None, texts: Texts) -> str:
    words = texts["update"]
    if verdict is None:
        return str(words["never"])
    detail = str(verdict["detail"])
    endings = texts["update_ending"]
    ending = endings["no_way_back"] if detail == "no_way_back" else endings[verdict["ending"]]
    when = verdict["at"][:16] or words["clock_not_set"]
    lines = [f"{verdict['source']['version']} -> {verdict['target']['version']}, {when}: {ending}"]
    if verdict["ending"] == "regressed":
        lines.append(str(words["check"]).format_map({**verdict}))
    elif why := texts["update_detail"].get(detail):
        lines.append(str(why))
    elif detail:
        lines.append(refusal_text({"refused": detail, "said": verdict["got"]}, texts))
    return "\n  ".join(lines)
