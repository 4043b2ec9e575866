"""Copies the named kernel modules, and those that they need, from one tree of modules to another.

Usage: pick_modules.py SOURCE TARGET NAMES.txt (one name a line, # begins a remark). Names that the kernel has built in
are passed over; names that it does not know are told on standard error.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def main(source: Path, target: Path, names: Path) -> None:
    """Copy what is named."""
    needs = {}
    for line in (source / "modules.dep").read_text().splitlines():
        path, _, others = line.partition(":")
        needs[path] = others.split()
    by_name = {module_name(path): path for path in needs}
    built_in = {module_name(line) for line in (source / "modules.builtin").read_text().split()}
    target.mkdir(parents=True, exist_ok=True)
    for line in names.read_text().splitlines():
        name = line.partition("#")[0].strip().replace("-", "_")
        if not name or name in built_in:
            continue
        if name not in by_name:
            print(f"pick_modules: this kernel has no module {name}", file=sys.stderr)
            continue
        for path in (by_name[name], *needs[by_name[name]]):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / path, target / path)
    for name in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
        if (source / name).exists():
            shutil.copy(source / name, target / name)


def module_name(path: str) -> str:
    """``kernel/drivers/usb/usb-storage.ko.xz`` -> ``usb_storage``."""
    return Path(path).name.partition(".ko")[0].replace("-", "_")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
