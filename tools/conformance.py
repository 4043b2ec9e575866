"""Stands in for the service and tells a payment application's vendor whether the application keeps to the contract.

    python -m tools.conformance --listen /tmp/host.sock        then let the application make a sale and stay idle

The application connects as on a terminal. It is asked for everything that the service may ask, it is hung up on, and it
is left without an answer. Each rule ends as ``pass``, ``fail`` or ``not seen``; the exit code is 0 only if none failed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import select
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

_SCHEMA: Final = Path(__file__).resolve().parent.parent / "device/catalogue/host_socket.schema.json"
_MOST_LINE: Final = 262_144
_CARD_NUMBER: Final = re.compile(r"[0-9]{16}")
_RULES: Final = {
    "connects": "it connects to the socket",
    "hello_first": "the first message is hello",
    "lines": "every line is one JSON object of at most 262144 bytes",
    "schema": "every message fits the schema",
    "no_card_data": "nothing but frames holds what could be a card number",
    "busy_idle": "busy comes before an exchange, and idle after it",
    "echo": "it answers a request for an echo, if it offers one",
    "display": "it grants or refuses the panel by a display message, if it offers one",
    "no_wait": "it goes on without an answer: an exchange without diagnosis is followed by idle",
    "comes_back": "it connects again after the service hung up",
}


@dataclass(slots=True)
class Findings:
    """What was seen: per rule pass, fail or not seen, with the first reason of a failure."""

    seen: dict[str, bool] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)

    def passed(self, rule: str) -> None:
        """The rule was kept, at least once, and not broken before."""
        self.seen.setdefault(rule, True)

    def failed(self, rule: str, why: str) -> None:
        """The rule was broken; the first reason is kept."""
        self.seen[rule] = False
        self.why.setdefault(rule, why)

    def table(self) -> str:
        """One line a rule."""
        words = {True: "pass", False: "FAIL", None: "not seen"}
        rows = [f"{words[self.seen.get(rule)]:9} {text}" for rule, text in _RULES.items()]
        return "\n".join([*rows, *(f"{rule}: {why}" for rule, why in self.why.items())])


class Conformance:
    """One listening socket that plays the service's part."""

    def __init__(self, path: Path) -> None:
        self.findings = Findings()
        schema = json.loads(_SCHEMA.read_text())
        self._to_service = Draft202012Validator({"$ref": "#/$defs/to_service", "$defs": schema["$defs"]})
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)
        self._server.bind(str(path))
        self._server.listen(4)

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def run(self, timeout_s: float) -> None:
        """Serve the application until both of its visits are over or the time is up."""
        until = time.monotonic() + timeout_s
        for visit in range(2):
            line = self._accept(until)
            if line is None:
                return
            if visit:
                self.findings.passed("comes_back")
            with line:
                _Visit(line, self.findings, self._to_service, answers=visit == 0).serve(until)

    def _accept(self, until: float) -> socket.socket | None:
        ready, _, _ = select.select([self._server], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return None
        self.findings.passed("connects")
        return self._server.accept()[0]


class _Visit:
    """One connection: on the first, exchanges are answered and everything is asked for; on the second, silence."""

    def __init__(self, line: socket.socket, findings: Findings, schema: Draft202012Validator, *, answers: bool) -> None:
        self._line = line
        self._findings = findings
        self._schema = schema
        self._answers = answers
        self._can: frozenset[str] = frozenset()
        self._greeted = False
        self._busy = False
        self._exchanged = False
        self._sales = 0

    def serve(self, until: float) -> None:
        buffer = b""
        while time.monotonic() < until and not self._over():
            ready, _, _ = select.select([self._line], [], [], max(0.0, until - time.monotonic()))
            try:
                chunk = self._line.recv(65536) if ready else b""
            except ConnectionError:  # it hung up without reading what we said last
                return
            if not chunk:
                return
            buffer += chunk
            *lines, buffer = buffer.split(b"\n")
            if len(buffer) > _MOST_LINE:
                self._findings.failed("lines", "a line is longer than 262144 bytes")
                return
            for line in lines:
                self._take(line)

    def _over(self) -> bool:
        """One whole sale, and on the first visit an answer to all that was asked: then the service hangs up."""
        asked = {rule for rule, word in (("echo", "echo"), ("display", "display")) if word in self._can}
        return self._sales > 0 and (not self._answers or asked <= set(self._findings.seen))

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            self._findings.failed("lines", f"a line of {len(line)} bytes is no JSON")
            return
        if not isinstance(message, dict):
            self._findings.failed("lines", "a line is no JSON object")
            return
        self._findings.passed("lines")
        self._check_schema(message)
        kind = str(message.get("type"))
        if not self._greeted and kind != "hello":
            self._findings.failed("hello_first", f"the first message is {kind[:20]}")
        handler = getattr(self, f"_on_{kind}", None)
        if handler is not None:
            handler(message)

    def _check_schema(self, message: Mapping[str, Any]) -> None:
        error = next(iter(self._schema.iter_errors(message)), None)
        if error is None:
            self._findings.passed("schema")
        else:  # the message itself is not repeated: it may be card data
            self._findings.failed("schema", f"a {str(message.get('type'))[:20]} message breaks {error.json_path}")
        plain = json.dumps({key: value for key, value in message.items() if key not in ("request", "response")})
        if _CARD_NUMBER.search(plain):
            kind = str(message.get("type"))[:20]
            self._findings.failed("no_card_data", f"a {kind} message holds 16 or more digits in a row")
        else:
            self._findings.passed("no_card_data")

    def _on_hello(self, message: Mapping[str, Any]) -> None:
        self._greeted = True
        self._can = frozenset(message.get("can", ()))
        self._findings.passed("hello_first")
        self._say({"v": 1, "type": "welcome", "service": "posmedic", "version": "conformance"})

    def _on_busy(self, _message: Mapping[str, Any]) -> None:
        self._busy, self._exchanged = True, False
        if self._answers:
            self._say({"type": "ok", "of": "busy"})

    def _on_exchange(self, message: Mapping[str, Any]) -> None:
        self._exchanged = True
        if not self._busy and not message.get("stored"):
            self._findings.failed("busy_idle", "an exchange came without busy before it")
        if self._answers:
            self._say({"type": "accepted", "id": message.get("id", "")})
            if "display" in self._can:
                self._say({"type": "display_wanted"})

    def _on_idle(self, _message: Mapping[str, Any]) -> None:
        if self._busy and self._exchanged:
            self._findings.passed("busy_idle")
            if not self._answers:
                self._findings.passed("no_wait")
            self._sales += 1
        self._busy = False
        if self._answers and "echo" in self._can:
            self._say({"type": "echo", "id": "echo-1"})

    def _on_echo_result(self, _message: Mapping[str, Any]) -> None:
        self._findings.passed("echo")

    def _on_display(self, _message: Mapping[str, Any]) -> None:
        self._findings.passed("display")
        if self._answers:
            self._say({"type": "repaint"})

    def _say(self, message: Mapping[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):
            self._line.sendall(json.dumps(message).encode() + b"\n")


def main() -> int:
    """Run the command line: 0 nothing failed, 1 a rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m tools.conformance", description=__doc__)
    parser.add_argument("--listen", type=Path, required=True, metavar="SOCKET", help="where the application connects")
    parser.add_argument("--seconds", type=float, default=120.0, help="give up after this many (default 120)")
    arguments = parser.parse_args()
    stand_in = Conformance(arguments.listen)
    try:
        stand_in.run(arguments.seconds)
    finally:
        stand_in.close()
    print(stand_in.findings.table())
    return 0 if stand_in.findings.seen.get("connects") and all(stand_in.findings.seen.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
