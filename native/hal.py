"""The vendor's hardware library behind ``posmedic_hal.h``, found and loaded at run time.

A vendor's code can hang, crash and lie: use this in a process that can be killed. What can be checked is checked
here: version and size of the library's table, every number's range, every text's end, and that nothing was written
beyond the structures (a guard stands behind each of them).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from native import _hal_abi

VERSION: Final = 1
UNKNOWN: Final = -(2**31)
_GUARD: Final = b"\xa5" * 256
_RESULTS: Final = {1: "not_fitted", 2: "not_supported", 3: "busy", 4: "no_answer", 5: "failed"}
_SENTENCES: Final = {
    "not_fitted": "This terminal has no such part, says its hardware library.",
    "not_supported": "The hardware library cannot tell this.",
    "busy": "The payment application is using the part, says the hardware library.",
    "no_answer": "The part was asked by the hardware library and stayed silent.",
    "failed": "The part answered the hardware library that it cannot do it.",
}
_ZEROED: Final = ("char", "uint8_t")  # texts and bits are 0 when the function is entered, not UNKNOWN
_FLAG: Final = (0, 1)
_COUNT: Final = (0, 2**31 - 1)
_RANGES: Final = {
    "cover_open": _FLAG,
    "overheated": _FLAG,
    "cutter_fault": _FLAG,
    "answers": _FLAG,
    "field_on": _FLAG,
    "fitted": _FLAG,
    "external_power": _FLAG,
    "charging": _FLAG,
    "triggered": _FLAG,
    "paper": (0, 2),
    "level_percent": (0, 100),
    "voltage_mv": (0, 100_000),
    "temperature_dc": (-1000, 2000),
    "keys": (0, 1024),
    "pressed": (0, 1024),
}


class HalError(Exception):
    """The library cannot be used or a call gave nothing; the text is one sentence, ``reason`` a short key."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class HalMissingError(HalError):
    """The file or the Python module that calls it is not there, or the file cannot be loaded."""


class HalUnfitError(HalError):
    """The library was loaded, but is not one for this version of posmedic."""


class HalCallError(HalError):
    """The library answered that there is nothing to tell: ``reason`` is ``not_fitted``, ``busy``..."""


class HalGarbageError(HalError):
    """The library's answer cannot be true."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Names of the terminal; "" where the library tells none."""

    vendor: str
    model: str
    serial_number: str
    firmware: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Counters since the hardware's counters began; tracks 1 to 3."""

    track_reads: tuple[int | None, ...]
    track_errors: tuple[int | None, ...]
    head_cycles: int | None
    chip_inserts: int | None
    chip_errors: int | None


@dataclass(frozen=True, slots=True)
class Printer:
    """State now; ``paper``: 0 is there, 1 near its end, 2 out; flags are 0 or 1."""

    paper: int | None
    cover_open: int | None
    overheated: int | None
    cutter_fault: int | None
    printed_m: int | None


@dataclass(frozen=True, slots=True)
class Contactless:
    """Does the reader's chip answer, is its field on, and its counters."""

    answers: int | None
    field_on: int | None
    taps: int | None
    errors: int | None


@dataclass(frozen=True, slots=True)
class Battery:
    """State now; temperature in tenths of a degree Celsius."""

    fitted: int | None
    external_power: int | None
    charging: int | None
    level_percent: int | None
    voltage_mv: int | None
    temperature_dc: int | None
    cycles: int | None


@dataclass(frozen=True, slots=True)
class Tamper:
    """The tamper latch and how often it was set."""

    triggered: int | None
    events: int | None


@dataclass(frozen=True, slots=True)
class Keypad:
    """How many keys there are and how many read as pressed now; and which, by Linux' KEY_ codes, () if not told."""

    keys: int | None
    pressed: int | None
    fitted: tuple[int, ...] = ()
    down: tuple[int, ...] = ()


_Answer = TypeVar("_Answer", Identity, Reader, Printer, Contactless, Battery, Tamper, Keypad)


