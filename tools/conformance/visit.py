"""One connection of the application, in which this side plays the service: answering, silent, or talking nonsense."""

from __future__ import annotations

import contextlib
import json
import re
import select
import socket
import time
from collections.abc import Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator

from .findings import Findings, Seen

MOST_LINE: Final = 262_144
_CARD_NUMBER: Final = re.compile(r"[0-9]{16}")
_OFFERED: Final = ("offline_count", "echo", "display")
_NONSENSE: Final = (
    b"\x00\xff\xfe no json\n",
    b"[1,2,3]\n",
    b'{"type":12}\n',
    b'{"type":"diagnosis","id":"1","diagnosis":"none"}\n',
    b'{"type":"a message of a later version","id":"1"}\n',
    b"[" * 5000 + b"\n",
    b"x" * (MOST_LINE + 10) + b"\n",
)


class Visit:
    """The first connection: everything is answered, and everything is asked for."""

    def __init__(
        self, line: socket.socket, findings: Findings, definitions: Mapping[str, Any], patience_s: float
    ) -> None:
        self._line = line
        self._findings = findings
        self._definitions = definitions
        self._schema = Draft202012Validator({"$ref": "#/$defs/to_service", "$defs": definitions})
        self._patience_s = patience_s
        self._can: frozenset[str] = frozenset()
        self._greeted = False
        self._busy = False
        self._exchanged = False
        self._sales = 0
        self._left = False
        self._asked: dict[str, str] = {}  # rule -> id of what was asked and is not answered yet

    def serve(self, until: float) -> str:
        """Take lines until the visit is over, the application leaves, or it owes an answer for too long.

        Returns the rule that now hangs on its coming back, or "".
        """
        buffer, owed_since = b"", time.monotonic()
        while not self._over():
            if not self._owes():
                owed_since = time.monotonic()
            end = min(until, owed_since + self._patience_s) if self._owes() else until
            ready, _, _ = select.select([self._line], [], [], max(0.0, end - time.monotonic()))
            try:
                chunk = self._line.recv(65536) if ready else b""
            except ConnectionError:  # it hung up without reading what we said last
                chunk = b""
            if not chunk:
                self._left = bool(ready)
                break
            buffer += chunk
            *lines, buffer = buffer.split(b"\n")
            if len(buffer) > MOST_LINE:
                self._findings.failed("lines", "a line is longer than 262144 bytes")
                break
            for line in lines:
                self._take(line)
        self._line.close()
        return self._judge()

    @property
    def left_early(self) -> bool:
        """Did the application hang up without having made any sale?"""
        return self._left and self._sales == 0 and not self._exchanged

    def _over(self) -> bool:
        """One whole sale, and an answer to all that was asked."""
        return self._sales > 0 and not self._asked and not self._busy

    def _owes(self) -> bool:
        """Is it the application's turn, so that silence is a fault?"""
        return bool(self._asked) or (self._exchanged and self._busy)

    def _judge(self) -> str:
        """What was still owed at the end."""
        if self._exchanged and self._busy:
            self._findings.failed("busy_idle", f"no idle came within {self._patience_s:g} s after an exchange")
        for rule in self._asked:
            self._findings.failed(rule, f"it offers {rule}, was asked, and did not answer in {self._patience_s:g} s")
        for rule in _OFFERED if self._greeted else ():
            if rule not in self._can:
                self._findings.seen.setdefault(rule, Seen.NOT_OFFERED)
        return ""

    def _take(self, line: bytes) -> None:
        if len(line) > MOST_LINE:
            self._findings.failed("lines", "a line is longer than 262144 bytes")
            return
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
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
        kind = str(message.get("type"))[:20]
        if error is None:
            self._findings.passed("schema")
        else:  # the message itself is not repeated: it may be card data
            self._findings.failed("schema", f"a {kind} message {self._where(message)}")
        plain = json.dumps({key: value for key, value in message.items() if key not in ("request", "response")})
        if _CARD_NUMBER.search(plain):
            self._findings.failed("no_card_data", f"a {kind} message holds 16 or more digits in a row")
        else:
            self._findings.passed("no_card_data")

    def _where(self, message: Mapping[str, Any]) -> str:
        """The place and the rule that is broken, without any value."""
        kind = message.get("type")
        known = self._definitions
        if not isinstance(kind, str) or kind not in known:
            return "is of no type that the schema has"
        errors = Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": known}).iter_errors(message)
        error = next(iter(errors), None)
        return "does not fit" if error is None else f"breaks {error.validator!r} at {error.json_path}"

    def _on_hello(self, message: Mapping[str, Any]) -> None:
        self._greeted = True
        can = message.get("can", ())
        self._can = frozenset(each for each in can if isinstance(each, str)) if isinstance(can, list) else frozenset()
        self._findings.passed("hello_first")
        self._say({"v": 1, "type": "welcome", "service": "posmedic", "version": "conformance"})

    def _on_busy(self, _message: Mapping[str, Any]) -> None:
        self._busy, self._exchanged = True, False
        self._say({"type": "ok", "of": "busy"})

    def _on_exchange(self, message: Mapping[str, Any]) -> None:
        self._exchanged = True
        if not self._busy and not message.get("stored"):
            self._findings.failed("busy_idle", "an exchange came without busy before it")
        self._answer(message)

    def _answer(self, message: Mapping[str, Any]) -> None:
        self._say({"type": "accepted", "id": str(message.get("id", ""))})
        if "display" in self._can:
            self._say({"type": "display_wanted"})
            self._asked.setdefault("display", "")

    def _on_idle(self, message: Mapping[str, Any]) -> None:
        if "offline_count" in self._can:
            if "pending_offline" in message:
                self._findings.passed("offline_count")
            else:
                self._findings.failed("offline_count", "it offers offline_count, and an idle has no pending_offline")
        if self._busy and self._exchanged:
            self._sale_made()
        self._busy = False

    def _sale_made(self) -> None:
        self._findings.passed("busy_idle")
        self._sales += 1
        if "echo" in self._can and "echo" not in self._asked:
            self._asked["echo"] = "echo-1"
            self._say({"type": "echo", "id": "echo-1"})

    def _on_echo_result(self, message: Mapping[str, Any]) -> None:
        asked = self._asked.pop("echo", None)
        if asked is not None and message.get("id") == asked:
            self._findings.passed("echo")
        else:
            self._findings.failed("echo", "its echo_result has not the id of the request")

    def _on_display(self, message: Mapping[str, Any]) -> None:
        self._asked.pop("display", None)
        self._findings.passed("display")
        if message.get("state") == "granted":
            self._say({"type": "repaint"})

    def _say(self, message: Mapping[str, Any]) -> None:
        self._send(json.dumps(message).encode() + b"\n")

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._line.settimeout(self._patience_s)
            self._line.sendall(data)


class SilentVisit(Visit):
    """The second: nobody answers. It may go on, or hang up, make its sale alone and come back for a later one."""

    rule = "no_wait"
    said = "the service did not answer"

    def _judge(self) -> str:
        if self._sales > 0:
            return ""
        if self._left:
            return self.rule
        if self._exchanged and self._busy:
            why = f"no idle came within {self._patience_s:g} s while {self.said}"
        else:
            why = f"it made no sale while {self.said}"
        self._findings.failed(self.rule, why)
        return ""

    def _sale_made(self) -> None:
        self._findings.passed(self.rule)
        self._sales += 1

    def _answer(self, message: Mapping[str, Any]) -> None:
        pass

    def _say(self, message: Mapping[str, Any]) -> None:
        pass


class NonsenseVisit(SilentVisit):
    """The third: whatever it says, it gets what no program should send."""

    rule = "nonsense"
    said = "the service talked nonsense"

    def _say(self, message: Mapping[str, Any]) -> None:
        self._send(_NONSENSE[0])

    def _answer(self, message: Mapping[str, Any]) -> None:
        self._send(b"".join(_NONSENSE))
