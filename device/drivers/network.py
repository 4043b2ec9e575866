"""The way to the payment host, layer by layer: link, address, name, connection, TLS. Each step has its own bound.

Nothing is sent beyond the handshakes; no payment message, no echo.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

Lookup: TypeAlias = Callable[..., list[Any]]

# Documentation addresses (RFC 5737, RFC 3849): a connected datagram socket sends nothing, it only asks for the route.
_ANYWHERE: Final = ("192.0.2.1", "2001:db8::1")
_IFF_UP: Final = 0x1
_IFF_LOOPBACK: Final = 0x8
_MOST_ADDRESSES: Final = 8
_DISCARD: Final = 9  # RFC 863: nobody is disturbed by an empty datagram
_MOST_ANSWER: Final = 4096  # bytes; a pipe takes as much at once (PIPE_BUF, pipe(7))


class NetworkError(Exception):
    """A layer did not do what it must; ``reason`` is the short key for evidence, the text one sentence."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class NetworkSetup:
    """The payment host. ``timeout_s`` bounds each of name, connection and TLS; ``ca_file`` "": the system's CAs."""

    host: str
    port: int
    tls: bool = True
    server_name: str = ""
    ca_file: str = ""
    timeout_s: float = 1.5
    sys_root: Path = Path("/sys")
    proc_root: Path = Path("/proc")


@dataclass(frozen=True, slots=True)
class HostAddress:
    """One address of the host, as getaddrinfo tells it."""

    family: int
    address: str
    port: int


def is_literal(host: str) -> bool:
    """Is the host given by its IP address, so that no name has to be looked up?"""
    return _literal(host) is not None


def is_loopback(host: str) -> bool:
    """Is the host this very machine?"""
    literal = _literal(host)
    return host == "localhost" or (literal is not None and literal.is_loopback)


def read_links(sys_root: Path) -> tuple[str, ...]:
    """Names of the interfaces that are up, loopback apart (Linux Documentation/ABI/testing/sysfs-class-net).

    Point-to-point links report ``unknown`` while they work, so that state counts as up unless the carrier is off.
    """
    try:
        names = sorted(entry.name for entry in (sys_root / "class/net").iterdir())
    except OSError:
        return ()
    return tuple(name for name in names if _is_up(sys_root / "class/net" / name))


def read_local_address(host: str) -> str:
    """Own address from which the host would be reached. Raises NetworkError ``no_route`` or ``link_local``."""
    found = ""
    for target in (host,) if is_literal(host) else (("127.0.0.1",) if is_loopback(host) else _ANYWHERE):
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((target, 9))
            found = str(asking.getsockname()[0])
            if not ipaddress.ip_address(found.partition("%")[0]).is_link_local:
                return found
    if found:
        raise NetworkError("link_local", f"The only address is {found}, which nobody gave out (RFC 3927).")
    raise NetworkError("no_route", "No interface has an address with a route to the host.")


def read_gateway(proc_root: Path) -> str | None:
    """The interface of the default route, IPv4 before IPv6; None without one.

    ``route`` and ``ipv6_route`` of proc(5): a destination and a mask of zeros.
    """
    rows = [line.split() for line in _lines(proc_root / "net/route")[1:]]
    found = next((row[0] for row in rows if len(row) > 7 and row[1] == row[7] == "00000000"), None)
    if found is None:
        rows = [line.split() for line in _lines(proc_root / "net/ipv6_route")]
        zero = "0" * 32
        found = next(
            (row[9] for row in rows if len(row) > 9 and row[0] == zero and row[1] == "00" and row[9] != "lo"), None
        )
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []


def resolve_host(host: str, port: int, bound_s: float, lookup: Lookup = socket.getaddrinfo) -> tuple[HostAddress, ...]:
    """Every address of a host.

    Raises NetworkError ``deadline``, ``no_such_name``, ``name_server_failed``, or ``not_allowed`` where this service
    may not ask the name server.

    ``lookup`` blocks as long as the system's resolver pleases (5 s and two tries per dead server, resolv.conf(5), and
    whatever nsswitch adds) and nothing can interrupt it, so it runs in a forked process that is killed at the bound.
    A thread could not be ended, and RES_OPTIONS would bind only glibc's own part.
    """
    answer = _ask_in_child(lambda: _look_up(lookup, host, port), bound_s)
    if (answer is None or "error" in answer) and are_name_servers_forbidden():
        raise NetworkError("not_allowed", "This service may not ask the name server (IPAddressAllow, or a firewall).")
    if answer is None:
        raise NetworkError("deadline", f"The name {host} was not answered within {bound_s:.1f} s.")
    if "error" in answer:
        unknown = answer["error"] in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
        if unknown:
            raise NetworkError("no_such_name", f"The name {host} is not known.")
        raise NetworkError("name_server_failed", f"The name server did not answer for {host} (code {answer['error']}).")
    return tuple(HostAddress(*row) for row in answer["addresses"])


