"""The kit on a machine that has a bare Python and nothing of ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from random import Random

import pytest

from tools.kit import pack

needs_keys = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None or shutil.which("openssl") is None, reason="needs openssl and ssh-keygen"
)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kit")
    (folder / "sbom.json").write_text("{}")
    archive = pack(folder / "one", folder / "sbom.json")
    assert archive.read_bytes() == pack(folder / "two", folder / "sbom.json").read_bytes()
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "there", filter="data")
    (inside,) = (folder / "there").iterdir()
    return inside


def run(kit: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """With the interpreter below the virtual environment, without site-packages, without our environment."""
    python = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}")
    line = [python, "-I", "-S", str(kit / words[0]), *map(str, words[1:])]
    done = subprocess.run(
        line, capture_output=True, text=True, check=False, cwd=kit, env={"PATH": "/usr/bin:/bin", "HOME": str(kit)}
    )
    assert "Traceback" not in done.stderr
    return done


def test_it_holds_the_examples_and_units_and_nothing_of_the_workshop(kit: Path) -> None:
    names = {path.relative_to(kit).as_posix() for path in kit.rglob("*") if path.is_file()}
    assert {"README.txt", "LICENSE", "sbom.cdx.json"} <= names
    assert "terminal/usr/lib/systemd/system/posmedic.service" in names
    assert any(name.startswith("examples/buildroot/") for name in names)
    assert any(name.startswith("examples/yocto/") for name in names)
    assert any(name.startswith("examples/no-systemd/") for name in names)
    assert not [name for name in names if name.endswith((".key", ".pyc", ".pem")) or "/tests/" in name]


@needs_keys
def test_the_vendors_tools_run_from_it(kit: Path, tmp_path: Path) -> None:
    done = run(kit, "vendor.py", "keys", tmp_path / "keys")
    assert done.returncode == 0, done.stderr
    (tmp_path / "t.toml").write_text('[terminal]\nterminal_id = "00000062"\nmerchant_id = "123456789012345"\n')
    done = run(kit, "vendor.py", "profile", tmp_path / "t.toml", "--key", tmp_path / "keys/content.key")
    assert (done.returncode, (tmp_path / "t.toml.sig").exists()) == (0, True), done.stderr


def test_the_technicians_tools_run_from_it(kit: Path) -> None:
    asked = run(kit, "technician.py", "--help")
    assert (asked.returncode, "usage: " in asked.stdout) == (0, True), asked.stderr
    found = run(kit, "technician.py", "find")  # looks at this machine's serial ports by pyserial
    assert found.returncode in (0, 3), found.stderr


@needs_keys
@pytest.mark.skipif(shutil.which("rauc") is None or shutil.which("mksquashfs") is None, reason="needs rauc")
def test_buildroots_script_makes_a_signed_bundle_of_its_image(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "rootfs.ext4").write_bytes(Random(1).randbytes(50_000))  # noqa: S311  what cannot be compressed away
    assert run(kit, "vendor.py", "keys", tmp_path / "keys").returncode == 0
    world = {"PATH": f"{Path(sys.base_prefix) / 'bin'}:/usr/bin:/bin", "HOME": str(kit), "BINARIES_DIR": str(tmp_path)}
    world |= {"KIT": str(kit), "KEYS": str(tmp_path / "keys"), "COMPATIBLE": "acme t1", "VERSION": "2.0"}
    script = kit / "examples/buildroot/post-image.sh"
    done = subprocess.run([script], env=world, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = run(kit, "vendor.py", "inspect", tmp_path / "update-2.0.raucb", "--ca", tmp_path / "keys/ca.pem")
    assert "acme t1 2.0, verity" in told.stdout


def test_the_scripts_of_the_examples_and_the_terminal_are_sound_shell(kit: Path) -> None:
    scripts = [path for path in kit.rglob("*") if path.is_file() and path.read_bytes().startswith(b"#!/bin/sh")]
    assert {"S60posmedic", "post-image.sh", "gadget"} <= {path.name for path in scripts}
    for script in scripts:
        done = subprocess.run(["sh", "-n", str(script)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
