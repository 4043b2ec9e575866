"""Files that go over the technician's port: sent and received by lrzsz in a worker, checked, and put in place."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.drivers.profile_signature import Signature, read_signature
from device.settings import Settings, read_settings
from device.table import TableError
from device.worker import Report, give_way

if TYPE_CHECKING:
    import subprocess

_CHECK_S: Final = 5.0
_LOOK_S: Final = 0.5
_SOON_S: Final = 0.05
_ROOM: Final = 16 << 20
_CANCEL: Final = b"\x18" * 10 + b"\b" * 10  # ends a ZMODEM session: five CAN, more for lost ones
_QUIET_S: Final = 1.0
_MOST_DRAIN_S: Final = 60.0

Make = Callable[[Path], int]


class Incoming:
    """Uploaded files below ``folder``: for each kind a folder with ``part/`` (one file, resumable) and ``whole``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def whole(self, kind: str) -> Path:
        """Where a file stands once it came whole."""
        return self.folder / kind / "whole"

    def part(self, kind: str) -> Path:
        """The folder in which a file grows under the name that the sender gave it."""
        return self.folder / kind / "part"

    def forget(self, kind: str) -> None:
        """Remove everything of a kind."""
        remove_tree(self.folder / kind)


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as that goes."""
    import shutil  # noqa: PLC0415  it would stay in the service's memory with its compressors

    shutil.rmtree(folder, ignore_errors=True)


def send_file(line: int, outgoing: Path, name: str, make: Make, report: Report) -> None:
    """In the worker, to which ``line`` was kept: make a file, send it; report ``{"error": name}``."""
    give_way()
    remove_tree(outgoing)
    outgoing.mkdir(mode=0o700, parents=True)
    path = outgoing / name
    try:
        if make(path) != 0:
            report({"error": "broke_off"})
            return
        sent = _start(("sz", "--binary", "--quiet", "--zmodem", str(path)), line, outgoing)
        failed = sent.wait() != 0
        if failed:
            cancel(line)
        else:  # sz drops its own last word where it has not gone out; the receiver would wait for it
            os.write(line, b"OO")
        report({"error": "transfer_failed" if failed else ""})
    except FileNotFoundError:
        report({"error": "no_program"})
    finally:
        remove_tree(outgoing)


def receive_file(line: int, folder: Path, kind: str, size: int, report: Report) -> None:
    """In the worker, to which ``line`` was kept: receive one file of ``size`` bytes.

    The sender's word counts for nothing: its file cannot grow beyond ``size`` (the kernel sees to that), a second one
    or a folder ends the transfer, and what came is taken only if it has that size. Reports ``{"error": name}``.
    """
    import resource  # noqa: PLC0415  only in the worker

    give_way()
    incoming = Incoming(folder)
    part = incoming.part(kind)
    part.mkdir(mode=0o700, parents=True, exist_ok=True)
    incoming.whole(kind).unlink(missing_ok=True)
    if _too_much(part, size):
        _empty(part)
    room = os.statvfs(part)
    if room.f_bavail * room.f_frsize < size + _ROOM:
        report({"error": "no_room"})
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        program = _start(("rz", "--binary", "--quiet", "--resume", "--timeout", "50"), line, part)
    except FileNotFoundError:
        report({"error": "no_program"})
        return
    error = _watch(program, part, size)
    if error == "transfer_failed":
        _restore(part)
    _kept(part).unlink(missing_ok=True)
    if error:
        cancel(line)
    report({"error": error or _take(part, incoming.whole(kind), size)})


def cancel(line: int) -> None:
    """End the far end's transfer and read on until it is quiet: what it still sends must never be taken for commands.

    A sender that streams looks for the sign only now and then; one that does not stop is given up after a minute.
    """
    import select  # noqa: PLC0415
    import time  # noqa: PLC0415

    until = time.monotonic() + _MOST_DRAIN_S
    os.set_blocking(line, False)
    try:
        os.write(line, _CANCEL)
        while time.monotonic() < until and select.select([line], [], [], _QUIET_S)[0]:
            if not os.read(line, 65536):
                return
    except OSError:  # nobody takes it, or the cable was pulled
        return


def _watch(program: subprocess.Popen[bytes], part: Path, size: int) -> str:
    """Wait for the end, and end it when the sender writes what was not asked for."""
    import subprocess  # noqa: PLC0415

    while True:
        try:
            code = program.wait(_LOOK_S if _kept(part).exists() else _SOON_S)
        except subprocess.TimeoutExpired:
            _keep(part)
            if _too_much(part, size):
                program.kill()
                program.wait()
                _empty(part)
                return "wrong_size"
            continue
        if code < 0:  # SIGXFSZ: more came than was told
            _empty(part)
            return "wrong_size"
        return "" if code == 0 else "transfer_failed"


def _kept(part: Path) -> Path:
    return part.with_name("kept")


def _keep(part: Path) -> None:
    """Give the growing file a second name: in its restricted mode, which is its usual one, rz removes the first.

    Without that mode it would follow a name with ``../``; in the strict one (-R) it would not resume.

    Its own name is written beside it, so that the same upload finds it again.
    """
    kept, found = _kept(part), list(part.iterdir())
    if len(found) == 1 and found[0].is_file() and not kept.exists():
        os.link(found[0], kept)
        part.with_name("name").write_text(found[0].name, encoding="utf-8", errors="replace")


def _restore(part: Path) -> None:
    """What rz removed at a broken transfer is there again, to be resumed."""
    kept = _kept(part)
    if kept.exists() and not any(part.iterdir()):
        name = part.with_name("name").read_text(encoding="utf-8", errors="replace")
        if "/" not in name and name not in ("", ".", ".."):
            kept.replace(part / name)


def _take(part: Path, whole: Path, size: int) -> str:
    found = list(part.iterdir())
    if len(found) != 1 or not found[0].is_file() or found[0].is_symlink() or found[0].stat().st_size != size:
        short = len(found) == 1 and found[0].is_file() and found[0].stat().st_size < size
        if not short:
            _empty(part)
        return "transfer_failed" if short else "wrong_size"
    found[0].chmod(0o600)
    found[0].replace(whole)
    return ""


def _too_much(part: Path, size: int) -> bool:
    found = list(part.iterdir())
    return len(found) > 1 or any(not item.is_file() or item.stat().st_size > size for item in found)


def _empty(folder: Path) -> None:
    remove_tree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _start(words: Sequence[str], line: int, folder: Path) -> subprocess.Popen[bytes]:
    """A program of lrzsz, whose standard input and output are the line."""
    import subprocess  # noqa: PLC0415

    clean = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(folder)}
    return subprocess.Popen(words, cwd=folder, stdin=line, stdout=line, stderr=subprocess.DEVNULL, env=clean)


def put_in_place(folder: Path, kind: str, settings: Settings, settings_path: Path, report: Report) -> None:
    """In a worker: check what was uploaded and put it in place; report ``{"error": name, "text": ...}``."""
    incoming = Incoming(folder)
    checks: dict[str, Callable[[Path], str]] = {
        "settings": _check_settings,
        "profile": lambda path: _check_profile(path, incoming, settings),
        "signers": _check_signers,
        "revoked": _check_revoked,
    }
    targets = {
        "settings": settings_path,
        "profile": settings.profile.path,
        "signers": settings.console_access.signers,
        "revoked": settings.console_access.revoked,
    }
    whole, target = incoming.whole(kind), targets[kind]
    if not whole.is_file():
        report({"error": "nothing_uploaded", "text": ""})
    elif target is None:
        report({"error": "bad_input", "text": f"the settings name no file for {kind}"})
    elif why := checks[kind](whole):
        report({"error": "bad_input", "text": why})
    else:
        try:
            if kind == "profile":
                _replace(incoming.whole("profile.sig"), Path(f"{target}.sig"))
            _replace(whole, target)
        except OSError as error:
            report({"error": "bad_input", "text": f"{target}: {error.strerror}"})
            return
        for done in (kind, "profile.sig") if kind == "profile" else (kind,):
            incoming.forget(done)
        report({"error": "", "text": str(target)})


def _replace(source: Path, target: Path) -> None:
    """Keep the old file as ``.old``, then replace it whole: a power cut leaves the one or the other."""
    fresh = target.with_name(f".{target.name}.new")
    with fresh.open("wb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    if target.exists():
        fresh.chmod(target.stat().st_mode & 0o777)
        old = target.with_name(f"{target.name}.old")
        old.unlink(missing_ok=True)
        os.link(target, old)
    fresh.replace(target)


def _check_settings(path: Path) -> str:
    try:
        new = read_settings(path)
    except TableError as error:
        return str(error)
    return "" if new.consoles else "these settings have no [[console]]: nobody could come back"


def _check_profile(path: Path, incoming: Incoming, settings: Settings) -> str:
    from device.app.catalogue import load_catalogue  # noqa: PLC0415  only in the worker
    from device.app.terminal import known_names  # noqa: PLC0415
    from device.terminal_profile import read_terminal_file  # noqa: PLC0415

    try:
        file = read_terminal_file(path, known_names(load_catalogue(settings.message_files)))
    except TableError as error:
        return str(error)
    result = read_signature(file.content, incoming.whole("profile.sig"), settings.profile.signers)
    return "" if result.signature is Signature.GOOD else f"the profile's signature is {result.signature}"


def _check_signers(path: Path) -> str:
    """Somebody must be able to come back: the list has to know a signer for the highest role."""
    words = ("ssh-keygen", "-Y", "match-principals", "-I", "posmedic-vendor", "-f", str(path))
    return "" if _says_yes(words) else "no line allows posmedic-vendor, or a line cannot be read"


def _check_revoked(path: Path) -> str:
    return "" if _says_yes(("ssh-keygen", "-Q", "-l", "-f", str(path))) else "it is no revocation list (KRL)"


def _says_yes(words: Sequence[str]) -> bool:
    import subprocess  # noqa: PLC0415

    try:
        done = subprocess.run(words, capture_output=True, timeout=_CHECK_S, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
