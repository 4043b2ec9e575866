"""Collects what the report shows and hands it to the outlet."""

from __future__ import annotations

import json
from collections.abc import Sequence

from device import __version__
from device.app.catalogue import Catalogue
from device.diagnosis.engine import diagnose
from device.evidence import Evidence, TerminalProfile
from device.freeze_frame import frame_from_json
from device.outlets.report import report_text
from device.store.store import Store


def write_report(
    catalogue: Catalogue, terminal: TerminalProfile, evidence: Sequence[Evidence], store: Store, language: str
) -> str:
    """Return the report of this terminal; the last decline is judged anew from its freeze frame."""
    newest = store.declines(1)
    diagnosis = None
    if newest:
        frame = frame_from_json(json.loads(newest[0].frame_json), f"decline {newest[0].number}")
        diagnosis = diagnose(frame, catalogue.knowledge)
    texts = catalogue.texts[language]
    return report_text(terminal, evidence, diagnosis, store.history(), language, texts, __version__)
