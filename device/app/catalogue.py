"""The product's knowledge, read once after start: checks, codes, causes, texts and message profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from device.diagnosis.knowledge import Knowledge, parse_knowledge
from device.evidence import CheckSpec
from device.selftest.check_table import PartRow, parse_checks, parse_parts
from device.settings import LANGUAGES, read_catalogue, read_folder, read_texts
from protocol.iso8583_profile import MessageProfile, parse_profile


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything the data files say, parsed and checked."""

    checks: Mapping[str, CheckSpec]
    parts: Mapping[str, PartRow]
    texts: Mapping[str, Mapping[str, Mapping[str, Any]]]
    knowledge: Knowledge
    messages: Mapping[str, MessageProfile]


def load_catalogue() -> Catalogue:
    """Read and check every data file; raises TableError or ProfileError with the place of the first mistake."""
    checks = read_catalogue("checks.toml")
    texts = {language: read_texts(language) for language in LANGUAGES}
    hosts = read_folder("hosts")
    messages = read_folder("profiles")
    return Catalogue(
        checks=parse_checks(checks),
        parts=parse_parts(checks),
        texts=texts,
        knowledge=parse_knowledge(read_catalogue("causes.toml"), hosts, texts),
        messages={name: parse_profile(table.mapping, table.where) for name, table in messages.items()},
    )
