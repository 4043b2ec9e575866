"""The overlays of a vendor or an acquirer: read, their signatures checked, laid over the built-in knowledge.

Whatever is wrong with one (unsigned, a foreign signer, changed after signing, not fitting, at odds with another), it
is refused, the reason is told, and the built-in knowledge stays. There is no half of an overlay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.diagnosis.knowledge import Knowledge, parse_knowledge
from device.drivers.profile_signature import Signature, read_signature
from device.selftest.sheet import Sheet
from device.settings import LANGUAGES, CatalogueFolder, OverlaySettings, read_catalogue, read_text
from device.table import Table, TableError, parse_toml
from device.text_files import TextFiles

NAMESPACE: Final = "posmedic-overlay"
_CHECK: Final = "profile.overlay"
_REFUSED: Final = {
    Signature.ABSENT: "has no signature beside it, or no allowed signers are set",
    Signature.BAD: "was changed after signing, or its signer is not allowed",
    Signature.NO_TOOL: "was not checked: ssh-keygen is missing (package openssh-client)",
}


@dataclass(frozen=True, slots=True)
class Overlays:
    """Overlay files as they were read once; ``problem``: why they cannot be used even before any check."""

    tables: tuple[Table, ...] = ()
    signatures: tuple[Path, ...] = ()
    signers: Path | None = None
    problem: str = ""
    languages: tuple[str, ...] = LANGUAGES


def read_overlays(settings: OverlaySettings, languages: tuple[str, ...] = LANGUAGES) -> Overlays:
    """Read the files of the settings; what cannot be read or is no TOML becomes the ``problem``."""
    try:
        tables = tuple(parse_toml(read_text(path), path.name) for path in settings.files)
    except TableError as error:
        return Overlays(problem=str(error), languages=languages)
    signatures = tuple(Path(f"{path}.sig") for path in settings.files)
    return Overlays(tables, signatures, settings.signers, languages=languages)


def build_knowledge(
    overlays: Sequence[Table] = (), *, lazy: bool = False, languages: Sequence[str] = LANGUAGES
) -> Knowledge:
    """The built-in knowledge with these overlays over it. Raises TableError with file and line.

    ``lazy``: only the host's table that is asked for is read; for built-in files and overlays that were checked.
    """
    words = read_catalogue("forbidden_words.toml")
    forbidden = {language: words.texts(language) for language in languages}
    return parse_knowledge(
        read_catalogue("causes.toml"), CatalogueFolder("hosts"), TextFiles(languages), overlays, forbidden, lazy=lazy
    )


def check_overlays(overlays: Overlays) -> tuple[str, str]:
    """Why they are refused, as a short reason and a sentence; ("", names of the signers) if they are good.

    It starts ssh-keygen and builds the whole knowledge once, so on the terminal it belongs into a worker.
    """
    if overlays.problem:
        return "unreadable", overlays.problem
    signers = []
    for table, signature in zip(overlays.tables, overlays.signatures, strict=True):
        result = read_signature(table.source_text.encode(), signature, overlays.signers, NAMESPACE)
        if result.signature is not Signature.GOOD:
            return result.signature, f"{table.where} {_REFUSED[result.signature]}"
        signers.append(result.signer)
    try:
        build_knowledge(overlays.tables, languages=overlays.languages)
    except TableError as error:
        return "does_not_fit", str(error)
    return "", ", ".join(dict.fromkeys(signers))


def checked_knowledge(settings: OverlaySettings, languages: tuple[str, ...] = LANGUAGES) -> tuple[Knowledge, str]:
    """The knowledge with the overlays of the settings, or the built-in one and why they were refused."""
    overlays = read_overlays(settings, languages)
    if not settings.files:
        return build_knowledge(lazy=True, languages=languages), ""
    reason, told = check_overlays(overlays)
    tables = () if reason else overlays.tables
    return build_knowledge(tables, lazy=True, languages=languages), told if reason else ""


def write_overlays(overlays: Overlays, sheet: Sheet) -> None:
    """Write down as a check whether the overlays may be used."""
    if not overlays.tables and not overlays.problem:
        sheet.not_run(_CHECK, "not_set", "No overlay is set.")
        return
    reason, told = check_overlays(overlays)
    if reason:
        sheet.failed(_CHECK, reason, f"{told}; the built-in knowledge is used.")
    else:
        sheet.measured(_CHECK, "good", detail=f"Signed by {told}.")
