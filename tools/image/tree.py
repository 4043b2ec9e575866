"""The install tree: everything of the product under one prefix, with compiled modules, for any architecture.

The prefix is a virtual environment that is only files: its interpreter is the terminal's own ``python3``, and cffi's
backend, Pillow and pyserial are the distribution's. So one tree serves armhf, arm64 and amd64.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FILES: Final = Path(__file__).resolve().parent / "files"
PREFIX: Final = Path("opt/posmedic")
_PYTHON: Final = "python3.11"  # Debian 12's; compiled modules are for this one
_PURE: Final = ("construct", "segno")  # what the distribution does not have, or not in our version
_CONFIG: Final = """home = /usr/bin
include-system-site-packages = true
version = 3.11
executable = /usr/bin/python3.11
"""
_PARSE_ALL: Final = """\
import sys
sys.path.insert(0, sys.argv[1])
from device.settings import CATALOGUE, read_catalogue
for path in CATALOGUE.rglob("*.toml"):
    read_catalogue(str(path.relative_to(CATALOGUE)))
"""


class TreeError(Exception):
    """The tree cannot be built here; the text is one sentence."""


def build_wheel(folder: Path) -> Path:
    """Build the product's wheel from this checkout into ``folder``; return it."""
    shutil.rmtree(folder, ignore_errors=True)
    _pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT))
    return next(folder.glob("posmedic-*.whl"))


def build_tree(wheel: Path, out: Path) -> None:
    """Lay the whole tree under ``out``: the prefix, and units, settings and policies where they belong."""
    if sys.version_info[:2] != (3, 11):
        raise TreeError(
            f"the terminal's Python is 3.11, so the tree is compiled with 3.11, not {sys.version.split()[0]}"
        )
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(FILES, out)
    prefix = out / PREFIX
    packages = prefix / "lib" / _PYTHON / "site-packages"
    constraints = str(ROOT / "tools" / "constraints.txt")
    _pip("install", "--no-deps", "--no-compile", "-c", constraints, "--target", str(packages), str(wheel), *_PURE)
    shutil.rmtree(packages / "bin", ignore_errors=True)
    (prefix / "pyvenv.cfg").write_text(_CONFIG)
    (prefix / "bin").mkdir()
    (prefix / "bin" / "python").symlink_to(f"/usr/bin/{_PYTHON}")
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, prefix / name)
    where = ("-s", str(out), "-p", "/")  # so that a place in the code reads as on the terminal
    compile_all = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", *where, str(packages)]
    subprocess.run([sys.executable, *compile_all], check=True)
    # its data files too, in a fresh process of the tree's own modules
    subprocess.run([sys.executable, "-I", "-c", _PARSE_ALL, str(packages)], check=True)


def size_mb(folder: Path) -> float:
    """All files below ``folder``, in millions of bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def _pip(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", *words], check=True)
