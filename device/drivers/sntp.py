"""One question to a time server (SNTP, RFC 4330 and RFC 5905): by how much the terminal's clock is off."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from device.drivers.network import NetworkError, find_host, not_allowed

PORT: Final = 123
_PACKET: Final = struct.Struct(">BBbb3I4Q")  # RFC 5905, 7.3, without extensions
_VERSION_4_CLIENT: Final = 4 << 3 | 3
_SERVER: Final = 4
_UNSYNCHRONISED: Final = 3  # leap indicator
_MOST_STRATUM: Final = 15
_TO_1900_S: Final = 2_208_988_800
_FRACTION: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class TimeServer:
    """A server of the network's time."""

    host: str
    port: int = PORT


def read_drift(server: TimeServer, bound_s: float, wall_s: Callable[[], float] = time.time) -> float:
    """Seconds by which this clock is ahead of the server's. Raises NetworkError.

    Reasons: those of :func:`resolve_host` and :func:`not_allowed`, ``no_answer``, ``unreachable``, ``refused``, and
    ``garbled`` for an answer to another question or of a server that has no time itself.
    """
    until = time.monotonic() + bound_s
    address = find_host(server.host, server.port, bound_s / 2)
    nonce = int.from_bytes(os.urandom(8))  # a server only repeats it, so that it need not tell our time
    with socket.socket(address.family, socket.SOCK_DGRAM) as line:
        try:
            line.connect((address.address, address.port))
            sent_s, began = wall_s(), time.monotonic()
            line.send(_PACKET.pack(_VERSION_4_CLIENT, 0, 0, 0, 0, 0, 0, 0, 0, 0, nonce))
            ready = select.select([line], [], [], max(0.0, until - time.monotonic()))[0]
            if not ready:
                raise NetworkError("no_answer", f"The time server {server.host} does not answer.")
            data = line.recv(1024)
        except ConnectionRefusedError as error:
            raise NetworkError("refused", f"{server.host} serves no time on port {server.port}.") from error
        except OSError as error:
            if error.errno == errno.EPERM:
                raise not_allowed(server.host) from error
            raise NetworkError("unreachable", f"{server.host} cannot be reached: {error.strerror}.") from error
    took_s = time.monotonic() - began
    received_s, answered_s = _times(data, nonce, server.host)
    return ((sent_s - received_s) + (sent_s + took_s - answered_s)) / 2


def _times(data: bytes, nonce: int, host: str) -> tuple[float, float]:
    """When the server got the question and sent its answer, in seconds since 1970."""
    if len(data) < _PACKET.size:
        raise NetworkError("garbled", f"What {host} answers is no time.")
    first, stratum, *_rest, repeated, received, answered = _PACKET.unpack_from(data)
    if first & 7 != _SERVER or repeated != nonce:
        raise NetworkError("garbled", f"What {host} answers is no answer to this question.")
    if first >> 6 == _UNSYNCHRONISED or not 1 <= stratum <= _MOST_STRATUM or answered == 0:
        raise NetworkError("garbled", f"The time server {host} says that it has no time itself.")
    return _unix_s(received), _unix_s(answered)


def _unix_s(stamp: int) -> float:
    """An NTP timestamp; the era that begins in 2036 is told by its first bit (RFC 4330, 3)."""
    seconds = stamp >> 32
    era_s = 0 if seconds >> 31 else _FRACTION
    return seconds + era_s - _TO_1900_S + (stamp & (_FRACTION - 1)) / _FRACTION
