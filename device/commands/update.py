"""``posmedic update status|verify|install``: asks the service, or RAUC itself where no service runs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from device.actions import Progress
from device.app.instance_lock import InstanceLock
from device.app.updates import Updates
from device.commands.line import ServiceError, ask_service
from device.commands.selftest import show_progress
from device.loop import Loop
from device.outlets.update_text import refusal_text, status_text, verified_text
from device.settings import Settings, read_texts
from device.update.gate import GateRules

_PATIENCE_S: Final = 1800.0
_REFUSED: Final = 1


def run_update(arguments: argparse.Namespace, settings: Settings, language: str) -> int:
    """Tell, check or install; exit code 0 it is so, 1 refused (with the reason), 2 bad input."""
    args: dict[str, Any] = {"action": arguments.action}
    if arguments.action == "status":
        if arguments.bundle is not None:
            raise ServiceError("update status takes no file")
    elif arguments.bundle is None:
        raise ServiceError(f"update {arguments.action} needs the bundle's file")
    else:
        args["path"] = str(arguments.bundle.absolute())
    answer = _ask(settings, args)
    texts = read_texts(language)
    if arguments.json:
        _print(json.dumps(answer, ensure_ascii=False, indent=1))
    elif "refused" in answer:
        sys.stderr.write(f"posmedic: {refusal_text(answer, texts)}\n")
    elif arguments.action == "status":
        _print(status_text(answer, texts))
    else:
        _print(verified_text(answer, texts))
    return _REFUSED if "refused" in answer else 0


def _ask(settings: Settings, args: Mapping[str, Any]) -> Mapping[str, Any]:
    def step(told: Mapping[str, Any]) -> None:
        show_progress(Progress(int(told["done"]), int(told["total"]), str(told["text"])))

    runs, answer = ask_service(settings.service.run_dir, "update", args, step, _PATIENCE_S)
    return answer if runs else _alone(settings, args)


def _alone(settings: Settings, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without a service there is no sale to wait for and no gate; the lock keeps a second one away."""
    lock = InstanceLock(settings.service.run_dir)
    loop = Loop()
    updates = Updates(
        loop,
        settings.update,
        settings.service.state_dir,
        lambda: "",
        tuple,
        lambda: GateRules({}),
        lambda _parts, done: done(()),
        log=_silent,
    )
    answers: list[Mapping[str, Any]] = []

    def done(answer: Mapping[str, Any]) -> None:
        answers.append(answer)
        loop.stop()

    path = Path(args.get("path", ""))
    actions: Mapping[str, Callable[[], None]] = {
        "status": lambda: updates.refresh(lambda: done(updates.status())),
        "verify": lambda: updates.verify(path, done),
        "install": lambda: updates.refresh(lambda: updates.install(path, show_progress, done, gated=False)),
    }
    loop.call_in(0, actions[args["action"]])
    loop.run()
    del lock
    return answers[0]


def _silent(_event: str, **_facts: object) -> None:
    """The service's log is not this command's output."""


def _print(text: str) -> None:
    sys.stdout.write(text.rstrip("\n") + "\n")
