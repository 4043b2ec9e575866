# ruff: noqa: N802 - the names are libpcsclite's
from typing import Any, Final

class _Library:
    MAX_ATR_SIZE: int
    MAX_READERNAME: int
    MAX_BUFFER_SIZE: int
    PCSCLITE_MAX_READERS_CONTEXTS: int
    SCARD_SCOPE_SYSTEM: int
    SCARD_SHARE_SHARED: int
    SCARD_PROTOCOL_T0: int
    SCARD_PROTOCOL_T1: int
    SCARD_LEAVE_CARD: int
    SCARD_RESET_CARD: int
    SCARD_UNPOWER_CARD: int
    SCARD_STATE_UNAWARE: int
    SCARD_STATE_CHANGED: int
    SCARD_STATE_UNKNOWN: int
    SCARD_STATE_UNAVAILABLE: int
    SCARD_STATE_EMPTY: int
    SCARD_STATE_PRESENT: int
    SCARD_STATE_MUTE: int
    SCARD_E_TIMEOUT: int
    SCARD_E_NO_READERS_AVAILABLE: int
    def SCardEstablishContext(self, scope: int, reserved1: Any, reserved2: Any, context: Any) -> int: ...
    def SCardReleaseContext(self, context: int) -> int: ...
    def SCardListReaders(self, context: int, groups: Any, readers: Any, size: Any) -> int: ...
    def SCardGetStatusChange(self, context: int, timeout_ms: int, states: Any, count: int) -> int: ...
    def SCardConnect(self, context: int, reader: Any, share: int, protocols: int, card: Any, active: Any) -> int: ...
    def SCardReconnect(self, card: int, share: int, protocols: int, start: int, active: Any) -> int: ...
    def SCardTransmit(
        self, card: int, send_pci: Any, command: Any, length: int, receive_pci: Any, answer: Any, size: Any
    ) -> int: ...
    def SCardDisconnect(self, card: int, disposition: int) -> int: ...

class _Ffi:
    NULL: Any
    error: type[Exception]
    def dlopen(self, name: str) -> _Library: ...
    def new(self, ctype: str, init: object = ...) -> Any: ...
    def buffer(self, data: Any, size: int = ...) -> Any: ...
    def sizeof(self, ctype: str) -> int: ...

ffi: Final[_Ffi]
