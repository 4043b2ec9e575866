"""Packs what vendors and technicians take with them: ``python -m tools.kit --sbom FILE [--out FOLDER]``.

One archive for every machine with Python 3.11: ``vendor.py`` and ``technician.py`` start the tools in it, nothing has
to be installed first. The same checkout gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
import tarfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from device import __version__

ROOT: Final = Path(__file__).resolve().parents[1]
_NAME: Final = f"posmedic-kit-{__version__}"
_FOLDERS: Final = ("device", "native", "protocol", "tools/vendor", "tools/technician")
_FILES: Final = ("tools/__init__.py", "tools/signing.py", "tools/sign_profile.py", "tools/sign_overlay.py")
_BESIDE: Final = {  # in the checkout -> in the archive
    "tools/vendor/examples": "examples",
    "tools/image/files": "terminal",
    "LICENSE": "LICENSE",
    "native/HAL.md": "HAL.md",
}
_LEFT_OUT: Final = ("__pycache__", "examples")
_LAUNCHER: Final = '''"""Starts {module}; --help tells all. Needs Python 3.11 or later, nothing else of Python."""

import runpy
import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("posmedic: needs Python 3.11 or later, this is " + sys.version.split()[0])
sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
sys.dont_write_bytecode = True
runpy.run_module("{module}", run_name="__main__", alter_sys=True)
'''
_READ_ME: Final = f"""posmedic {__version__}: the kit for vendors and technicians

python3 vendor.py --help       keys for development, update bundles, signed profiles and overlays, release checklist
python3 technician.py --help   a laptop at the technician's port of a terminal
examples/                      Buildroot, Yocto, a terminal without systemd
terminal/                      units, policies and settings, as they lie on a terminal's root
sbom.cdx.json                  what is in the product (CycloneDX 1.5)
HAL.md                         the hardware library that a vendor may give

Of the system: openssl, rauc and squashfs-tools (bundles), ssh-keygen (signatures), systemd-analyze (checklist), lrzsz
(files over the technician's port). lib/serial is pyserial, under its own licence (BSD-3-Clause).
"""


def pack(out: Path, sbom: Path) -> Path:
    """Write the archive into ``out``; return it."""
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"{_NAME}.tar.gz"
    with (
        archive.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name, content, executable in sorted(_members(sbom)):
            entry = tarfile.TarInfo(f"{_NAME}/{name}")
            entry.size, entry.mode = len(content), 0o755 if executable else 0o644
            tar.addfile(entry, io.BytesIO(content))
    return archive


def _members(sbom: Path) -> Iterator[tuple[str, bytes, bool]]:
    for module in ("vendor", "technician"):
        yield f"{module}.py", _LAUNCHER.format(module=f"tools.{module}").encode(), True
    yield "README.txt", _READ_ME.encode(), False
    yield "sbom.cdx.json", sbom.read_bytes(), False
    for name in _FILES:
        yield f"lib/{name}", (ROOT / name).read_bytes(), False
    for folder in _FOLDERS:
        yield from _all_below(ROOT / folder, f"lib/{folder}", _LEFT_OUT)
    for source, place in _BESIDE.items():
        yield from _all_below(ROOT / source, place, ("__pycache__",))
    for file in distribution("pyserial").files or []:
        if file.parts[0] == "serial" and file.suffix == ".py":
            yield f"lib/{file.as_posix()}", Path(str(file.locate())).read_bytes(), False


def _all_below(path: Path, place: str, left_out: tuple[str, ...]) -> Iterator[tuple[str, bytes, bool]]:
    if path.is_file():
        yield place, path.read_bytes(), False
        return
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path)
        if file.is_file() and not any(part in left_out for part in inside.parts):
            yield f"{place}/{inside.as_posix()}", file.read_bytes(), file.stat().st_mode & 0o100 != 0


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.kit", description=__doc__)
    parser.add_argument("--sbom", type=Path, required=True, help="made by python -m tools.vendor sbom")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "kit")
    wanted = parser.parse_args()
    archive = pack(wanted.out, wanted.sbom)
    print(f"kit: {archive} {archive.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
