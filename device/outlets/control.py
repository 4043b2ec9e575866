"""The control socket: what the command line asks of the running service, one JSON object a line.

Request: ``{"command": "selftest", "args": {"level": "safe"}}``. Answer: any number of ``{"progress": ...}``, then
exactly one ``{"result": ...}`` or ``{"error": "one sentence"}``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from device.actions import Actions, Progress, SelftestResult
from device.evidence import Level
from device.table import Table, TableError

Send: TypeAlias = Callable[[Mapping[str, Any]], None]


class ControlOutlet:
    """Answers control requests through the service's actions."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self._commands: dict[str, Callable[[Table, Send], None]] = {
            "status": lambda _args, send: send({"result": self._actions.status()}),
            "history": lambda _args, send: send({"result": self._actions.history()}),
            "clear_faults": lambda _args, send: send({"result": self._actions.clear_faults()}),
            "last": lambda _args, send: send({"result": self._actions.last()}),
            "audit": lambda _args, send: send({"result": self._actions.audit()}),
            "facts": lambda _args, send: send({"result": self._actions.facts()}),
            "trends": self._trends,
            "report": self._report,
            "selftest": self._selftest,
            "answer": self._answer,
            "update": self._update,
            "gate": lambda _args, send: self._actions.gate(lambda stays: send({"result": {"stays": stays}})),
        }

    def take(self, request: Mapping[str, Any], send: Send) -> None:
        """Answer one request through ``send``; a bad one gets an error sentence."""
        table = Table(request, "request")
        try:
            command = table.choice("command", tuple(self._commands))
            args = table.table("args", {})
            table.close()
            self._commands[command](args, send)
        except (TableError, ValueError) as error:
            send({"error": f"{error}."})

    def _report(self, args: Table, send: Send) -> None:
        language = args.text("language", "zh", most=16)
        args.close()
        send({"result": self._actions.report(language)})

    def _trends(self, args: Table, send: Send) -> None:
        check = args.optional_text("check", most=80)
        args.close()
        send({"result": self._actions.trends(check)})

    def _update(self, args: Table, send: Send) -> None:
        action = args.choice("action", ("status", "verify", "install"))
        path = Path(args.text("path", "", most=1000))
        args.close()
        if action == "status":
            send({"result": self._actions.update_status()})
        elif not path.is_absolute():
            send({"error": "path must be a full path of a bundle."})
        elif action == "verify":
            self._actions.update_verify(path, lambda answer: send({"result": answer}))
        else:
            self._actions.update_install(
                path,
                lambda step: send({"progress": dataclasses.asdict(step)}),
                lambda answer: send({"result": answer}),
            )

    def _selftest(self, args: Table, send: Send) -> None:
        level = Level(args.choice("level", tuple(Level), Level.SAFE))
        part = args.optional_text("part", most=40)
        person = args.flag("person", False)
        args.close()

        def progress(step: Progress) -> None:
            send({"progress": dataclasses.asdict(step)})

        def done(result: SelftestResult) -> None:
            evidence = [dataclasses.asdict(item) for item in result.evidence]
            send({"result": {"evidence": evidence, "exit_code": result.exit_code}})

        self._actions.selftest(level, part, progress, done, person=person)

    def _answer(self, args: Table, send: Send) -> None:
        check, seen = args.text("check", most=80), args.optional_flag("seen")
        args.close()
        send({"result": self._actions.answer(check, seen=seen)})
