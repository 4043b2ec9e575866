"""A private corner of this machine: own loopback, own /run, own pcscd and, if wanted, own resolv.conf.

pcscd's socket path is compiled in and vpcd's TCP ports are fixed, so two simulations can only run side by side when
each has its own mount and network namespace. A user namespace makes that possible without root. Everything in it
ends with the process that entered it.

``/run`` is an empty tmpfs inside: it also hides the machine's D-Bus and systemd-resolved, which would otherwise
answer for the simulated terminal. Put no output folder under ``/run``.

The module imports the standard library alone, because its second half runs as a bare script inside the namespace.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Final

PCSCD_SOCKET: Final = Path("/run/pcscd/pcscd.comm")
VPCD_PORT: Final = 0x8C7B  # of the first virtual slot, /etc/reader.conf.d/vpcd
_READER_CONF: Final = Path("/etc/reader.conf.d")
_VPCD_LIBRARY: Final = "libifdvpcd.so"
_MARK: Final = "POSMEDIC_NAMESPACE"
_UNSHARE: Final = ("unshare", "--user", "--map-root-user", "--mount", "--net", "--")
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 1
_POLL_S: Final = 0.02


class NamespaceError(Exception):
    """The namespace or its pcscd could not be had; the text says what is missing and what to do."""


def available() -> str | None:
    """None if a namespace can be entered here, else one sentence that says why not."""
    for tool, package in (("unshare", "util-linux"), ("setpriv", "util-linux"), ("mount", "mount")):
        if shutil.which(tool) is None:
            return f"{tool} is missing: install {package}"
    trial = subprocess.run([*_UNSHARE, "true"], capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        return f"this machine allows no user namespaces ({trial.stderr.strip()})"
    return None


def pcscd_available() -> str | None:
    """None if pcscd with the virtual reader is installed, else one sentence that names the missing package."""
    if _find_pcscd() is None:
        return "pcscd is missing: install pcscd"
    for conf in _READER_CONF.glob("*"):
        for line in conf.read_text(errors="replace").splitlines():
            if line.startswith("LIBPATH") and line.endswith(_VPCD_LIBRARY) and Path(line.split()[1]).exists():
                return None
    return f"no reader in {_READER_CONF} uses {_VPCD_LIBRARY}: install vsmartcard-vpcd"


def inside() -> bool:
    """True if this process already runs in a namespace of ours."""
    return os.environ.get(_MARK) == "1"


def namespace_command(argv: list[str], resolv_conf: str | None = None) -> list[str]:
    """The command line that runs ``argv`` in a new namespace, for :mod:`subprocess`.

    ``resolv_conf`` is the text of the private ``/etc/resolv.conf``; None leaves the machine's (and, as the network
    is empty, no name server answers then).
    """
    options = [] if resolv_conf is None else ["--resolv-conf", resolv_conf]
    return [*_UNSHARE, sys.executable, "-I", str(Path(__file__).resolve()), *options, "--", *argv]


def reexec_in_namespace(argv: list[str], resolv_conf: str | None = None) -> None:
    """Replace this process by ``argv`` in a new namespace; comes back at once if already :func:`inside`.

    Call it before anything that must not be lost (open files, children). Raises :class:`NamespaceError` when this
    machine allows none.
    """
    if inside():
        return
    if (why := available()) is not None:
        raise NamespaceError(why)
    sys.stdout.flush()
    sys.stderr.flush()
    command = namespace_command(argv, resolv_conf)
    os.execvp(command[0], command)  # noqa: S606


class Pcscd:
    """A pcscd of this namespace. It dies with the process that started it, however that ends."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def kill(self) -> None:
        """End the daemon without warning, as a crash would; its socket file stays behind."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Stop the daemon without ending it: it accepts callers and never answers."""
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End the daemon in order; it removes its socket."""
        self._process.terminate()
        self._process.wait()


def start_pcscd(log: IO[bytes] | None = None, timeout_s: float = 10.0) -> Pcscd:
    """Start pcscd in this namespace and wait until it accepts clients.

    ``log`` gets the daemon's messages. Raises :class:`NamespaceError` outside a namespace (the machine's own daemon
    is not to be touched), if pcscd or the virtual reader is missing, or if the daemon is not ready in time.
    """
    if not inside():
        raise NamespaceError("pcscd is only started inside a namespace: call reexec_in_namespace first")
    pcscd = _find_pcscd()
    if (why := pcscd_available()) is not None or pcscd is None:
        raise NamespaceError(why or "pcscd is missing: install pcscd")
    PCSCD_SOCKET.unlink(missing_ok=True)
    command = ["setpriv", "--pdeathsig", "KILL", pcscd, "--foreground"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log or subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    until = time.monotonic() + timeout_s
    while not _accepts():
        if process.poll() is not None:
            raise NamespaceError(f"pcscd ended at once with status {process.returncode}")
        if time.monotonic() > until:
            process.kill()
            process.wait()
            raise NamespaceError(f"pcscd was not ready after {timeout_s:g} s")
        time.sleep(_POLL_S)
    return Pcscd(process)


def _find_pcscd() -> str | None:
    """A plain user's PATH often lacks /usr/sbin."""
    return shutil.which("pcscd") or shutil.which("pcscd", path="/usr/sbin:/sbin")


def _accepts() -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(PCSCD_SOCKET))
        except OSError:
            return False
    return True


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh22x", b"lo", 0)
        _, flags = struct.unpack_from("16sh", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _furnish(resolv_conf: str | None) -> None:
    """Turn the fresh namespaces into the private corner."""
    _bring_loopback_up()
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    PCSCD_SOCKET.parent.mkdir()
    if resolv_conf is None:
        return
    private = Path("/run/posmedic-resolv.conf")
    private.write_text(resolv_conf)
    target = Path("/etc/resolv.conf").resolve()
    if target.is_relative_to("/run"):  # a link to what systemd-resolved writes; the tmpfs has just hidden it
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount("--bind", str(private), str(target))


def _enter() -> None:
    """Second half of :func:`reexec_in_namespace`: runs inside, furnishes, becomes the command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--resolv-conf")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    _furnish(arguments.resolv_conf)
    os.environ[_MARK] = "1"
    os.execvp(arguments.command[0], arguments.command)  # noqa: S606


if __name__ == "__main__":
    _enter()
