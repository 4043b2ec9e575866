"""The install tree that a terminal image takes: a virtual environment of its own with the wheel and its .pyc files.

Usage: python -m tools.image --out build/image. Builds the wheel from this checkout, installs it, compiles every module
to hash-based .pyc (so that image building does not depend on file times), starts it once, prints sizes.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent


def main() -> int:
    """Build the tree; 0 if the installed command starts from it."""
    parser = argparse.ArgumentParser(prog="python -m tools.image", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "image")
    out: Path = parser.parse_args().out.absolute()
    shutil.rmtree(out, ignore_errors=True)
    print("image: building the wheel ...", flush=True)
    wheels = out / "wheel"
    _pip(sys.executable, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(ROOT))
    wheel = next(wheels.glob("posmedic-*.whl"))
    print("image: installing it with what it needs ...", flush=True)
    tree = out / "posmedic"
    venv.create(tree, with_pip=True, symlinks=True)
    python = tree / "bin" / "python"
    constraints = str(ROOT / "tools" / "constraints.txt")
    _pip(str(python), "install", "--no-compile", "-c", constraints, str(wheel))
    _pip(str(python), "uninstall", "-y", "pip", "setuptools")
    compile_all = [str(python), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(tree / "lib")]
    subprocess.run(compile_all, check=True)
    told = subprocess.run([str(python), "-I", "-m", "device", "--version"], check=True, capture_output=True, text=True)
    print(f"image: {told.stdout.strip()} starts from {python} -I -m device")
    print(f"image: wheel {wheel.name} {wheel.stat().st_size / 1024:.0f} KiB, tree {_size_mb(tree):.1f} MB with .pyc")
    return 0


def _pip(python: str, *words: str) -> None:
    subprocess.run([python, "-m", "pip", "-q", "--disable-pip-version-check", *words], check=True)


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
