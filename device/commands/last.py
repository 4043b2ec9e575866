"""``posmedic last``: the last decline of this terminal and what it means."""

from __future__ import annotations

import argparse
import json
import sys

from device.app.overlays import checked_knowledge
from device.app.standalone import Standalone
from device.commands.line import ask_service
from device.diagnosis.engine import diagnose
from device.freeze_frame import frame_from_json
from device.outlets.screen.text_screen import screen_text
from device.settings import Settings, read_texts


def run_last(arguments: argparse.Namespace, settings: Settings, language: str) -> int:
    """Print the last decline, judged anew from its freeze frame; 0 with a sentence where none is remembered."""
    runs, last = ask_service(settings.service.run_dir, "last", {}, lambda _step: None)
    if not runs:
        last = Standalone(settings).ask("last", {})
    if arguments.json:
        text = json.dumps(last, ensure_ascii=False, indent=1)
    elif last is None:
        text = str(read_texts(language)["console"]["no_decline"])
    else:
        diagnosis = diagnose(frame_from_json(last["frame"], "last decline"), checked_knowledge(settings.overlay)[0])
        if arguments.pages:
            text = screen_text(diagnosis, read_texts(language), language)
        else:
            text = "\n".join((str(last["at"]), *diagnosis.headline[language], diagnosis.short_code))
    sys.stdout.write(text.rstrip("\n") + "\n")
    return 0
