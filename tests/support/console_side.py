"""The laptop's side of the technician's port, over a real pseudo-terminal, and who signs for a technician."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.terminal import PATIENCE_S, Terminal

from protocol.console_challenge import BEGIN, END, NAMESPACE
from protocol.console_line import Done, Failed, Progress, Remark, Reply, parse_reply
from tools.simulate.running_service import RunningService


@dataclass(frozen=True)
class Answer:
    """What one command brought: its remarks, its progress and its one end."""

    remarks: list[str]
    progress: list[Progress]
    end: Done | Failed

    @property
    def ok(self) -> bool:
        return isinstance(self.end, Done)

    @property
    def error(self) -> int:
        assert isinstance(self.end, Failed), self
        return self.end.number


class Far:
    """The far end of one port; ``port`` is what the settings name."""

    def __init__(self) -> None:
        self.fd, slave = pty.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self.fd, False)
        self._buffer = bytearray()

    def pull(self) -> None:
        """Pull the cable; pulling it twice does no harm, as by then the number may be somebody else's."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def send(self, data: bytes) -> None:
        """Write all of it, as fast as the terminal takes it."""
        view = memoryview(data)
        until = time.monotonic() + PATIENCE_S
        while view:
            _, writable, _ = select.select([], [self.fd], [], 0.1)
            if writable:
                with contextlib.suppress(BlockingIOError):
                    view = view[os.write(self.fd, view[:65536]) :]
            assert time.monotonic() < until, "the terminal takes nothing"

    def line(self, patience_s: float = PATIENCE_S) -> bytes:
        """The next line."""
        until = time.monotonic() + patience_s
        while b"\r\n" not in self._buffer:
            left_s = until - time.monotonic()
            assert left_s > 0, f"no line came; so far {bytes(self._buffer[-200:])!r}"
            self._read(left_s)
        line, _, rest = bytes(self._buffer).partition(b"\r\n")
        self._buffer[:] = rest
        return line

    def quiet(self, seconds: float) -> bytes:
        """What comes within so many seconds."""
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            self._read(left_s)
        came = bytes(self._buffer)
        self._buffer.clear()
        return came

    def put_back(self, data: bytes) -> None:
        """What somebody else has read, and is ours."""
        self._buffer += data

    def drain(self) -> None:
        """Read on until nothing more comes."""
        while self.quiet(0.5):
            pass

    def reply(self, patience_s: float = PATIENCE_S) -> Reply:
        return parse_reply(self.line(patience_s))

    def answer(self, patience_s: float = PATIENCE_S) -> Answer:
        """Everything up to the end of a command."""
        remarks, progress = [], []
        while True:
            reply = self.reply(patience_s)
            if isinstance(reply, Remark):
                remarks.append(reply.text)
            elif isinstance(reply, Progress):
                progress.append(reply)
            else:
                return Answer(remarks, progress, reply)

    def ask(self, line: str | bytes, patience_s: float = PATIENCE_S) -> Answer:
        self.send((line.encode() if isinstance(line, str) else line) + b"\r")
        return self.answer(patience_s)

    def challenge(self, role: str) -> bytes:
        """Ask for a challenge; the text to sign."""
        told = self.ask(f"sign-in {role}")
        assert told.ok, told
        rows = told.remarks[told.remarks.index(BEGIN) + 1 : told.remarks.index(END)]
        return "".join(f"{row}\n" for row in rows).encode()

    def give(self, signatures: bytes) -> Answer:
        """Paste an answer."""
        self.send(b"answer-begin\r" + signatures.replace(b"\n", b"\r") + b"\ranswer-end\r")
        return self.answer()

    def sign_in(self, role: str, *keys: Path) -> Answer:
        text = self.challenge(role)
        return self.give(b"".join(sign(text, key) for key in keys))

    def _read(self, seconds: float) -> None:
        readable, _, _ = select.select([self.fd], [], [], min(seconds, 0.2))
        if readable:
            try:
                self._buffer += os.read(self.fd, 65536)
            except BlockingIOError:
                return
            except OSError:  # EIO: the terminal has closed its end just now
                time.sleep(0.01)


