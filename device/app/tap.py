"""The passive tap: a receive-only serial line on which requests and responses of the host link pass by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from device.app.journal import note
from device.drivers.handed_over import HandedOver
from device.loop import READ, Loop, Timer
from device.settings_parts import LineSettings
from protocol.control_frame import Deframer, Frame, FrameError, FrameProfile, Item, LengthKind
from protocol.envelope import EnvelopeError, open_envelope
from protocol.iso8583_profile import MessageProfile

if TYPE_CHECKING:
    from device.ports.serial_port import SerialPort

_QUIET_S: Final = 1.0
_PATIENCE_S: Final = 90.0
_REOPEN_S: Final = 60.0
_LINK: Final = FrameProfile(length=LengthKind.BCD, most_payload=2048, least_payload=1)  # dialled and serial host links


class Tap:
    """Pairs each response with the request before it and hands both on; it never writes a byte to the line."""

    def __init__(
        self,
        loop: Loop,
        line: LineSettings,
        profiles: Callable[[], Sequence[MessageProfile]],
        on_exchange: Callable[[HandedOver], None],
    ) -> None:
        self._loop = loop
        self._line = line
        self._profiles = profiles
        self._on_exchange = on_exchange
        self._deframer = Deframer(_LINK)
        self._request: bytearray | None = None
        self._forget: Timer | None = None
        self._quiet: Timer | None = None
        self._port: SerialPort | None = None
        self.problem = ""
        self._open()

    def _open(self) -> None:
        from device.ports.serial_port import PortError, open_serial  # noqa: PLC0415  resident only where a tap is

        try:
            self._port = open_serial(self._line.port, self._line.baud, float("inf"))
        except PortError as error:
            self._give_up(str(error))
            return
        self.problem = ""
        self._loop.watch(self._port.fileno(), READ, self._read)

    def _give_up(self, why: str) -> None:
        if why != self.problem:
            note("tap", problem=why)
        self.problem = why
        self._loop.call_in(_REOPEN_S, self._open)

    def _read(self, _events: int) -> None:
        from device.ports.serial_port import PortError  # noqa: PLC0415

        if self._port is None:
            return
        try:
            data = self._port.read_some(0)
        except PortError as error:
            self._loop.unwatch(self._port.fileno())
            self._port.close(discard=True)
            self._port = None
            self._drop_request()
            self._deframer.wipe()
            self._give_up(str(error))
            return
        self._take(self._deframer.feed(data))
        data[:] = bytes(len(data))
        if self._quiet is not None:
            self._quiet.cancel()
        self._quiet = self._loop.call_in(_QUIET_S, lambda: self._take(self._deframer.expire()))

    def _take(self, found: Sequence[Item]) -> None:
        for item in found:
            if isinstance(item, FrameError):
                note("tap", dropped=item.length, offset=item.offset, reason=item.fault)
            elif isinstance(item, Frame):
                self._take_message(item.payload)

    def _take_message(self, message: bytearray) -> None:
        try:
            opened = open_envelope(message, self._profiles(), frozenset())
        except EnvelopeError as error:
            note("tap", refused=error)
            return
        mti = opened.message.mti if opened.message else ""
        if mti[2:3] in ("0", "2", "4"):  # ISO 8583:1987, 4.1.1: the third digit of a request or advice is even
            self._drop_request()
            self._request = message
            self._forget = self._loop.call_in(_PATIENCE_S, self._drop_request)
            return
        request, self._request = self._request, None
        self._on_exchange(HandedOver(request=request, response=message, source="tap"))

    def _drop_request(self) -> None:
        if self._forget is not None:
            self._forget.cancel()
            self._forget = None
        if self._request is not None:
            self._request[:] = bytes(len(self._request))
            self._request = None
