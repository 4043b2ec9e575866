"""What an update bundle says of itself, as ``rauc info`` tells it after checking the signature."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_FORMAT: Final = re.compile(r"^Bundle Format:\s*(\w+)", re.MULTILINE)
_SIGNER: Final = re.compile(r"^\s*0 Subject: (.{1,200})$", re.MULTILINE)
_NAMED: Final = (  # what RAUC says -> what it means; the first that fits. Texts of RAUC 1.8 and OpenSSL 3.0.
    ("lready processing", "under_way"),
    ("certificate has expired", "signer_expired"),
    ("certificate is not yet valid", "signer_not_yet_valid"),
    ("verification failure", "altered"),
    ("content verify error", "altered"),
    ("Verify error", "signer_unknown"),
    ("signature verification failed", "signature_bad"),
    ("exceeds bundle size", "truncated"),
    ("Invalid bundle format", "not_a_bundle"),
    ("Invalid identifier", "not_a_bundle"),
    ("splicing data: Error writing to file descriptor: No space left", "slot_too_small"),
    ("No space left", "disk_full"),
    ("too small", "truncated"),
    ("No such file", "no_file"),
    ("Failed to open", "no_file"),
)


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """A bundle whose signature holds: for which terminals, which version, in which format, and who signed."""

    compatible: str
    version: str
    format: str  # "verity", "plain", "crypt"
    signer: str


class BundleError(Exception):
    """The bundle cannot be used: ``reason`` is a word of the texts (``refusals``), ``said`` is RAUC's own line."""

    def __init__(self, reason: str, said: str = "") -> None:
        super().__init__(f"{reason}: {said}" if said else reason)
        self.reason = reason
        self.said = said


def parse_info(as_json: str, as_text: str) -> BundleInfo:
    """Read ``rauc info --output-format=json`` and, for what RAUC 1.8 leaves out of it, the readable form.

    Raises :class:`BundleError` where RAUC tells something else than these two forms.
    """
    text = _COLOUR.sub("", as_text)
    bundle_format, signer = _FORMAT.search(text), _SIGNER.search(text)
    try:
        values = json.loads(as_json)
        compatible, version = values["compatible"], values["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError("unreadable") from error
    if bundle_format is None or not isinstance(compatible, str) or not isinstance(version, str):
        raise BundleError("unreadable")
    return BundleInfo(compatible, version, bundle_format[1], signer[1] if signer else "")


def refusal_of(said: str) -> BundleError:
    """Why RAUC refused a bundle, from what it wrote on standard error."""
    lines = [line.strip() for line in _COLOUR.sub("", said).splitlines() if line.strip()]
    for words, reason in _NAMED:
        for line in lines:
            if words in line:
                return BundleError(reason, line[:200])
    return BundleError("refused", lines[-1][:200] if lines else "")
