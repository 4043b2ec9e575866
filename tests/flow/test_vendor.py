"""The vendor's tools with real openssl, rauc and ssh-keygen: what they make, what they refuse, and what goes out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from support.hal_library import ROOT

from tools.vendor.keys import KeyFolder

missing = [name for name in ("openssl", "rauc", "mksquashfs", "ssh-keygen") if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")
COMPATIBLE = "acme t1"
PROFILE = '[terminal]\nterminal_id = "00000062"\nmerchant_id = "123456789012345"\n'
OVERLAY = '[overlay]\nname = "Example 2026-05"\nsource = "host guide 3.2"\n'


def vendor(*words: str | Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "tools.vendor", *map(str, words)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=ROOT)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFolder:
    folder = tmp_path_factory.mktemp("vendor") / "keys"
    done = vendor("keys", folder, "--vendor", "Acme Terminals")
    assert done.returncode == 0, done.stderr
    assert "Acme Terminals development authority, P-256, until 20" in done.stdout
    return KeyFolder(folder)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "root.ext4"
    path.write_bytes(Random(1).randbytes(100_000))  # noqa: S311  what cannot be compressed away
    return path


@pytest.fixture(scope="module")
def bundle(keys: KeyFolder, image: Path) -> Path:
    path = image.parent / "update-2.0.raucb"
    done = vendor("build", image, path, "--compatible", COMPATIBLE, "--version", "2.0", "--keys", keys.folder)
    assert done.returncode == 0, done.stderr
    assert "acme t1 2.0, verity" in done.stdout
    return path


@pytest.fixture(scope="module")
def release_keys(tmp_path_factory: pytest.TempPathFactory, keys: KeyFolder) -> Path:
    """As a vendor's own authority would issue: under the same trust anchor, without the word development."""
    folder = tmp_path_factory.mktemp("release")
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj", "/CN=Acme"]
    run([*new, "-keyout", folder / "key.pem", "-out", folder / "csr"])
    ca: list[str | Path] = ["-CA", keys.authority, "-CAkey", keys.folder / "ca.key", "-CAcreateserial"]
    run(["openssl", "x509", "-req", "-in", folder / "csr", *ca, "-days", "400", "-out", folder / "cert.pem"])
    return folder


def run(words: Sequence[str | Path]) -> None:
    subprocess.run(list(map(str, words)), check=True, capture_output=True)


def test_private_keys_are_for_their_owner_alone_and_are_never_made_over(keys: KeyFolder) -> None:
    assert keys.folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in keys.folder.glob("*.key"))
    before = keys.key.read_bytes()
    done = vendor("keys", keys.folder)
    assert (done.returncode, keys.key.read_bytes()) == (2, before)
    assert "is there already" in done.stderr


@pytest.mark.parametrize(
    ("kind", "why"), [("RSA-2048", "2030"), ("RSA-1024", "2030"), ("ed25519", "cannot sign CMS"), ("P-384", "P-256")]
)
def test_a_kind_of_key_that_must_not_sign_is_refused_with_the_reason(tmp_path: Path, kind: str, why: str) -> None:
    done = vendor("keys", tmp_path / "keys", "--kind", kind)
    assert done.returncode == 2
    assert "refused" in done.stderr
    assert why in done.stderr
    assert not (tmp_path / "keys").exists()


