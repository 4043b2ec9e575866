"""Every decoder, and what is fuzzed of it: the parsers of protocol/ and the ``posmedic decode`` kind.

Of a thousand inputs for a decoder most go to its parsers, which are quick, and a few to slow ways around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Final

from device.decoding.kinds import KINDS
from device.decoding.tables import Tables
from tools.fuzz.laws import Laws
from tools.fuzz.rules import WHOLE_SHARE, Make, Target
from tools.fuzz.seeds import corpus_of, seeds_of

_MODULES: Final[Mapping[str, str]] = {  # decoder -> what makes its targets; imported only for it
    "iso8583": "host",
    "at": "modem",
    "abecs": "pinpad",
    "console": "console",
    **dict.fromkeys(("tlv", "dol", "gpo", "apdu", "atr", "emv"), "card"),
    **dict.fromkeys(("control", "neo", "pn532", "ccid", "escpos", "messages"), "line"),
}
DECODERS: Final = tuple(dict.fromkeys((*_MODULES, *KINDS)))


def targets_of(decoder: str) -> tuple[Target, ...]:
    """The targets of a decoder in :data:`DECODERS`."""
    tables = Tables()
    targets: tuple[Target, ...] = ()
    if decoder in _MODULES:
        make: Mapping[str, Make] = import_module(f"tools.fuzz.{_MODULES[decoder]}").MAKE
        targets = make[decoder](tables)
    share = WHOLE_SHARE - sum(target.share for target in targets)
    if decoder in KINDS:
        tokens = targets[0].tokens if targets else ()
        check, modules = Laws(decoder, tables).check, (f"device.decoding.{decoder}",)
        targets += (Target(f"decode {decoder}", check, share, modules, seeds_of(decoder), tokens),)
    kept = corpus_of(decoder)
    return tuple(replace(target, seeds=(*target.seeds, *kept)) for target in targets)
