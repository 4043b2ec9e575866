"""The listening socket that plays the service's part for three visits of one application."""

from __future__ import annotations

import json
import select
import socket
import time
from pathlib import Path
from typing import Final

from .findings import Findings
from .visit import NonsenseVisit, SilentVisit, Visit

_HERE: Final = Path(__file__).resolve().parent
_SCHEMAS: Final = (_HERE / "host_socket.schema.json", _HERE.parents[1] / "device/catalogue/host_socket.schema.json")


class Conformance:
    """One listening socket that plays the service's part. ``patience_s``: how long an answer may take."""

    def __init__(self, path: Path, schema: Path | None = None, patience_s: float = 20.0) -> None:
        self.findings = Findings()
        self._patience_s = patience_s
        found = json.loads((schema or next((each for each in _SCHEMAS if each.exists()), _SCHEMAS[0])).read_text())
        self._definitions = found["$defs"]
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)
        self._server.bind(str(path))
        self._server.listen(4)

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def run(self, timeout_s: float) -> None:
        """Serve the application until its three visits are over or the time is up."""
        until = time.monotonic() + timeout_s
        left = ""  # the rule for which it must come back, because it hung up itself instead of going on
        for kind in (Visit, SilentVisit, NonsenseVisit):
            line = self._accept(until)
            if not self._came_back(line is not None, kind, left) or line is None:
                return
            visit = kind(line, self.findings, self._definitions, self._patience_s)
            left = visit.serve(until)
            while kind is Visit and visit.left_early and (line := self._accept(until)) is not None:
                visit = kind(line, self.findings, self._definitions, self._patience_s)  # it only looked in
                left = visit.serve(until)
        if left:
            line = self._accept(until)
            self._came_back(line is not None, None, left)
            if line is not None:
                line.close()

    def _accept(self, until: float) -> socket.socket | None:
        ready, _, _ = select.select([self._server], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return None
        self.findings.passed("connects")
        return self._server.accept()[0]

    def _came_back(self, came: bool, visit: type[Visit] | None, left: str) -> bool:
        """Judge that it came, or did not, for this visit; ``left``: the rule that hangs on it."""
        if visit is not Visit:
            rule = left or "comes_back"
            why = "it hung up and did not connect again" if left else "it did not connect again after being hung up on"
            if came:
                self.findings.passed(rule)
            else:
                self.findings.failed(rule, why)
        return came