def sign(text: bytes, key: Path, namespace: str = NAMESPACE) -> bytes:
    """The system's ssh-keygen signs; ``key`` is a private key, or the certificate beside it."""
    done = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", namespace], input=text, capture_output=True, check=True
    )
    return done.stdout


class Office:
    """The back office: an authority for certificates, a key of its own, the list of signers, what is revoked."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.authority = self.key("authority")
        self.desk = self.key("desk")
        self.signers = folder / "signers"
        self.revoked = folder / "revoked.krl"
        namespaces = f'namespaces="{NAMESPACE}"'
        self.signers.write_text(
            f"posmedic-* cert-authority,{namespaces} {self.authority.with_suffix('.pub').read_text()}"
            f"posmedic-* {namespaces} {self.desk.with_suffix('.pub').read_text()}"
        )
        self._run("-k", "-f", str(self.revoked))

    def key(self, name: str) -> Path:
        path = self.folder / name
        self._run("-t", "ed25519", "-N", "", "-C", name, "-f", str(path))
        return path

    def technician(
        self, name: str, roles: str = "diag", life: str = "-5m:+8h", *more: str, authority: Path | None = None
    ) -> Path:
        """Key with a certificate; returns the certificate's file, beside which the key lies."""
        key = self.key(name)
        principals = ",".join(f"posmedic-{role}" for role in roles.split(","))
        signer = authority or self.authority
        self._run("-s", str(signer), "-I", name, "-n", principals, "-V", life, *more, f"{key}.pub")
        return key.with_name(f"{name}-cert.pub")

    def revoke(self, certificate: Path) -> None:
        self._run("-k", "-u", "-f", str(self.revoked), str(certificate))

    def settings(self) -> str:
        return f'[console_access]\nsigners = "{self.signers}"\nrevoked = "{self.revoked}"\n'

    def _run(self, *words: str) -> None:
        subprocess.run(["ssh-keygen", "-q", *words], check=True, capture_output=True)


@contextlib.contextmanager
def plugged_in(terminal: Terminal, *fars: Far, more: str = "", language: str = "en") -> Iterator[RunningService]:
    """The real service with these ports."""
    ports = "".join(f'[[console]]\nport = "{far.port}"\n' for far in fars)
    terminal.configure(ports + more, language=language)
    with terminal.running() as service:
        for far in fars:
            service.wait_for_line(f"console port={far.port} there=yes", timeout_s=PATIENCE_S)
        yield service


def after_transfer(far: Far) -> Answer:
    """The end of a command behind a file transfer, which may leave signs of its own before it."""
    while True:
        line = far.line()
        if line.startswith((b"OK", b"ERROR")):
            end = parse_reply(line)
            assert isinstance(end, Done | Failed)
            return Answer([], [], end)


def transfer(
    far: Far, words: list[str], folder: Path, patience_s: float = PATIENCE_S, most: int | None = None
) -> tuple[int, int]:
    """Run a program of lrzsz at the far end and carry bytes between it and the line, as a serial program does.

    Returns its exit code and how many bytes it sent; ``most``: pull out after it has sent so many (exit code -9).
    """
    program = subprocess.Popen(
        words, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    )
    assert program.stdin is not None
    assert program.stdout is not None
    out = program.stdout.fileno()
    sent = 0
    until = time.monotonic() + patience_s
    with program:
        while time.monotonic() < until:
            readable, _, _ = select.select([far.fd, out], [], [], 0.05)
            if far.fd in readable:
                data = b""
                with contextlib.suppress(BlockingIOError):
                    data = os.read(far.fd, 4096)
                if b"\r\nERROR " in data or data.startswith(b"ERROR "):  # the terminal has ended it
                    far.put_back(data)
                    program.kill()
                    break
                with contextlib.suppress(BrokenPipeError):
                    program.stdin.write(data)
            if out in readable:
                data = os.read(out, 4096)
                if not data:
                    break
                far.send(data)
                sent += len(data)
                if most is not None and sent >= most:
                    program.kill()
            elif not readable and program.poll() is not None:
                break
        else:
            program.kill()
    return program.returncode, sent
