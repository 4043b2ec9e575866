"""QEMU's control line (QMP): screenshots, power, plugging."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from tools.image.line import connect


class QmpError(Exception):
    """QEMU refused a command; the text is its own."""


class Qmp:
    """Asks one command at a time; events in between are passed over."""

    def __init__(self, path: Path) -> None:
        self._socket = connect(path)
        self._file = self._socket.makefile("rw", encoding="utf-8")
        self._file.readline()  # its greeting
        self.ask("qmp_capabilities")

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._socket.close()

    def ask(self, command: str, **arguments: object) -> Any:
        """Return the command's answer. Raises QmpError."""
        self._file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._file.flush()
        while line := self._file.readline():
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise QmpError(str(answer["error"].get("desc", "refused")))
        raise QmpError("the emulator has ended")
