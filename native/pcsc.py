"""PC/SC through libpcsclite, found at run time.

Blocking calls without threads: run them where a hang can be killed. Names and meanings follow the PC/SC Workgroup's
part 5 and pcsc-lite's ``winscard.h``; the declarations are in ``_pcsc.cdef.txt``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from native import _pcsc_abi

LIBRARY: Final = "libpcsclite.so.1"
_MOST_MS: Final = 0x7FFFFFFF
_LEAST_ANSWER: Final = 2  # SW1 SW2, ISO/IEC 7816-4, 5.1
_SERVICE_CODES: Final = frozenset({0x80100013, 0x8010001D, 0x8010001E})  # daemon died in a call; absent; shut down
_CARD_GONE: Final = 0x80100069


class PcscError(Exception):
    """A PC/SC call failed. ``code`` has 32 bits; ``name`` is pcsc-lite's name of it, "" if it has none."""

    def __init__(self, code: int, name: str, call: str) -> None:
        super().__init__(f"{call}: {name or 'unnamed error'} (0x{code:08X})")
        self.code = code
        self.name = name


class ServiceError(PcscError):
    """pcscd does not run, or went away during the call."""


class CardGoneError(PcscError):
    """The card was taken out, or fell silent, while it was being asked."""


class PcscMissingError(PcscError):
    """The machine lacks the library or the Python module that calls it; the text names the package to install."""

    def __init__(self, what: str, package: str) -> None:
        Exception.__init__(self, f"{what} is missing: install {package}")
        self.code = 0
        self.name = "MISSING"
        self.package = package


@dataclass(frozen=True, slots=True)
class ReaderState:
    """What pcscd says of one reader at one moment.

    ``mute``: a card is in, but did not answer its reset. ``available`` is False for a reader that was pulled.
    ``atr`` is b"" unless a card answered. ``raw`` is what :meth:`Context.wait_for_change` compares with.
    """

    reader: str
    available: bool
    present: bool
    mute: bool
    atr: bytes = field(repr=False)
    raw: int = field(repr=False)


