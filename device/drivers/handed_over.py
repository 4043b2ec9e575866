"""What comes in about one exchange, from the payment application or from the tap, before anybody decoded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from device.evidence import EntryMode, MacVerdict

FIELDS_ALLOWED: Final = frozenset(("mti", "11", "12", "13", "18", "22", "39", "41", "42", "49"))
TAGS_ALLOWED: Final = frozenset(("5F28", "9F1A", "9F07", "95", "9B", "5F2A", "84", "4F", "9F06"))


@dataclass(slots=True, repr=False)
class HandedOver:
    """Frames, or allow-listed fields instead, and what the application says beside them.

    ``request`` and ``response`` hold card data: :func:`device.drivers.host_watch.read_exchange` wipes them.
    ``fields`` are of the response, keyed by field number (``FIELDS_ALLOWED``); ``emv`` maps a tag to hex.
    """

    request: bytearray | None = None
    response: bytearray | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    mac: MacVerdict = MacVerdict.UNKNOWN
    entry_mode: EntryMode = EntryMode.UNKNOWN
    fallback: bool | None = None
    emv: Mapping[str, str] = field(default_factory=dict)
    service_code: str | None = None
    expired: bool | None = None
    card_token: str | None = None
    bin_group: str | None = None
    scheme: str | None = None
    stored: bool = False
    test_card: bool = False
    source: str = "application"

    def __repr__(self) -> str:
        sizes = [0 if frame is None else len(frame) for frame in (self.request, self.response)]
        return f"HandedOver({self.source}, request {sizes[0]} bytes, response {sizes[1]} bytes)"

    def wipe(self) -> None:
        """Over-write both frames in place."""
        for frame in (self.request, self.response):
            if frame is not None:
                frame[:] = bytes(len(frame))
