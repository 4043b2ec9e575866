"""Files over the cable by ZMODEM: the laptop's own ``rz`` or ``sz`` (package lrzsz) speaks, this passes its bytes on.

The terminal says ``# zmodem`` and starts its side; what follows the transfer on the cable is its reply again. A program
that waits in vain is ended, and the terminal is told so by ZMODEM's cancel (eight CAN), so that it serves the line.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from protocol.console_line import ConsoleLineError, parse_reply
from tools.technician.conversation import CANCEL, Answer, Conversation
from tools.technician.trouble import CableError, CallError

MOST_RECEIVED: Final = 64 << 20
_CHUNK: Final = 16384
_POLL_S: Final = 0.2
_QUIET_S: Final = 30.0
_ENDING_S: Final = 5.0
_AFTER_S: Final = 30.0  # what the terminal does with a file that has come, until it replies
_TAIL: Final = 1024
_FIN: Final = re.compile(rb"\x18B08[0-9a-f]{12}\r?[\n\x8a]?(?:OO|O$)?", re.DOTALL)  # ZFIN, then "over and out"
_LINE: Final = re.compile(rb"(?:^|[\r\n])((?:OK|ERROR )[^\r\n]* \*[0-9A-F]{4})\r?\n")

OnBytes: TypeAlias = Callable[[int], None]


def has_zmodem(program: str) -> bool:
    """Whether the laptop has ``rz`` or ``sz``."""
    return _find(program) is not None


def receive_file(conversation: Conversation, words: Sequence[str], target: Path, on_bytes: OnBytes) -> Path:
    """Send a command that makes the terminal send one file; keep it as ``target``, whole or not at all.

    Raises CableError, RefusedError (the terminal's ERROR), CallError.
    """
    with tempfile.TemporaryDirectory(prefix="posmedic-rz-") as name:
        folder = Path(name)
        conversation.begin_transfer(*words)
        _Pump(conversation, (_need("rz"), "-b", "-q", "-y"), folder, on_bytes, upward=False).run()
        conversation.end_transfer(words, _AFTER_S)
        files = [path for path in folder.iterdir() if path.is_file()]
        if len(files) != 1:
            raise CableError("spoilt", port=conversation.link.name, step=" ".join(words))
        try:
            shutil.copyfile(files[0], target)
        except OSError as error:
            raise CallError("no_write", file=target, why=error.strerror or str(error)) from error
    return target


def send_file(conversation: Conversation, words: Sequence[str], file: Path, on_bytes: OnBytes) -> Answer:
    """Send a command that makes the terminal receive, then ``file``; what it has of it already is not sent again."""
    conversation.begin_transfer(*words)
    _Pump(conversation, (_need("sz"), "-b", "-q", "-r", str(file.absolute())), file.parent, on_bytes, upward=True).run()
    return conversation.end_transfer(words, _AFTER_S)


def _find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(f"l{program}")  # some systems name them lrz and lsz


def _need(program: str) -> str:
    found = _find(program)
    if found is None:
        raise CallError("no_program", program=program)
    return found


class _Pump:
    """Passes bytes between the cable and the program until the program ends."""

    def __init__(
        self, conversation: Conversation, command: Sequence[str], folder: Path, on_bytes: OnBytes, *, upward: bool
    ) -> None:
        self._conversation = conversation
        self._link = conversation.link
        self._on_bytes = on_bytes
        self._upward = upward
        self._tail = b""
        self._passed = 0
        self._moved_at = time.monotonic()
        self._broken: CableError | None = None
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
        )

    def run(self) -> None:
        """Until the program has ended; what came behind the transfer goes to the conversation."""
        writer = threading.Thread(target=self._to_cable, daemon=True)
        writer.start()
        try:
            while self._process.poll() is None and self._broken is None:
                self._to_program(self._link.read(_POLL_S))
                if self._is_over():
                    self._process.kill()
                    break
        except BaseException:
            self._end(writer)
            with contextlib.suppress(CableError):
                self._link.write(CANCEL)
            raise
        self._end(writer)
        if self._broken is not None:
            raise self._broken
        fins = list(_FIN.finditer(self._tail))
        self._conversation.feed(self._tail[fins[-1].end() :] if fins else self._replies())

    def _to_program(self, data: bytes) -> None:
        if not data:
            return
        self._moved_at = time.monotonic()
        self._tail = (self._tail + data)[-max(_TAIL, len(data)) :]
        if not self._upward:
            self._moved(len(data))
        if self._passed > MOST_RECEIVED:
            raise CableError("endless", port=self._link.name, step="zmodem")
        assert self._process.stdin is not None  # noqa: S101  a pipe
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def _to_cable(self) -> None:
        """In a thread: what the program says."""
        assert self._process.stdout is not None  # noqa: S101  a pipe
        while data := os.read(self._process.stdout.fileno(), _CHUNK):
            try:
                self._link.write(data)
            except CableError as trouble:
                self._broken = trouble
                return
            self._moved_at = time.monotonic()
            if self._upward:
                self._moved(len(data))

    def _moved(self, count: int) -> None:
        self._passed += count
        self._on_bytes(self._passed)

    def _is_over(self) -> bool:
        """The terminal has replied though the program still waits; or nobody says anything any more."""
        quiet_s = time.monotonic() - self._moved_at
        if quiet_s > _QUIET_S:
            raise CableError("mute", port=self._link.name, step="zmodem")
        return quiet_s > _POLL_S and bool(self._replies())

    def _replies(self) -> bytes:
        """The terminal's reply in what came last, with a check value that holds: a file's bytes are none."""
        for found in _LINE.finditer(self._tail):
            try:
                parse_reply(found[1])
            except ConsoleLineError:
                continue
            return self._tail[found.start(1) :]
        return b""

    def _end(self, writer: threading.Thread) -> None:
        try:
            self._process.wait(0 if self._broken else _ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        writer.join(_ENDING_S)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                assert pipe is not None  # noqa: S101  both are pipes
                pipe.close()
