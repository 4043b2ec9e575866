"""The vendor's side: keys for development, bundles, signed profiles and overlays, bill of materials, release checklist.

    python -m tools.vendor keys KEYS [--kind P-256|RSA-3072|RSA-4096] [--vendor NAME] [--renew-signer]
    python -m tools.vendor build IMAGE BUNDLE --compatible TEXT --version V --keys KEYS [--slot rootfs]
    python -m tools.vendor sign BUNDLE OUT --ca ca.pem --cert signer.pem --key signer.key
    python -m tools.vendor inspect BUNDLE --ca ca.pem
    python -m tools.vendor profile terminal.toml --key content.key
    python -m tools.vendor overlay acquirer.toml --key content.key
    python -m tools.vendor sbom SITE-PACKAGES [--out FILE]
    python -m tools.vendor check BUNDLE --ca ca.pem --compatible TEXT [--after V] [--sbom F] [--unit F]
                                 [--profile F] [--overlay F] [--signers F]

Needs Python 3.11, and of the system openssl, rauc with squashfs-tools, ssh-keygen, systemd-analyze, each where it is
used. Exit codes: 0 done; 1 (check) a point failed or was not tried; 2 refused, with one sentence.
The folder examples/ shows the whole in Buildroot, in Yocto and on a terminal without systemd.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.sign_overlay import sign_overlay
from tools.sign_profile import sign_profile
from tools.signing import SigningError
from tools.vendor.bundle import Signing, build_bundle, inspect_bundle, sign_bundle
from tools.vendor.certificate import check_key
from tools.vendor.checklist import Release, Verdict, check_release
from tools.vendor.keys import KeyFolder, make_keys, make_signer, tell_keys
from tools.vendor.programs import VendorError
from tools.vendor.sbom import make_sbom


def main() -> int:
    """Run the command line."""
    wanted = _parser().parse_args()
    try:
        return _run(wanted)
    except (VendorError, SigningError) as error:
        print(f"vendor: {error}", file=sys.stderr)
        return 2


def _run(wanted: argparse.Namespace) -> int:
    match wanted.what:
        case "keys":
            print(tell_keys(_keys(wanted)))
        case "build":
            keys = KeyFolder(wanted.keys)
            signing = Signing(keys.certificate, str(keys.key))
            build_bundle(wanted.image, wanted.bundle, wanted.compatible, wanted.version, signing, wanted.slot)
            _tell_bundle(wanted.bundle, keys.authority)
        case "sign":
            sign_bundle(wanted.bundle, wanted.out, wanted.ca, Signing(wanted.cert, wanted.key))
            print(wanted.out)
        case "inspect":
            _tell_bundle(wanted.bundle, wanted.ca)
        case "profile":
            print(sign_profile(wanted.file, wanted.key))
        case "overlay":
            print(sign_overlay(wanted.file, wanted.key))
        case "sbom":
            text = make_sbom(wanted.packages)
            if wanted.out is None:
                sys.stdout.write(text)
            else:
                wanted.out.write_text(text)
        case _:
            return _check(wanted)
    return 0


def _keys(wanted: argparse.Namespace) -> KeyFolder:
    if not wanted.renew_signer:
        return make_keys(wanted.folder, wanted.kind, wanted.vendor)
    keys = KeyFolder(wanted.folder)
    make_signer(keys, wanted.kind, wanted.vendor)
    return keys


def _tell_bundle(bundle: Path, authority: Path) -> None:
    found = inspect_bundle(bundle, authority)
    check_key(found.signer.key)
    print(
        f"{bundle.name}: {found.info.compatible} {found.info.version}, {found.info.format}, {found.size / 1e6:.1f} MB"
    )
    print(f"signed by {found.info.signer}, {found.signer.key}, until {found.signer.not_after:%Y-%m-%d}")


def _check(wanted: argparse.Namespace) -> int:
    release = Release(
        wanted.bundle, wanted.ca, wanted.compatible, wanted.after, wanted.sbom, wanted.unit,
        wanted.profile, wanted.overlay, wanted.signers,
    )  # fmt: skip
    verdicts = []
    for point in check_release(release):
        verdicts.append(point.verdict)
        print(f"{point.verdict.value:<10} {point.name}: {point.said}", flush=True)
    ready = all(verdict is Verdict.PASS for verdict in verdicts)
    print("It may go out." if ready else "It must not go out: every point has to pass.")
    return 0 if ready else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.vendor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(dest="what", required=True)
    keys = actions.add_parser("keys", help="a key ceremony for development")
    keys.add_argument("folder", type=Path)
    keys.add_argument("--kind", default="P-256", type=_kind)
    keys.add_argument("--vendor", default="vendor")
    keys.add_argument("--renew-signer", action="store_true", help="a new signer under the authority that is there")
    build = actions.add_parser("build", help="an image becomes a signed bundle")
    build.add_argument("image", type=Path)
    build.add_argument("bundle", type=Path)
    build.add_argument("--compatible", required=True)
    build.add_argument("--version", required=True)
    build.add_argument("--keys", type=Path, required=True)
    build.add_argument("--slot", default="rootfs")
    sign = actions.add_parser("sign", help="sign a bundle anew, e.g. with the key of releases")
    sign.add_argument("bundle", type=Path)
    sign.add_argument("out", type=Path)
    sign.add_argument("--cert", type=Path, required=True)
    sign.add_argument("--key", required=True, help="a file, or pkcs11:...")
    inspect = actions.add_parser("inspect", help="what a terminal would read")
    inspect.add_argument("bundle", type=Path)
    for name in ("profile", "overlay"):
        content = actions.add_parser(name, help="check it and sign it")
        content.add_argument("file", type=Path)
        content.add_argument("--key", type=Path, required=True)
    sbom = actions.add_parser("sbom", help="bill of materials of an installed tree")
    sbom.add_argument("packages", type=Path)
    sbom.add_argument("--out", type=Path)
    check = actions.add_parser("check", help="the release checklist")
    check.add_argument("bundle", type=Path)
    check.add_argument("--compatible", required=True)
    check.add_argument("--after", metavar="VERSION")
    for name in ("sbom", "unit", "profile", "overlay", "signers"):
        check.add_argument(f"--{name}", type=Path, metavar="FILE")
    for action in (sign, inspect, check):
        action.add_argument("--ca", type=Path, required=True, help="the authority that terminals trust")
    return parser


def _kind(text: str) -> str:
    return {"ed25519": "ED25519", "rsa-2048": "RSA-2048", "p-256": "P-256"}.get(text.lower(), text.upper())


if __name__ == "__main__":
    sys.exit(main())
