"""The data files that decoders look things up in, each read when it is first asked for."""

from __future__ import annotations

from functools import cached_property

from device.settings import read_folder
from protocol.iso8583_profile import MessageProfile, parse_profile


class Tables:
    """Catalogue data for decoding. Every property raises TableError or ProfileError where a file does not fit."""

    @cached_property
    def profiles(self) -> tuple[MessageProfile, ...]:
        """The message profiles of ISO 8583 hosts."""
        return tuple(parse_profile(table.mapping, table.where) for table in read_folder("profiles").values())
