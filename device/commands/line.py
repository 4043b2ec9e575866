"""The command line's way to a running service: one request over ``control.sock``, one answer."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

_TIMEOUT_S: Final = 30.0
_MOST_ANSWER: Final = 16 << 20


class ServiceError(RuntimeError):
    """The service refused or broke off; the text is one sentence."""


def ask_service(
    run_dir: Path,
    command: str,
    args: Mapping[str, Any],
    on_progress: Callable[[Mapping[str, Any]], None],
    patience_s: float = _TIMEOUT_S,
) -> tuple[bool, Any]:
    """Ask the running service. Returns (True, result), or (False, None) where no service runs.

    Raises :class:`ServiceError` if it answers with an error, breaks off, or is silent for ``patience_s``.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(patience_s)
        try:
            sock.connect(str(run_dir / "control.sock"))
        except (FileNotFoundError, ConnectionRefusedError):
            return False, None
        except OSError as error:
            raise ServiceError(f"{run_dir / 'control.sock'}: {error.strerror or error}") from error
        try:
            sock.sendall(json.dumps({"command": command, "args": dict(args)}).encode() + b"\n")
            return True, _read_answer(sock, on_progress)
        except TimeoutError as error:
            raise ServiceError(f"the service did not answer {command} within {patience_s:.0f} s") from error
        except OSError as error:
            raise ServiceError(f"the service broke off: {error.strerror or error}") from error


def _read_answer(sock: socket.socket, on_progress: Callable[[Mapping[str, Any]], None]) -> Any:
    buffer = bytearray()
    while True:
        while (end := buffer.find(b"\n")) >= 0:
            answer = json.loads(buffer[:end])
            del buffer[: end + 1]
            if "progress" in answer:
                on_progress(answer["progress"])
            elif "result" in answer:
                return answer["result"]
            else:
                raise ServiceError(str(answer.get("error") or answer.get("message") or "no answer"))
        chunk = sock.recv(65536)
        if not chunk or len(buffer) > _MOST_ANSWER:
            raise ServiceError("the service ended the connection before its answer was complete")
        buffer += chunk
