"""The card reader on a serial line, whatever protocol it speaks: who it is and how it is, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final, TypeAlias

from device.drivers.reader_facts import ReaderFact
from device.drivers.reader_profile import Protocol, ReaderProfile
from device.ports.serial_port import SerialPort, open_serial

Read: TypeAlias = Callable[[SerialPort, ReaderProfile], Iterator[ReaderFact]]
_DRIVERS: Final[Mapping[Protocol, tuple[str, str]]] = {  # module and function, imported where one is asked
    Protocol.CONTROL_FRAME: ("device.drivers.reader_control", "read_control"),
    Protocol.NEO: ("device.drivers.reader_neo", "read_neo"),
    Protocol.ABECS: ("device.drivers.reader_abecs", "read_abecs"),
    Protocol.PN532: ("device.drivers.reader_pn532", "read_pn532"),
    Protocol.CCID: ("device.drivers.reader_ccid", "read_ccid"),
}


@dataclass(frozen=True, slots=True)
class ReaderSetup:
    """Where the reader is and how it speaks."""

    port: str
    baud: int
    profile: ReaderProfile


def read_card_reader(setup: ReaderSetup) -> Iterator[ReaderFact]:
    """Ask identity, then status; each is yielded as soon as it is known. Raises PortError or ReaderError."""
    module, function = _DRIVERS[setup.profile.protocol]
    read: Read = getattr(import_module(module), function)
    with open_serial(setup.port, setup.baud, setup.profile.budget_s) as port:
        yield from read(port, setup.profile)
