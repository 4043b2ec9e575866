"""Certificates of those who sign bundles: what stands in one, and whether its kind of key may sign for terminals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tools.vendor.programs import VendorError, run

_ALGORITHM: Final = re.compile(r"Public Key Algorithm: (\S+)")
_BITS: Final = re.compile(r"Public-Key: \((\d+) bit\)")
_CURVE: Final = re.compile(r"ASN1 OID: (\S+)")
_LEAST_RSA_BITS: Final = 3072
_CURVES: Final = ("prime256v1",)


@dataclass(frozen=True, slots=True)
class Certificate:
    """``key`` as ``P-256``, ``RSA-3072``, ``ED25519`` or OpenSSL's own word."""

    subject: str
    not_before: datetime
    not_after: datetime
    key: str


def read_certificate(pem: str) -> Certificate:
    """Read one certificate (PEM). Raises :class:`VendorError`."""
    text = run("openssl", "x509", "-noout", "-text", "-subject", "-dates", given=pem)
    fields = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"(subject|notBefore|notAfter)=", line))
    return Certificate(
        fields["subject"].strip(), _date(fields["notBefore"]), _date(fields["notAfter"]), _kind_of_key(text)
    )


def check_key(kind: str) -> None:
    """Raise :class:`VendorError`, with the reason, for a kind of key that must not sign for terminals."""
    if kind in ("P-256", *(f"RSA-{bits}" for bits in (3072, 4096))):
        return
    if kind.startswith("RSA-") and kind[4:].isdecimal() and int(kind[4:]) < _LEAST_RSA_BITS:
        raise VendorError(
            f"{kind} is refused: it has 112 bits of strength or less, which NIST SP 800-57 part 1 revision 5 (5.6.3) "
            "allows for new signatures until 2030 alone, and a terminal in the field trusts its key for longer; "
            "take P-256 or RSA-3072"
        )
    if kind.startswith("RSA-") and kind[4:].isdecimal():
        return
    if kind == "ED25519":
        raise VendorError(
            "Ed25519 is refused: a bundle's signature is CMS, and OpenSSL 3.0, which terminals have, cannot sign CMS "
            'with it ("no default digest"); take P-256 or RSA-3072'
        )
    raise VendorError(f"{kind} is refused: terminals are tried with P-256 and RSA-3072 or longer alone")


def _kind_of_key(text: str) -> str:
    found, bits, curve = _ALGORITHM.search(text), _BITS.search(text), _CURVE.search(text)
    algorithm = found[1] if found else "unknown"
    if algorithm == "rsaEncryption" and bits:
        return f"RSA-{bits[1]}"
    if algorithm == "id-ecPublicKey" and curve:
        return "P-256" if curve[1] in _CURVES else curve[1]
    return algorithm


def _date(text: str) -> datetime:
    return datetime.strptime(text.strip(), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