def test_openssl_of_this_machine_bears_out_what_is_said_of_ed25519(tmp_path: Path) -> None:
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("OpenSSL 3.0"):
        pytest.skip(f"the sentence is about OpenSSL 3.0; this is {version.strip()}")
    key, certificate = tmp_path / "k", tmp_path / "c"
    run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ed25519",
            "-noenc",
            "-subj",
            "/CN=e",
            "-keyout",
            key,
            "-out",
            certificate,
        ]
    )
    line = ["openssl", "cms", "-sign", "-in", str(key), "-signer", str(certificate), "-inkey", str(key)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no default digest" in done.stderr


@pytest.mark.parametrize("kind", ["rsa:2048", "ed25519"])
def test_a_key_from_elsewhere_that_must_not_sign_makes_no_bundle(
    tmp_path: Path, keys: KeyFolder, image: Path, bundle: Path, kind: str
) -> None:
    new = ["openssl", "req", "-x509", "-newkey", kind, "-noenc", "-subj", "/CN=weak", "-days", "300"]
    run([*new, "-keyout", tmp_path / "signer.key", "-out", tmp_path / "signer.pem"])
    words = ("--compatible", COMPATIBLE, "--version", "2.0", "--keys", tmp_path)
    done = vendor("build", image, tmp_path / "x.raucb", *words)
    assert (done.returncode, (tmp_path / "x.raucb").exists()) == (2, False)
    assert "refused" in done.stderr
    signing = ("--cert", tmp_path / "signer.pem", "--key", tmp_path / "signer.key")
    done = vendor("sign", bundle, tmp_path / "x.raucb", "--ca", keys.authority, *signing)
    assert (done.returncode, (tmp_path / "x.raucb").exists()) == (2, False)


def test_a_renewed_signer_is_trusted_by_terminals_that_know_the_authority(tmp_path: Path, image: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    assert vendor("keys", keys.folder).returncode == 0
    before = keys.certificate.read_text()
    assert vendor("keys", keys.folder, "--renew-signer", "--kind", "RSA-3072").returncode == 0
    assert keys.certificate.read_text() != before
    words = ("--compatible", COMPATIBLE, "--version", "3.0-rc.1", "--keys", keys.folder)
    done = vendor("build", image, tmp_path / "x.raucb", *words)
    assert "RSA-3072" in done.stdout, done.stderr


def test_what_a_terminal_would_refuse_is_told_in_its_words(tmp_path: Path, keys: KeyFolder, bundle: Path) -> None:
    flipped = tmp_path / "flipped.raucb"
    data = bytearray(bundle.read_bytes())
    data[-200] ^= 1
    flipped.write_bytes(data)
    done = vendor("inspect", flipped, "--ca", keys.authority)
    assert done.returncode == 2
    assert "a terminal would refuse flipped.raucb: " in done.stderr
    stranger = KeyFolder(tmp_path / "stranger")
    assert vendor("keys", stranger.folder).returncode == 0
    done = vendor("inspect", bundle, "--ca", stranger.authority)
    assert (done.returncode, "a terminal would refuse" in done.stderr) == (2, True)
    done = vendor(
        "build", tmp_path / "none", tmp_path / "x", "--compatible", "c", "--version", "newest", "--keys", keys.folder
    )
    assert (done.returncode, "is not a version" in done.stderr) == (2, True)


def test_a_release_goes_out_only_when_every_point_passes(
    tmp_path: Path, keys: KeyFolder, bundle: Path, release_keys: Path
) -> None:
    signed = tmp_path / "release.raucb"
    signing = ("--cert", release_keys / "cert.pem", "--key", release_keys / "key.pem")
    done = vendor("sign", bundle, signed, "--ca", keys.authority, *signing)
    assert done.returncode == 0, done.stderr
    (tmp_path / "terminal.toml").write_text(PROFILE)
    (tmp_path / "acquirer.toml").write_text(OVERLAY)
    assert vendor("profile", tmp_path / "terminal.toml", "--key", keys.content_key).returncode == 0
    assert vendor("overlay", tmp_path / "acquirer.toml", "--key", keys.content_key).returncode == 0
    assert vendor("sbom", installed_here(), "--out", tmp_path / "sbom.json").returncode == 0
    unit = ROOT / "tools/image/files/usr/lib/systemd/system/posmedic.service"
    base = ("--ca", keys.authority, "--compatible", COMPATIBLE)
    files: tuple[str | Path, ...] = ("--sbom", tmp_path / "sbom.json", "--profile", tmp_path / "terminal.toml")
    files += ("--overlay", tmp_path / "acquirer.toml", "--signers", keys.signers)
    whole = (*base, "--after", "1.9", *files, *(("--unit", unit) if shutil.which("systemd-analyze") else ()))
    done = vendor("check", signed, *whole)
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert failed == []
    if shutil.which("systemd-analyze"):
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "It may go out.")

    assert failed_points(vendor("check", bundle, *whole)) == {"a key of releases, not of development"}
    (tmp_path / "acquirer.toml").write_text(OVERLAY.replace("3.2", "3.3"))
    again = ("--ca", keys.authority, "--compatible", "acme t2", "--after", "2.0", *files)
    wanted = {"format and compatible", "newer than what customers run", "knowledge overlay"}
    assert failed_points(vendor("check", signed, *again)) == wanted
    done = vendor("check", signed, *base)
    assert (done.returncode, "not tried  bill of materials: --sbom FILE" in done.stdout) == (1, True)


def failed_points(done: subprocess.CompletedProcess[str]) -> set[str]:
    assert done.returncode == 1
    return {line[11:].partition(":")[0] for line in done.stdout.splitlines() if line.startswith("FAIL")}


def installed_here() -> Path:
    return Path(sys.prefix) / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def test_the_bill_of_materials_is_what_is_installed_and_the_same_each_time() -> None:
    first, second = (vendor("sbom", installed_here()).stdout for _ in range(2))
    assert first == second
    bill = json.loads(first)
    assert (bill["bomFormat"], bill["specVersion"], bill["metadata"]["component"]["name"]) == (
        "CycloneDX",
        "1.5",
        "posmedic",
    )
    names = {row["name"]: row for row in bill["components"]}
    assert set(names) == {"cffi", "construct", "pillow", "pycparser", "pyserial", "segno"}
    import construct  # noqa: PLC0415

    assert names["construct"]["version"] == construct.__version__
    refs = {row["ref"]: row["dependsOn"] for row in bill["dependencies"]}
    assert {ref for row in refs.values() for ref in row} < set(refs)
    assert names["pycparser"]["bom-ref"] in refs[names["cffi"]["bom-ref"]]
