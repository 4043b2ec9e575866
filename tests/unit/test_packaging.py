"""The wheel: our common folder names belong to us alone, and it carries the product, whole, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["device", "native", "protocol"]


@pytest.mark.parametrize("name", PACKAGES)
def test_only_we_own(name: str) -> None:
    assert set(packages_distributions().get(name, ["posmedic"])) == {"posmedic"}


@pytest.mark.parametrize("name", ["tests", "tools", "support"])
def test_nobody_owns(name: str) -> None:
    assert packages_distributions().get(name, []) == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: setuptools writes into the tree that it builds, and finds there what an old build left."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in [*PACKAGES, "tests", "tools"]:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ["pyproject.toml", "LICENSE", "README.md"]:
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, tree)
    program = f"from setuptools.build_meta import build_wheel; build_wheel({str(out)!r})"
    done = subprocess.run([sys.executable, "-c", program], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


def test_one_wheel_serves_every_architecture(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.endswith((".so", ".pyd"))] == []


def test_the_wheel_holds_our_packages_and_no_tests_or_tools(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_carries_every_module_and_data_file(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for pattern in ("*.py", "*.pyi", "*.toml", "*.json", "*.txt", "py.typed")
        for path in (ROOT / package).rglob(pattern)
    }
    assert "native/_pcsc.cdef.txt" in wanted
    assert "native/_pcsc_abi.py" in wanted
    assert any(name.startswith("device/catalogue/") and name.endswith(".toml") for name in wanted)
    assert wanted - packed == set()
