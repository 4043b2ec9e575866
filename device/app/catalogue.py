"""The product's knowledge, read once after start: checks, codes, causes, texts and message profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.app.overlays import build_knowledge
from device.diagnosis.knowledge import Knowledge
from device.evidence import CheckSpec
from device.message_profiles import read_message_profiles
from device.selftest.check_table import PartRow, parse_checks, parse_parts
from device.settings import LANGUAGES, read_catalogue
from device.table import TableError
from device.text_files import TextFiles
from device.update.gate import GateRules, parse_gate
from protocol.iso8583_profile import MessageProfile


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything the data files say, parsed and checked.

    ``texts`` are read from their files whenever a language is asked for: who draws or writes does it rarely or in a
    worker.
    """

    checks: Mapping[str, CheckSpec]
    parts: Mapping[str, PartRow]
    texts: Mapping[str, Mapping[str, Mapping[str, Any]]]
    knowledge: Knowledge
    messages: Mapping[str, MessageProfile]
    gate: GateRules


def load_catalogue(
    message_files: Sequence[Path] = (), knowledge: Knowledge | None = None, languages: Sequence[str] = LANGUAGES
) -> Catalogue:
    """Read and check every data file; raises TableError with the place of the first mistake.

    ``message_files`` are a vendor's message profiles, besides the product's own; ``knowledge``
    comes from :mod:`device.app.overlays` where overlays are set; ``languages`` are those of the screen.
    """
    checks = read_catalogue("checks.toml")
    return Catalogue(
        checks=parse_checks(checks),
        parts=parse_parts(checks),
        texts=TextFiles(languages),
        knowledge=knowledge or build_knowledge(lazy=True, languages=languages),
        messages=read_message_profiles(message_files),
        gate=parse_gate(read_catalogue("gate.toml")),
    )


def load_what_fits(message_files: Sequence[Path], languages: Sequence[str]) -> tuple[Catalogue, str]:
    """The same, and the reason why a vendor's message profiles were left out, if they do not fit.

    They must not stop the service. Raises TableError if the product's own files do not fit.
    """
    try:
        return load_catalogue(message_files, languages=languages), ""
    except TableError as error:
        return load_catalogue(languages=languages), str(error)
