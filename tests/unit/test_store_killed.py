"""Killed at any write: what was acknowledged is there, what was not is there whole or not at all, the file is sound."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.hal_library import ROOT, compile_preload, compiler_missing

MEMORY = "/dev/shm"  # noqa: S108  a folder of its own is made in it
needs_compiler = pytest.mark.skipif(compiler_missing() is not None, reason=str(compiler_missing()))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_preload(tmp_path_factory.mktemp("dying"), "dying")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is room for it: a thousand synchronised writes take a minute on a disk."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as memory:
        yield Path(memory)


def killed_everywhere(play: str, library: Path, folder: Path, *words: str) -> dict[str, Any]:
    """What ``tests/support/PLAY.py`` found, which is killed at each of its writes in turn."""
    done = subprocess.run(
        [sys.executable, str(ROOT / f"tests/support/{play}.py"), str(folder / "state"), *words],
        env={**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@needs_compiler
def test_a_boot_gate_that_is_killed_at_any_of_its_writes_comes_to_the_same_when_it_starts_again(
    library: Path, folder: Path
) -> None:
    found = killed_everywhere("dying_gate", library, folder)
    assert found["wrong"] == []
    assert found["writes"] > 25


@needs_compiler
@pytest.mark.parametrize("how", ["before", "half"])
def test_a_store_that_is_killed_at_any_of_its_writes_loses_nothing(how: str, library: Path, folder: Path) -> None:
    """Each call that changes a file is tried; ``half`` leaves half of its bytes, as a power cut may."""
    found = killed_everywhere("dying_store", library, folder, how)
    assert found["wrong"] == []
    assert found["writes"] > 100  # every one of them was a place to die at
    assert found["states"] > 15  # and the states differ, so that a lost action is seen
