"""Finds terminals among the laptop's serial ports, by what their USB side says of itself: nothing is sent to others.

The terminal's gadget is 1d6b:0104 (the Linux Foundation's composite gadget, which other devices carry too) with the
product "posmedic technician's port" and the machine's id as serial number. Windows does not tell the product of a
serial device; there the ids alone make a candidate, and what it answers to ``id`` decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tools.technician.link import need_pyserial
from tools.technician.trouble import CableError, CallError

VENDOR_ID: Final = 0x1D6B
PRODUCT_ID: Final = 0x0104
PRODUCT: Final = "posmedic technician's port"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A port that a terminal of ours may be at: its name, the USB serial number ("" unknown), whether the product fits.

    ``sure`` is False where the system does not tell the product.
    """

    port: str
    usb_serial: str
    sure: bool


def find_candidates() -> list[Candidate]:
    """Every port whose USB side may be ours, in the order of their names. Raises CallError without pyserial."""
    need_pyserial()
    from serial.tools import list_ports  # noqa: PLC0415

    return pick(list_ports.comports())


def pick(ports: Any) -> list[Candidate]:
    """Choose from what ``list_ports.comports`` gives: ids must fit, and the product where it is told."""
    found = []
    for port in ports:
        if (port.vid, port.pid) == (VENDOR_ID, PRODUCT_ID) and port.product in (None, "", PRODUCT):
            found.append(Candidate(port.device, port.serial_number or "", port.product == PRODUCT))
    return sorted(found, key=lambda candidate: candidate.port)


def choose(candidates: list[Candidate]) -> Candidate:
    """The only candidate. Raises CableError for none, CallError for several: a person must say which."""
    if not candidates:
        raise CableError("none_found")
    if len(candidates) > 1:
        raise CallError("several_found", ports=", ".join(candidate.port for candidate in candidates))
    return candidates[0]
