"""Bytes in, frozen values out: wire formats of card terminals without any I/O, clock or log.

    >>> import protocol
    >>> protocol.parse_tlv(bytes.fromhex("9F1A020156")).find("9F1A").hex()
    '0156'

What most callers need can be taken from here; a module is imported when the first of its names is asked for, so that
``import protocol`` costs nothing. Everything else is in the modules, one noun each.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers take it for true, as they do typing's, whose import would cost ten times ours
if TYPE_CHECKING:
    from typing import Any, Final

    from protocol.apdu import Command, Response, T0Exchange, parse_command
    from protocol.at_command import AtConversation
    from protocol.at_registration import parse_registration_line
    from protocol.at_result import parse_final
    from protocol.atr import parse_atr
    from protocol.ber_tlv import parse_tlv
    from protocol.ber_tlv_build import build_tlv, build_tlvs
    from protocol.control_frame import Deframer, FrameProfile, build_frame
    from protocol.dol import build_dol, build_values, parse_dol, split_values
    from protocol.emv_bits import explain_bits
    from protocol.emv_cvm import parse_cvm_list
    from protocol.emv_iad import read_iad
    from protocol.envelope import open_envelope
    from protocol.gpo import parse_afl, parse_gpo
    from protocol.iso8583 import build_message, locate_fields, parse_message, parse_profile

_HOMES: Final = {
    "apdu": ("Command", "Response", "T0Exchange", "parse_command"),
    "at_command": ("AtConversation",),
    "at_registration": ("parse_registration_line",),
    "at_result": ("parse_final",),
    "atr": ("parse_atr",),
    "ber_tlv": ("parse_tlv",),
    "ber_tlv_build": ("build_tlv", "build_tlvs"),
    "control_frame": ("Deframer", "FrameProfile", "build_frame"),
    "dol": ("build_dol", "build_values", "parse_dol", "split_values"),
    "emv_bits": ("explain_bits",),
    "emv_cvm": ("parse_cvm_list",),
    "emv_iad": ("read_iad",),
    "envelope": ("open_envelope",),
    "gpo": ("parse_afl", "parse_gpo"),
    "iso8583": ("build_message", "locate_fields", "parse_message", "parse_profile"),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AtConversation",
    "Command",
    "Deframer",
    "FrameProfile",
    "Response",
    "T0Exchange",
    "build_dol",
    "build_frame",
    "build_message",
    "build_tlv",
    "build_tlvs",
    "build_values",
    "explain_bits",
    "locate_fields",
    "open_envelope",
    "parse_afl",
    "parse_atr",
    "parse_command",
    "parse_cvm_list",
    "parse_dol",
    "parse_final",
    "parse_gpo",
    "parse_message",
    "parse_profile",
    "parse_registration_line",
    "parse_tlv",
    "read_iad",
    "split_values",
]


def __getattr__(name: str) -> Any:
    """The name's own module is imported now (PEP 562)."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'protocol' has no attribute {name!r}")
    value = getattr(import_module(f"protocol.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