def find_host(host: str, port: int, bound_s: float) -> HostAddress:
    """The host's first address; a literal one is not looked up. Raises as :func:`resolve_host`."""
    if is_literal(host):
        return HostAddress(socket.AF_INET6 if ":" in host else socket.AF_INET, host, port)
    return resolve_host(host, port, bound_s)[0]


def connect_host(addresses: tuple[HostAddress, ...], bound_s: float) -> socket.socket:
    """Connect to the first address that answers.

    Raises NetworkError ``refused``, ``no_answer``, ``unreachable``, or ``not_allowed`` where we may not ask it.
    """
    until = time.monotonic() + bound_s
    failure = NetworkError("unreachable", "The host has no address.")
    for place, address in enumerate(addresses):
        left_s = (until - time.monotonic()) / (len(addresses) - place)  # a dead first address leaves time for the next
        if left_s <= 0:
            break
        line = socket.socket(address.family, socket.SOCK_STREAM)
        line.settimeout(left_s)
        try:
            line.connect((address.address, address.port))
        except TimeoutError:
            failure = NetworkError("no_answer", f"{address.address} port {address.port} does not answer.")
        except ConnectionRefusedError:
            failure = NetworkError("refused", f"{address.address} refuses connections to port {address.port}.")
        except OSError as error:
            failure = NetworkError("unreachable", f"{address.address} cannot be reached: {error.strerror}.")
        else:
            return line
        line.close()
        if failure.reason != "refused" and is_forbidden(address.address):
            failure = not_allowed(address.address)
    raise failure


def not_allowed(address: str) -> NetworkError:
    """The kernel refused to send (EPERM): a rule of this terminal forbids it, which says nothing of the network."""
    return NetworkError("not_allowed", f"This service may not ask {address} (IPAddressAllow, or a firewall).")


def are_name_servers_forbidden(resolver: Path = Path("/etc/resolv.conf")) -> bool:
    """Whether the kernel refuses to send to every name server; the resolver only says that it has no answer."""
    servers = [words[1] for line in _lines(resolver) if len(words := line.split()) > 1 and words[0] == "nameserver"]
    return bool(servers) and all(is_forbidden(server) for server in servers)


def is_forbidden(address: str) -> bool:
    """Whether the kernel refuses to send to this address; a connection does not tell, its packets are just dropped."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.connect((address, _DISCARD))
            asking.send(b"")
    except OSError as error:
        return error.errno == errno.EPERM
    return False


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_up(interface: Path) -> bool:
    try:
        flags = int(_word(interface / "flags") or "0", 16)
    except ValueError:
        return False
    if flags & _IFF_LOOPBACK or not flags & _IFF_UP:
        return False
    return _word(interface / "operstate") in ("up", "unknown") and _word(interface / "carrier") != "0"


def _word(path: Path) -> str:
    """Content of a sysfs file; "" where it cannot be read (``carrier`` of an interface that is down)."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _look_up(lookup: Lookup, host: str, port: int) -> dict[str, Any]:
    try:
        rows = lookup(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return {"error": error.errno}
    except (OSError, UnicodeError):
        return {"error": socket.EAI_NONAME}
    return {"addresses": [(row[0], row[4][0], row[4][1]) for row in rows[:_MOST_ADDRESSES]]}


def _ask_in_child(ask: Callable[[], dict[str, Any]], bound_s: float) -> dict[str, Any] | None:
    """Answer of ``ask`` from a forked process, or None if it has none within ``bound_s``."""
    end, child_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(child_end, json.dumps(ask()).encode())
        finally:
            os._exit(0)
    os.close(child_end)
    try:
        ready, _, _ = select.select([end], [], [], bound_s)
        answer = os.read(end, _MOST_ANSWER) if ready else b""
    finally:
        os.close(end)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return json.loads(answer) if answer else None
