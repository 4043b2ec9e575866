"""Packet data: attachment, contexts, addresses, and the events of the packet domain.

Sources: 3GPP TS 27.007: +CGDCONT 10.1.1, +CGATT 10.1.9, +CGACT 10.1.10, +CGPADDR 10.1.14, +CGEREP and +CGEV 10.1.19,
+CGCONTRDP 10.1.23 (address and mask joined since Release 8, split before), +CGPIAF 10.1.49 (an IPv6 address as sixteen
decimal numbers with dots or with colons, its mask behind a blank or as the number of bits behind a slash).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol.at_fields import Field, parse_fields, parse_groups

_KINDS: Final = ("IP", "PPP", "IPV6", "IPV4V6", "X.25", "OSPIH", "NON-IP", "ETHERNET", "UNSTRUCTURED")
_MOST_NAME: Final = 100
_EVENT: Final = re.compile(
    r"(?:(NW|ME)\s+)?((?:EPS\s+)?(?:PDN\s+)?(?:DEACT|ACT|REACT|DETACH|CLASS|MODIFY|REJECT))\b\s*(.*)",
    re.IGNORECASE | re.ASCII,
)
_RANGE: Final = re.compile(r"(\d{1,3})\s*(?:-\s*(\d{1,3}))?", re.ASCII)
_MOST_RANGES: Final = 16


@dataclass(frozen=True, slots=True)
class Context:
    """One packet data context of +CGDCONT?. ``kind`` is ``IP``, ``IPV6``, ``IPV4V6``...; None if it is none of them."""

    number: int
    kind: str | None
    access_point: str


@dataclass(frozen=True, slots=True)
class ContextRange:
    """One line of +CGDCONT=?: the context numbers, first and last, that may be of ``kind``."""

    first: int
    last: int
    kind: str | None


@dataclass(frozen=True, slots=True)
class ContextParameters:
    """One line of +CGCONTRDP: what the network gave the context; empty or None where it was not told."""

    number: int
    bearer: int | None = None
    access_point: str = ""
    address: str = ""
    prefix: int | None = None  # bits of the subnet mask; None: no mask, or one with holes
    gateway: str = ""
    name_servers: tuple[str, ...] = ()
    split: bool = False  # the old form, address and mask in two fields


@dataclass(frozen=True, slots=True)
class PacketEvent:
    """A +CGEV line. ``by`` is ``NW`` (network) or ``ME`` (modem); ``what`` e.g. ``PDN DEACT``; no address is kept.

    ``REJECT``, the modem turning a request of the network down, is of the modem.
    """

    by: str
    what: str
    context: int | None = None
    reason: int | None = None
    kind: str | None = None


def parse_attached(line: str) -> bool | None:
    """Is packet service attached (+CGATT)? None: the line does not say."""
    fields = parse_fields(line)
    number = fields[0].number if fields else None
    return None if number not in (0, 1) else number == 1


def parse_contexts(lines: Iterable[str]) -> tuple[Context, ...]:
    """The contexts of +CGDCONT?; a line without a number or a type is passed over."""
    found = []
    for line in lines:
        fields = parse_fields(line)
        number = fields[0].number if fields else None
        if number is not None and len(fields) > 1:
            name = fields[2].text[:_MOST_NAME] if len(fields) > 2 else ""
            found.append(Context(number, _kind(fields[1].text), name))
    return tuple(found)


def parse_context_ranges(lines: Iterable[str]) -> tuple[ContextRange, ...]:
    """The lines of +CGDCONT=?: ``(1-16),"IP",,,(0-2),(0-4)``; a range may be one number, bracketed or not.

    ``(1-24,100-179)`` are two ranges.
    """
    found = []
    for line in lines:
        fields = parse_fields(line)
        kind = _kind(fields[1].text) if len(fields) > 1 else None
        for part in fields[0].text.split(",")[:_MOST_RANGES] if fields else ():
            match = _RANGE.match(part.strip())
            if match is not None:
                found.append(ContextRange(int(match[1]), int(match[2] or match[1]), kind))
    return tuple(found)


def parse_activity(line: str) -> tuple[int, bool] | None:
    """A line of +CGACT?: the context's number, and whether it is active; None: the line does not say."""
    fields = parse_fields(line)
    number, state = (field.number for field in fields[:2]) if len(fields) > 1 else (None, None)
    return None if number is None or state not in (0, 1) else (number, state == 1)


def parse_active_contexts(lines: Iterable[str]) -> tuple[int, ...]:
    """The numbers of the contexts that +CGACT? calls active."""
    told = [parse_activity(line) for line in lines]
    return tuple(pair[0] for pair in told if pair is not None and pair[1])


