"""The terminal's profile: one file, signed by the acquirer or the vendor, that says who this terminal is.

It has two halves. The diagnosis holds an exchange against :class:`~device.evidence.TerminalProfile`; the self-test
holds what it measures against :class:`Reference`. Both are read here, so that one place checks the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from device.evidence import CheckSpec, Limit, TerminalProfile
from device.limits import parse_limit
from device.settings import read_text
from device.table import Table, parse_toml

VERSIONED: Final = ("system", "application", "posmedic", "parameters", "aid_table", "ca_keys")
_VERSIONS: Final = (*VERSIONED, "firmware")  # the last is the board's, which the vendor's library tells
_MAY_FIX: Final = ("country", "currency", "terminal_id", "merchant_id", "mcc")
_USB: Final = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
_COUNTRY_DIGITS: Final = 3  # ISO 3166-1 and ISO 4217, numeric
_MCC_DIGITS: Final = 4  # ISO 18245
_HOTLINE: Final = re.compile(r"(?=.*\d)[-+0-9 ()/.,;#*]+")
_MOST_LIMITS: Final = 100
_BIN: Final = re.compile(r"[0-9]{1,8}", re.ASCII)  # ISO/IEC 7812-1: an issuer identification number has 8 digits
_MOST_BINS: Final = 5000


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What a profile may name: the product's parts and checks, and the words of card schemes."""

    parts: Collection[str]
    checks: Mapping[str, CheckSpec]
    schemes: Collection[str]


@dataclass(frozen=True, slots=True)
class Reference:
    """What the self-test measures against. Empty: the profile does not say.

    ``fitted`` are the parts that this terminal was made with, None: not told; ``required`` are those without which it
    must not work; ``usb`` are the ``vendor:product`` pairs that belong; ``limits`` replace the product's own, by check
    id; ``versions`` are those of :data:`VERSIONED`, and the board's ``firmware``; ``serial_number`` is the hardware's;
    ``bin_countries`` are the issuer's country (ISO 3166, numeric) by the first digits of a card number.
    """

    required: frozenset[str] = frozenset()
    fitted: frozenset[str] | None = None
    serial_number: str | None = None
    usb: tuple[str, ...] | None = None
    limits: Mapping[str, Limit] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    bin_countries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TerminalFile:
    """The file's two halves and its bytes, for the signature."""

    profile: TerminalProfile
    reference: Reference
    content: bytes


def read_terminal_file(path: Path, known: KnownNames) -> TerminalFile:
    """Read the file. Raises TableError with file, line and reason.

    ``verified`` stays False: ssh-keygen checks the signature elsewhere.
    """
    text = read_text(path)
    root = parse_toml(text, path.name)
    file = TerminalFile(_profile(root, known), _reference(root, known), text.encode())
    root.close()
    return file


def without_reference(reference: Reference) -> list[str]:
    """What the self-test cannot judge because the profile does not say what it must be: check ids, and ``parts``."""
    missing = [f"versions.{name}" for name in VERSIONED if name not in reference.versions]
    if "firmware" not in reference.versions:
        missing.insert(0, "identity.firmware")
    if reference.serial_number is None:
        missing.insert(0, "identity.serial_number")
    if reference.usb is None:
        missing.insert(0, "usb.expected")
    return missing if reference.required or reference.fitted is not None else ["parts", *missing]


def _profile(root: Table, known: KnownNames) -> TerminalProfile:
    terminal, host = root.table("terminal"), root.table("host", {})
    acquirer, shop, schemes = root.table("acquirer", {}), root.table("shop", {}), root.table("schemes", {})
    profile = TerminalProfile(
        terminal_id=_identifier(terminal, "terminal_id", 16),
        merchant_id=_identifier(terminal, "merchant_id", 35),
        mcc=_numeric_code(terminal, "mcc", _MCC_DIGITS, "5411"),
        country=_numeric_code(terminal, "country", _COUNTRY_DIGITS, "156"),
        currency=_numeric_code(terminal, "currency", _COUNTRY_DIGITS, "156"),
        host=host.optional_text("profile", most=40),
        signs_declines=host.optional_flag("signs_declines"),
        maps_codes=host.optional_flag("maps_codes"),
        stands_in=host.optional_flag("stands_in"),
        schemes=_names(schemes, "enabled", known.schemes) or (),
        shop_may_fix=_names(shop, "may_fix", _MAY_FIX) or (),
        acquirer=acquirer.text("name", "", most=80),
        hotline=acquirer.text("hotline", "", most=40),
    )
    if profile.hotline and not _HOTLINE.fullmatch(profile.hotline):
        raise acquirer.error("hotline", f"must be a telephone number; it is {profile.hotline!r}")
    if host.optional_text("source") is None and profile.signs_declines is not None:
        raise host.error("signs_declines", "needs a source: say in [host] source where this was learnt")
    terminal.optional_text("serial_number")  # the self-test's half
    for table in (terminal, host, acquirer, shop, schemes):
        table.close()
    return profile


