"""Builds what a vendor flashes: ``python -m tools.image [tree|disk] [--arch arm64|armhf|amd64] [--out FOLDER]``.

tree: the install tree and the Debian package, for every architecture (seconds). disk: besides, a Debian 12 root file
system with the package installed, kernel and initramfs for the emulated terminal, and a signed update bundle of the
next version (minutes the first time; the root file system is kept for the next). Prints sizes and what went in.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from device import __version__
from tools.image.debian_package import build_package
from tools.image.disk import DiskError, build_disk
from tools.image.tree import ROOT, TreeError, build_tree, build_wheel, size_mb


def main() -> int:
    """Build what is asked for; 0 done, 2 with one sentence where it cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.image", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("tree", "disk"), default="tree")
    parser.add_argument("--arch", choices=("arm64", "armhf", "amd64"), default="arm64")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "image")
    wanted = parser.parse_args()
    out: Path = wanted.out.absolute()
    try:
        wheel = build_wheel(out / "wheel")
        build_tree(wheel, out / "tree")
        package = build_package(out / "tree", out)
        print(f"image: posmedic {__version__}: wheel {wheel.stat().st_size / 1024:.0f} KiB, for every architecture")
        print(f"image: tree {size_mb(out / 'tree'):.1f} MB with .pyc")
        print(f"image: {package.name} {package.stat().st_size / 1e6:.1f} MB")
        if wanted.what == "disk":
            build_disk(wanted.arch, package, out)
    except (TreeError, DiskError) as error:
        print(f"image: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
