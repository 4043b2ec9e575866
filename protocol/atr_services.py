"""What a card says it can do: card service data and card capabilities (ISO/IEC 7816-4:2020, 12.1.1.7 and 12.1.1.9)."""

from __future__ import annotations

from typing import Final

_SERVICES: Final = ((0x80, "select_full"), (0x40, "select_partial"), (0x20, "in_dir"), (0x10, "in_info"))
_ACCESS: Final = {0b000: "access_records", 0b010: "access_get_data", 0b100: "access_binary"}
_SELECTION: Final = (
    (0x80, "by_full_name"),
    (0x40, "by_partial_name"),
    (0x20, "by_path"),
    (0x10, "by_file_id"),
    (0x08, "implicit"),
    (0x04, "short_file_id"),
    (0x02, "record_number"),
    (0x01, "record_id"),
)
_WRITE: Final = ("write_once", "write_proprietary", "write_or", "write_and")
_COMMANDS: Final = (
    (0x80, "chaining"),
    (0x40, "extended_lengths"),
    (0x20, "lengths_in_info"),
    (0x10, "channels_by_card"),
    (0x08, "channels_by_reader"),
)

Words = tuple[tuple[str, int], ...]


def explain_services(value: int) -> Words:
    """Each service of the card service data byte as (word, 0)."""
    words = [word for mask, word in _SERVICES if value & mask]
    words.append(_ACCESS.get(value >> 1 & 0b111, "access_reserved"))
    words.append("without_mf" if value & 1 else "with_mf")
    return tuple((word, 0) for word in words)


def explain_capabilities(value: bytes) -> Words:
    """Each capability of one to three bytes as (word, number); the number is a size or a count, else 0."""
    words: list[tuple[str, int]] = []
    if value:
        words += [(word, 0) for mask, word in _SELECTION if value[0] & mask]
    if len(value) > 1:
        coding = value[1]
        words += [("tlv_files", 0)] if coding & 0x80 else []
        words.append((_WRITE[coding >> 5 & 0b11], 0))
        words.append(("ff_is_a_tag" if coding & 0x10 else "ff_is_padding", 0))
        words.append(("data_unit_half_bytes", 2 ** (coding & 0x0F)))
    if len(value) > 2:
        words += [(word, 0) for mask, word in _COMMANDS if value[2] & mask]
        if value[2] & 0x18:
            words.append(("channels_most", (value[2] & 0b111) + 1))
    return tuple(words)


def lifecycle_word(value: int) -> str:
    """The word of a life cycle status byte (ISO/IEC 7816-4:2020, table of LCS bytes)."""
    if value == 0x00:
        return "none"
    if value > 0x0F:
        return "proprietary"
    if value & 0x0C == 0x0C:
        return "terminated"
    if value & 0x04:
        return "activated" if value & 1 else "deactivated"
    return {0x01: "creation", 0x03: "initialisation"}.get(value, "reserved")
