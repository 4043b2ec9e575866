"""The cable: a serial port of the laptop, or TCP to a simulated terminal. Bytes only."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Final, Protocol

from tools.technician.trouble import CableError, CallError

if TYPE_CHECKING:
    from collections.abc import Callable

BAUD: Final = 115200
_CHUNK: Final = 16384
_WRITE_S: Final = 10.0
_CONNECT_S: Final = 5.0
_TCP: Final = "tcp://"


class Link(Protocol):
    """An open cable. Whatever it does, a cable that is gone raises CableError("lost")."""

    name: str

    def read(self, timeout_s: float) -> bytes:
        """What arrives first; empty if nothing does in time."""

    def write(self, data: bytes) -> None:
        """Send all; raises CableError("stuck") when the far end takes nothing for ten seconds."""

    def close(self) -> None:
        """Let go of it; closing twice does no harm."""


def open_link(name: str, baud: int = BAUD) -> Link:
    """Open ``/dev/ttyACM0``, ``COM3`` or ``tcp://host:port``. Raises CableError or CallError."""
    return _TcpLink(name) if name.startswith(_TCP) else _SerialLink(name, baud)


class _TcpLink:
    def __init__(self, name: str) -> None:
        self.name = name
        host, colon, port = name.removeprefix(_TCP).rpartition(":")
        if not colon or not host or not port.isdecimal() or int(port) > 65535:
            raise CallError("bad_address", port=name)
        try:
            self._socket = socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S)
        except OSError as error:
            raise CableError("no_connection", port=name, why=error.strerror or str(error)) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, timeout_s: float) -> bytes:
        self._socket.settimeout(max(timeout_s, 0.001))
        try:
            data = self._socket.recv(_CHUNK)
        except TimeoutError:
            return b""
        except OSError as error:
            raise CableError("lost", port=self.name) from error
        if not data:
            raise CableError("lost", port=self.name)
        return data

    def write(self, data: bytes) -> None:
        self._socket.settimeout(_WRITE_S)
        try:
            self._socket.sendall(data)
        except TimeoutError as error:
            raise CableError("stuck", port=self.name) from error
        except OSError as error:
            raise CableError("lost", port=self.name) from error

    def close(self) -> None:
        self._socket.close()


class _SerialLink:
    def __init__(self, name: str, baud: int) -> None:
        serial = need_pyserial()
        self.name = name
        self._errors: tuple[type[Exception], ...] = (serial.SerialException, OSError, TypeError)
        self._slow = serial.SerialTimeoutException
        try:
            self._line = self._open(serial.Serial, name, baud)
        except serial.SerialException as error:
            raise CableError(_why_not(error), port=name) from error
        except (OSError, ValueError) as error:
            raise CableError("no_port", port=name) from error

    @staticmethod
    def _open(make: Callable[..., Any], name: str, baud: int) -> Any:
        return make(name, baud, timeout=0, write_timeout=_WRITE_S, exclusive=True)

    def read(self, timeout_s: float) -> bytes:
        try:
            self._line.timeout = timeout_s
            first: bytes = self._line.read(1)
            return first + self._line.read(min(self._line.in_waiting, _CHUNK)) if first else b""
        except self._errors as error:  # pyserial lets some of the system's own through, and a TypeError once closed
            raise CableError("lost", port=self.name) from error

    def write(self, data: bytes) -> None:
        try:
            self._line.write(data)
        except self._slow as error:
            raise CableError("stuck", port=self.name) from error
        except self._errors as error:
            raise CableError("lost", port=self.name) from error

    def close(self) -> None:
        try:
            self._line.close()
        except self._errors:
            return


def need_pyserial() -> Any:
    """The package ``serial``. Raises CallError where it is not installed."""
    try:
        import serial  # noqa: PLC0415  tcp:// works without it
    except ImportError as error:
        raise CallError("no_pyserial") from error
    return serial


def _why_not(error: Exception) -> str:
    """Why pyserial did not open a port, as a word of the texts: it tells errno on POSIX, only text on Windows."""
    number, text = getattr(error, "errno", None), str(error)
    if number == 13 or "PermissionError" in text or "Access is denied" in text:
        return "no_right"
    if number in (11, 16) or "exclusively lock" in text:
        return "port_held"
    return "no_port"