class Hal:
    """One loaded library. Every call blocks as long as the library does."""

    def __init__(self, path: Path) -> None:
        """Load the library. Raises HalMissingError or HalUnfitError."""
        self._ffi, self._library = _load(path)
        self._table = self._open(path)

    def read_identity(self) -> Identity:
        """Names and serial number of the terminal. Raises HalError, as all the others do."""
        return self._read("read_identity", "posmedic_identity", Identity)

    def read_reader(self) -> Reader:
        """Wear and error counters of stripe head and chip slot."""
        return self._read("read_reader", "posmedic_reader", Reader)

    def read_printer(self) -> Printer:
        """Paper, cover, temperature, cutter."""
        return self._read("read_printer", "posmedic_printer", Printer)

    def read_contactless(self) -> Contactless:
        """The contactless reader's state."""
        return self._read("read_contactless", "posmedic_contactless", Contactless)

    def read_battery(self) -> Battery:
        """Battery and power."""
        return self._read("read_battery", "posmedic_battery", Battery)

    def read_tamper(self) -> Tamper:
        """The tamper latch."""
        return self._read("read_tamper", "posmedic_tamper", Tamper)

    def read_keypad(self) -> Keypad:
        """Keys, and keys that stick."""
        return self._read("read_keypad", "posmedic_keypad", Keypad)

    def light_and_beep(self, duration_ms: int) -> None:
        """Light the lamps and sound the beeper: a person notices it."""
        self._result(self._function("light_and_beep")(duration_ms))

    def print_test_line(self) -> None:
        """Print one line: it moves paper."""
        self._result(self._function("print_test_line")())

    def switch_field(self, duration_ms: int) -> None:
        """Switch the contactless field on and off again."""
        self._result(self._function("switch_field")(duration_ms))

    def _open(self, path: Path) -> Any:
        try:
            table = self._library.posmedic_hal_open(VERSION)
        except (AttributeError, self._ffi.error) as error:
            raise HalUnfitError("library_unfit", f"{path.name} does not export posmedic_hal_open.") from error
        if table == self._ffi.NULL:
            raise HalUnfitError("library_unfit", f"{path.name} does not serve version {VERSION} of posmedic_hal.h.")
        version, size = int(table.version), int(table.size)
        if version != VERSION:
            raise HalUnfitError("library_unfit", f"{path.name} was built for version {version}, {VERSION} is needed.")
        first = self._ffi.offsetof("posmedic_hal", "read_identity")
        whole = (size - first) % self._ffi.sizeof("void *") == 0
        if not first < size <= 65_536 or not whole:
            raise HalUnfitError("library_unfit", f"{path.name} tells an impossible size of its table, {size} bytes.")
        return table

    def _function(self, name: str) -> Any:
        """The library's function. Raises HalCallError where its table ends before it or leaves it NULL."""
        end = self._ffi.offsetof("posmedic_hal", name) + self._ffi.sizeof("void *")
        function = getattr(self._table, name) if end <= self._table.size else self._ffi.NULL
        if function == self._ffi.NULL:
            raise HalCallError("not_supported", _SENTENCES["not_supported"])
        return function

    def _result(self, code: int) -> None:
        if code == 0:
            return
        reason = _RESULTS.get(code)
        if reason is None:
            raise HalGarbageError("garbage", f"The hardware library returned {code}, which has no meaning.")
        raise HalCallError(reason, _SENTENCES[reason])

    def _read(self, name: str, struct: str, answer: type[_Answer]) -> _Answer:
        ffi = self._ffi
        function = self._function(name)
        size = ffi.sizeof(struct)
        memory = ffi.new("unsigned char[]", size + len(_GUARD))
        ffi.buffer(memory)[:] = bytes(size) + _GUARD
        out = ffi.cast(f"{struct} *", memory)
        for member in dataclasses.fields(answer):
            _set_unknown(ffi, out, member.name)
        out.size = size
        self._result(function(out))
        if ffi.buffer(memory)[size:] != _GUARD:
            raise HalGarbageError("garbage", f"The hardware library wrote beyond the end of {struct}.")
        return answer(**{member.name: _value(ffi, out, member.name) for member in dataclasses.fields(answer)})


def _load(path: Path) -> tuple[_hal_abi._Ffi, _hal_abi._Library]:
    if not path.is_file():
        raise HalMissingError("library_missing", f"The hardware library {path} is not there.")
    try:
        from native._hal_abi import ffi  # noqa: PLC0415 - a terminal without cffi still gets its other checks
    except ImportError as error:
        text = "The Python module _cffi_backend is missing: install python3-cffi-backend."
        raise HalMissingError("library_missing", text) from error
    try:
        return ffi, ffi.dlopen(str(path))
    except OSError as error:
        raise HalMissingError("library_missing", f"The hardware library {path} cannot be loaded here.") from error


def _set_unknown(ffi: _hal_abi._Ffi, out: Any, member: str) -> None:
    present = getattr(out, member)
    if isinstance(present, int):
        setattr(out, member, UNKNOWN)
    elif ffi.typeof(present).item.cname not in _ZEROED:
        for number in range(len(present)):
            present[number] = UNKNOWN


def _value(ffi: _hal_abi._Ffi, out: Any, member: str) -> Any:
    found = getattr(out, member)
    if isinstance(found, int):
        return _number(member, found)
    if ffi.typeof(found).item.cname == "uint8_t":
        return tuple(place for place in range(8 * len(found)) if found[place // 8] >> place % 8 & 1)
    if ffi.typeof(found).item.cname != "char":
        return tuple(_number(member, number) for number in found)
    raw = bytes(ffi.buffer(found))
    if 0 not in raw:
        raise HalGarbageError("garbage", f"The hardware library's text {member} has no end.")
    try:
        text = raw[: raw.index(0)].decode()
    except UnicodeDecodeError as error:
        raise HalGarbageError("garbage", f"The hardware library's text {member} is not UTF-8.") from error
    if not text.isprintable():
        raise HalGarbageError("garbage", f"The hardware library's text {member} holds control characters.")
    return text.strip()


def _number(member: str, number: int) -> int | None:
    least, most = _RANGES.get(member, _COUNT)
    if number == UNKNOWN:
        return None
    if not least <= number <= most:
        raise HalGarbageError("garbage", f"The hardware library tells {member} {number}, which cannot be.")
    return number
