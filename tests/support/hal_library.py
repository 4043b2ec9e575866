"""Compiles hardware libraries for tests, against the header that vendors get."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LYING = ROOT / "tests" / "support" / "lying_hal.c"
LINUX = ROOT / "native" / "reference" / "linux_hal.c"


def compiler_missing() -> str | None:
    return None if shutil.which("cc") else "no C compiler here: install gcc"


def compile_library(source: Path, folder: Path) -> Path:
    library = folder / f"lib{source.stem}.so"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-I", str(ROOT / "native")]
    done = subprocess.run(["cc", *flags, "-o", str(library), str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return library


def compile_preload(folder: Path, name: str) -> Path:
    """``tests/support/NAME.c`` to be preloaded: ``clock_shift`` shifts the clocks, ``dying`` kills at a write."""
    library = folder / f"lib{name}.so"
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    source = ROOT / "tests" / "support" / f"{name}.c"
    subprocess.run(["cc", *flags, "-o", str(library), str(source), "-ldl"], check=True)
    return library
