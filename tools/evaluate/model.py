"""The written fault model (``fault_model.toml``): a sound frame, and parts that each change something in it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).with_name("fault_model.toml")
_SECTIONS: Final = ("exchange", "card", "profile")
AXES: Final = ("shop", "mac", "entry", "host", "profile")


@dataclass(frozen=True, slots=True)
class Part:
    """A fault, or one value of an axis (the shop's last sales, the MAC, the entry mode, the host, the profile).

    ``values`` are dotted places of a frame and what stands there (None: not known); ``code`` is the host's answer,
    None for "leaves the code alone" and "" for no answer at all; ``cause`` is the truth the part injects.
    """

    id: str
    rule: str
    values: dict[str, Any]
    code: str | None = None
    cause: str | None = None
    beside: bool = False
    shops: tuple[str, ...] = ()
    tests: tuple[tuple[Any, ...], ...] = ()
    sales: tuple[tuple[Any, ...], ...] = ()
    restricted: str | None = None
    approved: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """The whole model; ``axes`` maps each of AXES to its parts by name."""

    seed: str
    sound: dict[str, Any]
    faults: dict[str, Part]
    axes: dict[str, dict[str, Part]]


@cache
def model() -> Model:
    """The one model, read once."""
    table = tomllib.loads(_FILE.read_text())
    faults = [_part(entry["id"], entry, f"fault {entry['id']}") for entry in table["fault"]]
    return Model(
        seed=table["seed"],
        sound=_values(table["sound"]),
        faults={fault.id: fault for fault in faults},
        axes={
            axis: {name: _part(f"{axis}.{name}", entry, f"{axis}.{name}") for name, entry in table[axis].items()}
            for axis in AXES
        },
    )


def _values(table: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for section in _SECTIONS:
        place = "exchange.card" if section == "card" else section
        for key, value in table.get(section, {}).items():
            found[f"{place}.{key}"] = None if value == "" else value
    return found


def _part(name: str, table: dict[str, Any], where: str) -> Part:
    """Read one part; an unknown key is an error, lest a slip of the pen silently change nothing."""
    known = {"id", "rule", "code", "cause", "beside", "shops", "tests", "sales", "unset", "restricted", "approved"}
    known.add("window_s")
    unknown = set(table) - known - set(_SECTIONS)
    if unknown:
        raise ValueError(f"fault_model.toml, {where}: unknown keys {sorted(unknown)}")
    values = _values(table)
    if "window_s" in table:
        values["window_s"] = table["window_s"]
    values.update({place.replace("card.", "exchange.card."): None for place in table.get("unset", ())})
    return Part(
        id=name,
        rule=table["rule"],
        values=values,
        code=table.get("code"),
        cause=table.get("cause"),
        beside=table.get("beside", False),
        shops=tuple(table.get("shops", ())),
        tests=tuple(tuple(test) for test in table.get("tests", ())),
        sales=tuple(tuple(sale) for sale in table.get("sales", ())),
        restricted=table.get("restricted"),
        approved=table.get("approved"),
    )
