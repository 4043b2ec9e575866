"""The emulated terminal of the tests: its image as ``make image`` builds it, one that was switched on, its figures."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from guest.emulated import Emulated

ROOT = Path(__file__).resolve().parents[2]
_FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def arch() -> str:
    """The architecture that POSMEDIC_GUEST names; without it nothing here is collected (tests/conftest.py)."""
    return os.environ["POSMEDIC_GUEST"]


@pytest.fixture(scope="session")
def image(arch: str) -> Path:
    """Built from this checkout, as by ``make image``; the Debian root file system is kept in build/image."""
    subprocess.run([sys.executable, "-m", "tools.image", "disk", "--arch", arch], cwd=ROOT, check=True)
    return ROOT / "build" / "image" / arch


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> list[str]:
    """Lines with figures of the guest; they are told at the end of the run, whatever became of it."""
    return pytestconfig.stash.setdefault(_FIGURES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell the figures."""
    for line in config.stash.get(_FIGURES, []):
        terminalreporter.write_line(f"guest {os.environ['POSMEDIC_GUEST']}: {line}")


@pytest.fixture(scope="module")
def terminal(image: Path, arch: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """One that was switched on and has come through its boot self-test."""
    emulated = Emulated(image, arch, tmp_path_factory.mktemp("t"))
    try:
        emulated.start()
        yield emulated
    finally:
        emulated.stop()