def _identifier(table: Table, key: str, most: int) -> str | None:
    """An identifier as DE41 and DE42 carry it (ISO 8583: ans), so that it can be compared byte by byte."""
    value = table.optional_text(key, most=most)
    if value is not None and not (value.isascii() and value.isprintable() and value.strip()):
        raise table.error(key, "must be printable ASCII characters, as the message carries it")
    return value


def _numeric_code(table: Table, key: str, digits: int, example: str) -> str | None:
    value = table.optional_text(key)
    if value is not None and not (len(value) == digits and value.isascii() and value.isdecimal()):
        raise table.error(key, f"must be a numeric code of {digits} digits, like {example}; it is {value[:10]!r}")
    return value


def _names(table: Table, key: str, known: Collection[str]) -> tuple[str, ...] | None:
    """A list of known names, each once; None where the key is absent."""
    if key not in table:
        return None
    names = table.texts(key)
    for place, name in enumerate(names):
        if name not in known:
            raise table.error(key, f"names {name[:20]!r}; known are {', '.join(sorted(known))}")
        if name in names[:place]:
            raise table.error(key, f"names {name!r} twice")
    return names


def _reference(root: Table, known: KnownNames) -> Reference:
    parts, versions, terminal = root.table("parts", {}), root.table("versions", {}), root.table("terminal")
    usb = parts.texts("usb") if "usb" in parts else None
    for device in usb or ():
        if not _USB.fullmatch(device):
            raise parts.error("usb", f"must list vendor:product in hex, like 2c7c:0125; it has {device[:20]!r}")
    required, fitted = _names(parts, "required", known.parts) or (), _names(parts, "fitted", known.parts)
    for part in required:
        if fitted is not None and part not in fitted:
            raise parts.error("required", f"names {part!r}, which [parts] fitted does not have")
    reference = Reference(
        required=frozenset(required),
        fitted=None if fitted is None else frozenset(fitted),
        serial_number=_identifier(terminal, "serial_number", 32),
        usb=usb,
        limits=_limits(root.table("limits", {}), known.checks),
        bin_countries=_bin_countries(root.table("bin_countries", {})),
        versions={name: told for name in _VERSIONS if (told := versions.optional_text(name, most=40)) is not None},
    )
    parts.close()
    versions.close()
    return reference


def _bin_countries(table: Table) -> dict[str, str]:
    """Which country issues the cards that begin with these digits, for cards whose chip does not say it (5F28)."""
    begins = table.keys()
    for begin in begins:
        if not _BIN.fullmatch(begin):
            raise table.error(begin, "must be the first 1 to 8 digits of card numbers")
    if len(begins) > _MOST_BINS:
        raise table.error(begins[0], f"is one of {len(begins)}; at most {_MOST_BINS} are read")
    return {begin: str(_numeric_code(table, begin, _COUNTRY_DIGITS, "156")) for begin in begins}


def _limits(table: Table, checks: Mapping[str, CheckSpec]) -> dict[str, Limit]:
    ids = table.keys()
    if len(ids) > _MOST_LIMITS:
        raise table.error(ids[0], f"is one of {len(ids)} limits; at most {_MOST_LIMITS} are read")
    return {check_id: _limit(table, check_id, checks) for check_id in ids}


def _limit(table: Table, check_id: str, checks: Mapping[str, CheckSpec]) -> Limit:
    """One limit; it must have the kind of bounds that the check's value has, else whatever is measured would pass."""
    if check_id not in checks:
        raise table.error(check_id, "is no check of the self-test")
    row = table.table(check_id)
    limit = parse_limit(row)
    row.close()
    own = checks[check_id].limit
    if limit == Limit():
        raise table.error(check_id, "changes nothing: give it a bound, like pass_min")
    if own.pass_values and not limit.pass_values:
        raise table.error(check_id, "is told in words, so it needs pass_values")
    if (own.pass_min, own.pass_max) != (None, None) and limit.pass_values:
        raise table.error(check_id, "is a number, so it needs pass_min or pass_max")
    return limit