def parse_addresses(lines: Iterable[str]) -> tuple[str, ...]:
    """The addresses of +CGPADDR, without unset ones; IPv6 also where it is written as sixteen decimal numbers."""
    found = [parse_address(field.text)[0] for line in lines for field in parse_fields(line)[1:]]
    return tuple(dict.fromkeys(address for address in found if address))


def parse_address(text: str) -> tuple[str, int | None]:
    """An address and the bits of its mask: 4 or 16 decimal numbers, 8 or 32 with a mask behind, or the usual form.

    The usual form may have ``/64`` or a mask with colons behind it. ``("", None)`` if it is none, or the unset one.
    """
    octets = _octets(text)
    words = text.split()
    try:
        if len(octets) in (8, 32):
            half = len(octets) // 2
            return _told(ipaddress.ip_address(octets[:half])), _prefix(octets[half:])
        if len(octets) in (4, 16):
            return _told(ipaddress.ip_address(octets)), None
        interface = ipaddress.ip_interface(words[0].partition("%")[0] if words else "")  # without the zone
        prefix = interface.network.prefixlen if "/" in words[0] else None
        mask = ipaddress.ip_address(words[1]).packed if len(words) > 1 and ":" in words[1] else b""
        return _told(interface.ip), _prefix(mask) if mask else prefix
    except ValueError:
        return "", None


def _told(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return "" if address.is_unspecified else str(address)


def _octets(text: str) -> bytes:
    """Numbers of 0 to 255 between dots; empty if it is anything else. Leading zeros are decimal here."""
    parts = text.strip().split(".")
    if not all(re.fullmatch(r"\s*\d{1,3}\s*", part, re.ASCII) and int(part) <= 255 for part in parts):
        return b""
    return bytes(int(part) for part in parts)


def _prefix(mask: bytes) -> int | None:
    bits = f"{int.from_bytes(mask, 'big'):0{len(mask) * 8}b}"
    return bits.count("1") if "01" not in bits else None


def parse_context_parameters(line: str) -> ContextParameters | None:
    """One +CGCONTRDP line, old or new; None if it has no context number."""
    fields = parse_fields(line)
    number = fields[0].number if fields else None
    if number is None:
        return None
    texts = [field.text for field in fields] + [""] * 8
    address, prefix = parse_address(texts[3])
    mask = _octets(texts[4])
    split = len(_octets(texts[3])) in (4, 16) and len(mask) in (4, 16) and _prefix(mask) is not None
    if split:
        prefix = _prefix(mask)
    rest = texts[5:8] if split else texts[4:7]
    gateway, *servers = (parse_address(text)[0] for text in rest)
    return ContextParameters(
        number,
        fields[1].number if len(fields) > 1 else None,
        texts[2][:_MOST_NAME],
        address,
        prefix,
        gateway,
        tuple(server for server in servers if server),
        split,
    )


def parse_packet_event(line: str) -> PacketEvent | None:
    """A +CGEV line: ``NW PDN DEACT 1``, ``ME PDN ACT 1,0``, ``NW DEACT "IP","10.0.0.1",1``, ``NW DETACH``."""
    match = _EVENT.search(line)
    if match is None:
        return None
    what = " ".join(match[2].upper().split())
    by = (match[1] or ("ME" if what == "REJECT" else "")).upper()
    fields = parse_fields(match[3]) if match[3].strip() else ()
    kind = _kind(fields[0].text) if fields and fields[0].number is None else None
    if what == "CLASS":
        return PacketEvent(by, what)
    numbers = _numbers(fields[2:] if kind else fields)
    if what in ("ACT", "DEACT") and not kind and len(numbers) > 1:
        numbers = [numbers[1]]  # secondary contexts: <p_cid>,<cid>,<event_type>
    context = numbers[0] if numbers else None
    reason = numbers[1] if len(numbers) > 1 and what.startswith("PDN") else None
    return PacketEvent(by, what, context, reason, kind)


def _numbers(fields: tuple[Field, ...]) -> list[int | None]:
    return [field.number for field in fields]


def parse_event_reporting(line: str) -> tuple[int | None, int | None]:
    """Mode and buffering of ``+CGEREP: <mode>,<bfr>``; a test response gives the first number of each list."""
    groups = parse_groups(line)
    fields = [group[0] for group in groups if group] or list(parse_fields(line))
    numbers = [re.match(r"\d{1,2}", field.text) for field in fields[:2]]
    told = [int(match[0]) if match else None for match in numbers]
    return (told[0] if told else None, told[1] if len(told) > 1 else None)


def _kind(text: str) -> str | None:
    word = text.strip().upper()
    if word == "IPV4":
        return "IP"
    return word if word in _KINDS or word == "NONIP" else None
