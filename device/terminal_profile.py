"""The terminal's profile: one file, signed by the acquirer or the vendor, that says who this terminal is.

It has two halves. The diagnosis holds an exchange against :class:`~device.evidence.TerminalProfile`; the self-test
holds what it measures against :class:`Reference`. Both are read here, so that one place checks the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from device.evidence import Limit, TerminalProfile
from device.limits import parse_limit
from device.settings import read_text
from device.table import Table, parse_toml

VERSIONED: Final = ("system", "application", "posmedic", "parameters", "aid_table", "ca_keys")
_MAY_FIX: Final = ("country", "currency", "terminal_id", "merchant_id", "mcc")
_USB: Final = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
_NUMERIC_CODE: Final = 3
_MOST_LIMITS: Final = 100


@dataclass(frozen=True, slots=True)
class Reference:
    """What the self-test measures against. Empty: the profile does not say.

    ``required`` are parts that must be fitted; ``usb`` are the ``vendor:product`` pairs that belong; ``limits`` replace
    the product's own, by check id; ``versions`` are those of :data:`VERSIONED`.
    """

    required: frozenset[str] = frozenset()
    usb: tuple[str, ...] | None = None
    limits: Mapping[str, Limit] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TerminalFile:
    """The file's two halves and its bytes, for the signature."""

    profile: TerminalProfile
    reference: Reference
    content: bytes


def read_terminal_file(path: Path) -> TerminalFile:
    """Read the file. Raises TableError. ``verified`` stays False: ssh-keygen checks the signature elsewhere."""
    text = read_text(path)
    root = parse_toml(text, path.name)
    file = TerminalFile(_profile(root), _reference(root), text.encode())
    root.close()
    return file


def _profile(root: Table) -> TerminalProfile:
    terminal, host = root.table("terminal"), root.table("host", {})
    acquirer, shop, schemes = root.table("acquirer", {}), root.table("shop", {}), root.table("schemes", {})
    profile = TerminalProfile(
        terminal_id=terminal.optional_text("terminal_id", most=16),
        merchant_id=terminal.optional_text("merchant_id", most=35),
        mcc=terminal.optional_text("mcc", most=4),
        country=_numeric_code(terminal, "country"),
        currency=_numeric_code(terminal, "currency"),
        host=host.optional_text("profile", most=40),
        signs_declines=host.optional_flag("signs_declines"),
        maps_codes=host.optional_flag("maps_codes"),
        stands_in=host.optional_flag("stands_in"),
        schemes=schemes.texts("enabled", ()),
        shop_may_fix=shop.texts("may_fix", ()),
        acquirer=acquirer.text("name", "", most=80),
        hotline=acquirer.text("hotline", "", most=40),
    )
    unknown = [word for word in profile.shop_may_fix if word not in _MAY_FIX]
    if unknown:
        raise shop.error("may_fix", f"names {unknown[0][:20]!r}; known are {', '.join(_MAY_FIX)}")
    if host.optional_text("source") is None and profile.signs_declines is not None:
        raise host.error("signs_declines", "needs a source: say in [host] source where this was learnt")
    for table in (terminal, host, acquirer, shop, schemes):
        table.close()
    return profile


def _numeric_code(table: Table, key: str) -> str | None:
    value = table.optional_text(key)
    if value is not None and not (len(value) == _NUMERIC_CODE and value.isdecimal()):
        raise table.error(key, f"must be a three-digit numeric code, like 156; it is {value[:10]!r}")
    return value


def _reference(root: Table) -> Reference:
    parts, versions = root.table("parts", {}), root.table("versions", {})
    usb = parts.texts("usb") if "usb" in parts else None
    for device in usb or ():
        if not _USB.fullmatch(device):
            raise parts.error("usb", f"must list vendor:product in hex, like 2c7c:0125; it has {device[:20]!r}")
    told = {name: found for name in VERSIONED if (found := versions.optional_text(name, most=40)) is not None}
    reference = Reference(frozenset(parts.texts("required", ())), usb, _limits(root.table("limits", {})), told)
    parts.close()
    versions.close()
    return reference


def _limits(table: Table) -> dict[str, Limit]:
    ids = table.keys()
    if len(ids) > _MOST_LIMITS:
        raise table.error(ids[0], f"is one of {len(ids)} limits; at most {_MOST_LIMITS} are read")
    limits = {}
    for check_id in ids:
        row = table.table(check_id)
        limits[check_id] = parse_limit(row)
        row.close()
    return limits
