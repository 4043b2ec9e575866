"""The bill of materials, CycloneDX 1.5 as JSON: what really lies in an installed tree, read from its own metadata.

The same tree gives the same bytes: no random number, no time but ``SOURCE_DATE_EPOCH`` where it is set.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final

from tools.vendor.programs import VendorError

PRODUCT: Final = "posmedic"
_REQUIREMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NAMES: Final = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122, appendix C: names that are URLs


def make_sbom(packages: Path) -> str:
    """Of the ``site-packages`` folder that the product is installed in. Raises :class:`VendorError`.

    What the product needs and the folder does not hold is named without a version, as brought by the terminal's system.
    """
    found = {_canonical(dist.metadata["Name"]): dist for dist in distributions(path=[str(packages)])}
    if PRODUCT not in found:
        raise VendorError(f"{packages} holds no installed {PRODUCT}: python -m tools.image tree lays one")
    needs: dict[str, list[str]] = {}
    waiting = [PRODUCT]
    while waiting:
        name = waiting.pop()
        if name not in needs:
            needs[name] = _needs_of(found[name], found) if name in found else []
            waiting += needs[name]
    others = [_component(name, found.get(name)) for name in sorted(needs) if name != PRODUCT]
    refs = {PRODUCT: _ref(PRODUCT, found[PRODUCT]), **{name: _ref(name, found.get(name)) for name in needs}}
    graph = [{"ref": refs[name], "dependsOn": sorted(refs[need] for need in needs[name])} for name in sorted(needs)]
    metadata: dict[str, Any] = {"component": {**_component(PRODUCT, found[PRODUCT]), "type": "application"}}
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        metadata["timestamp"] = datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"metadata": metadata, "components": others, "dependencies": graph}
    number = uuid.uuid5(_NAMES, json.dumps(body, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{number}", "version": 1}
    return json.dumps({**head, **body}, indent=1, ensure_ascii=False) + "\n"


def product_version(sbom: str) -> str:
    """The version of the product that a bill tells. Raises :class:`VendorError` for another file."""
    try:
        component: Mapping[str, Any] = json.loads(sbom)["metadata"]["component"]
        if component["name"] == PRODUCT:
            return str(component["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise VendorError("this is no CycloneDX bill of materials") from error
    raise VendorError(f"this is the bill of materials of {component['name']}")


def _needs_of(dist: Distribution, there: Collection[str]) -> list[str]:
    """Names that it needs in any case, and those that it needs under a condition and that are there."""
    rows = [(_REQUIREMENT.match(row), ";" in row, "extra ==" in row) for row in dist.requires or []]
    names = [(_canonical(name[0]), limited) for name, limited, extra in rows if name and not extra]
    return sorted({name for name, limited in names if not limited or name in there})


def _component(name: str, dist: Distribution | None) -> dict[str, Any]:
    component: dict[str, Any] = {"type": "library", "bom-ref": _ref(name, dist), "name": name}
    if dist is None:
        provider = {"name": "posmedic:provided-by", "value": "the terminal's system"}
        return {**component, "purl": f"pkg:pypi/{name}", "properties": [provider]}
    told = dist.metadata.json
    licence = str(told.get("license_expression") or told.get("license") or "")
    component |= {"version": dist.version, "purl": f"pkg:pypi/{name}@{dist.version}"}
    if licence and "\n" not in licence:
        component["licenses"] = [{"license": {"name": licence}}]
    return {**component, "hashes": [{"alg": "SHA-256", "content": _hash_of_files(dist)}]}


def _ref(name: str, dist: Distribution | None) -> str:
    return f"pkg:pypi/{name}" + ("" if dist is None else f"@{dist.version}")


def _hash_of_files(dist: Distribution) -> str:
    """Over path and content of each installed file, compiled modules and pip's own notes apart."""
    total = hashlib.sha256()
    for file in sorted(dist.files or [], key=str):
        place = Path(str(file.locate()))
        left_out = "__pycache__" in file.parts or file.name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
        if not left_out and place.is_file():
            total.update(f"{file}\0{hashlib.sha256(place.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
