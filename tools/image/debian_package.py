"""The Debian package of the product: the install tree and what must be done once on the terminal."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from device import __version__
from tools.image.tree import size_mb

_CONTROL: Final = """Package: posmedic
Version: {version}
Architecture: all
Maintainer: posmedic maintainers <posmedic@localhost>
Installed-Size: {size_kib}
Section: misc
Priority: optional
Depends: python3 (>= 3.11~), python3 (<< 3.12), python3-cffi-backend, python3-serial, python3-pil
Recommends: pcscd, openssh-client, fonts-wqy-microhei, fonts-unifont, lrzsz, rauc
Description: explains declined sales on the card terminal itself
 Ties the host's response code to what this terminal has proved, tells one card from many, names who must act,
 and tests the hardware. It never touches keys, PIN pad or card numbers.
"""
_UNITS: Final = "posmedic.service posmedic-selfcheck.service posmedic-mark-good.service posmedic-reboot.path"
_AFTER: Final = f"""#!/bin/sh
set -e
systemd-sysusers /usr/lib/sysusers.d/posmedic.conf
systemd-tmpfiles --create /usr/lib/tmpfiles.d/posmedic.conf || true
systemctl enable {_UNITS} posmedic-gadget.service >/dev/null 2>&1 || true
if [ -d /run/systemd/system ]; then systemctl daemon-reload; systemctl restart posmedic.service; fi
"""
_BEFORE_REMOVAL: Final = f"""#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl disable --now {_UNITS} posmedic-gadget.service || true; fi
"""


def build_package(tree: Path, folder: Path) -> Path:
    """Pack ``tree`` (laid by :func:`tools.image.tree.build_tree`) into ``folder``; return the .deb."""
    work = folder / "package"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(tree, work, symlinks=True)
    control = work / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(_CONTROL.format(version=__version__, size_kib=round(size_mb(tree) * 1000)))
    (control / "conffiles").write_text("/etc/posmedic/settings.toml\n")
    for name, script in (("postinst", _AFTER), ("prerm", _BEFORE_REMOVAL)):
        (control / name).write_text(script)
        (control / name).chmod(0o755)
    package = folder / f"posmedic_{__version__}_all.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", str(work), str(package)], check=True, stdout=subprocess.DEVNULL
    )
    shutil.rmtree(work)
    return package