class Context:
    """A connection to pcscd; a context manager. Raises :class:`ServiceError` or :class:`PcscMissingError`."""

    def __init__(self) -> None:
        self._library = _Library()
        handle = self._library.ffi.new("SCARDCONTEXT *")
        null = self._library.ffi.NULL
        self._library.call("SCardEstablishContext", self._library.c.SCARD_SCOPE_SYSTEM, null, null, handle)
        self._handle = handle[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the context back. Never raises: a daemon that is gone holds nothing of ours."""
        self._library.c.SCardReleaseContext(self._handle)

    def readers(self) -> tuple[str, ...]:
        """The names of all readers, in pcscd's order; none is ()."""
        c, ffi = self._library.c, self._library.ffi
        most = c.MAX_READERNAME * c.PCSCLITE_MAX_READERS_CONTEXTS + 1
        names, size = ffi.new("char[]", most), ffi.new("DWORD *", most)
        allowed = (c.SCARD_E_NO_READERS_AVAILABLE,)
        if self._library.call("SCardListReaders", self._handle, ffi.NULL, names, size, allowed=allowed):
            return ()
        multi_string = bytes(ffi.buffer(names, size[0]))
        return tuple(name.decode(errors="replace") for name in multi_string.split(b"\0") if name)

    def reader_state(self, reader: str) -> ReaderState:
        """The reader's state now, without waiting."""
        state = self._status_change(reader, self._library.c.SCARD_STATE_UNAWARE, 0)
        if state is None:  # a time-out although the current state was asked for: pcscd knows nothing of the reader
            return ReaderState(reader, available=False, present=False, mute=False, atr=b"", raw=0)
        return state

    def wait_for_change(self, known: ReaderState, timeout_s: float) -> ReaderState | None:
        """Wait until the reader's state differs from ``known``; None if it did not within ``timeout_s``."""
        return self._status_change(known.reader, known.raw, min(int(timeout_s * 1000), _MOST_MS))

    def connect(self, reader: str) -> Card:
        """Power the card and share it with other programs, by T=0 or T=1 as the card likes."""
        c, ffi = self._library.c, self._library.ffi
        handle, active = ffi.new("SCARDHANDLE *"), ffi.new("DWORD *")
        protocols = c.SCARD_PROTOCOL_T0 | c.SCARD_PROTOCOL_T1
        name = ffi.new("char[]", reader.encode())
        self._library.call("SCardConnect", self._handle, name, c.SCARD_SHARE_SHARED, protocols, handle, active)
        return Card(self._library, handle[0], active[0])

    def _status_change(self, reader: str, known: int, timeout_ms: int) -> ReaderState | None:
        c, ffi = self._library.c, self._library.ffi
        name, state = ffi.new("char[]", reader.encode()), ffi.new("SCARD_READERSTATE *")
        state.szReader = name
        state.dwCurrentState = known
        allowed = (c.SCARD_E_TIMEOUT,)
        if self._library.call("SCardGetStatusChange", self._handle, timeout_ms, state, 1, allowed=allowed):
            return None
        event = int(state.dwEventState)
        return ReaderState(
            reader=reader,
            available=not event & (c.SCARD_STATE_UNKNOWN | c.SCARD_STATE_UNAVAILABLE),
            present=bool(event & c.SCARD_STATE_PRESENT),
            mute=bool(event & c.SCARD_STATE_MUTE),
            atr=bytes(ffi.buffer(state.rgbAtr))[: min(state.cbAtr, c.MAX_ATR_SIZE)],
            raw=event & ~c.SCARD_STATE_CHANGED,
        )


class Card:
    """A powered card, from :meth:`Context.connect`; a context manager that resets the card at its end."""

    def __init__(self, library: _Library, handle: int, protocol: int) -> None:
        self._library = library
        self._handle = handle
        self._protocol = protocol

    @property
    def is_t0(self) -> bool:
        """The card speaks T=0 (ISO/IEC 7816-3, 10), else T=1."""
        return bool(self._protocol == self._library.c.SCARD_PROTOCOL_T0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disconnect()

    def restart(self) -> None:
        """Take the card's power away and give it again (ISO/IEC 7816-3, 6.2: cold reset); a new ATR has come then."""
        c, ffi = self._library.c, self._library.ffi
        protocols, active = c.SCARD_PROTOCOL_T0 | c.SCARD_PROTOCOL_T1, ffi.new("DWORD *")
        how = (c.SCARD_SHARE_SHARED, protocols, c.SCARD_UNPOWER_CARD)
        self._library.call("SCardReconnect", self._handle, *how, active)
        self._protocol = active[0]

    def transmit(self, command: bytes) -> bytes:
        """Send one short command APDU and return the answer, SW1 SW2 at its end.

        pcsc-lite calls it success when a card vanishes in the middle and hands over no bytes: that raises
        :class:`CardGoneError` here, as every answer under two bytes does.
        """
        c, ffi = self._library.c, self._library.ffi
        pci = ffi.new("SCARD_IO_REQUEST *", [self._protocol, ffi.sizeof("SCARD_IO_REQUEST")])
        answer, size = ffi.new("unsigned char[]", c.MAX_BUFFER_SIZE), ffi.new("DWORD *", c.MAX_BUFFER_SIZE)
        self._library.call("SCardTransmit", self._handle, pci, command, len(command), ffi.NULL, answer, size)
        if size[0] < _LEAST_ANSWER:
            raise CardGoneError(0, "SHORT_ANSWER", "SCardTransmit")
        return bytes(ffi.buffer(answer, size[0]))

    def disconnect(self) -> None:
        """Reset the card and let it go. Never raises: card or daemon may be gone already."""
        self._library.c.SCardDisconnect(self._handle, self._library.c.SCARD_RESET_CARD)


class _Library:
    """libpcsclite and its declarations, with every code masked to 32 bits in the one place that sees codes."""

    def __init__(self) -> None:
        self.ffi, self.c = _load()

    def call(self, function: str, *arguments: object, allowed: tuple[int, ...] = ()) -> int:
        """Call and return the code if it is success or ``allowed``; raise the matching error otherwise."""
        # LONG has 4 bytes on armhf and 8 on arm64, so the same code is negative on one and positive on the other
        code: int = getattr(self.c, function)(*arguments) & 0xFFFFFFFF
        if code == 0 or code in allowed:
            return code
        kind = PcscError
        if code in _SERVICE_CODES:
            kind = ServiceError
        elif code == _CARD_GONE:
            kind = CardGoneError
        raise kind(code, _names().get(code, ""), function)


@functools.cache
def _load() -> tuple[_pcsc_abi._Ffi, _pcsc_abi._Library]:
    try:
        from native._pcsc_abi import ffi  # noqa: PLC0415 - a terminal without cffi still gets its other checks
    except ImportError as error:
        raise PcscMissingError("the Python module _cffi_backend", "python3-cffi-backend") from error
    try:
        return ffi, ffi.dlopen(LIBRARY)
    except OSError as error:
        raise PcscMissingError(LIBRARY, "libpcsclite1") from error


@functools.cache
def _names() -> dict[int, str]:
    c: Any = _load()[1]
    return {
        getattr(c, name) & 0xFFFFFFFF: name for name in dir(c) if name.startswith(("SCARD_E_", "SCARD_F_", "SCARD_W_"))
    }
