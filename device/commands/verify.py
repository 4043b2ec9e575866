"""``posmedic report --verify``: is the audit log of the technician's port whole?"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from device.app.standalone import Standalone
from device.audit import Anchor, AuditEntry, check_chain, parse_anchor
from device.commands.line import ServiceError, ask_service
from device.settings import Settings, read_texts


def run_verify(arguments: argparse.Namespace, settings: Settings, language: str) -> int:
    """Print the log's count and head and what is wrong with it; 0 whole, 1 not.

    The log is held against the anchor file, and against ``COUNT:HEAD`` that a technician was told when signing out.
    """
    told = _read_anchors(arguments.verify)
    runs, answer = ask_service(settings.service.run_dir, "audit", {}, lambda _step: None)
    if not runs:
        answer = Standalone(settings).ask("audit", {})
    entries = [AuditEntry(**entry) for entry in answer["entries"]]
    anchor = parse_anchor(answer["anchor"] or "")
    breaches = check_chain(entries, [*told, *([anchor] if anchor else [])])
    missing = anchor is None and bool(entries)
    if arguments.format == "json":
        found = [{"breach": breach.word, "number": breach.number} for breach in breaches]
        found += [{"breach": "no_anchor", "number": 0}] if missing else []
        text = json.dumps({"entries": answer["entries"], "anchor": answer["anchor"], "breaches": found}, indent=1)
    else:
        words = read_texts(language)["audit"]
        rows = [_row(entry, words) for entry in entries] if arguments.verify == [] else []
        rows.append(str(words["newest"]).format(anchor=_newest(entries)))
        rows += [str(words["breach"][breach.word]).format(number=breach.number) for breach in breaches]
        rows += [str(words["breach"]["no_anchor"])] if missing else []
        text = "\n".join(rows if breaches or missing else [*rows, str(words["whole"])])
    sys.stdout.write(text + "\n")
    return 1 if breaches or missing else 0


def _read_anchors(texts: list[str]) -> list[Anchor]:
    anchors = [parse_anchor(text) for text in texts]
    if None in anchors:
        raise ServiceError("--verify takes COUNT:HEAD as it was told when signing out")
    return [anchor for anchor in anchors if anchor is not None]


def _row(entry: AuditEntry, words: Mapping[str, Any]) -> str:
    when = datetime.fromtimestamp(entry.wall_s, UTC).isoformat(timespec="seconds")
    event = words["event"].get(entry.event, entry.event)
    return f"{entry.number:>6}  {when}  {event}  {entry.detail}".rstrip()


def _newest(entries: list[AuditEntry]) -> Anchor:
    return Anchor(entries[-1].number, entries[-1].hash) if entries else Anchor()
