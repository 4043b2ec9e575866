"""A certificate authority for simulated hosts, run by the real openssl program in a folder of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

_CA_CONFIG = """
[ca]
default_ca = here
[here]
dir = {folder}
new_certs_dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


class Authority:
    """A certificate authority in a folder; ``ca_file`` is what a terminal would trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.ca_file = folder / "ca.pem"
        (folder / "index.txt").touch()
        (folder / "serial").write_text("1000\n")
        (folder / "ca.conf").write_text(_CA_CONFIG.format(folder=folder))
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Test CA"),
            *("-keyout", "ca.key", "-out", "ca.pem", "-days", "3650"),
        )

    def issue(self, name: str, start: str = "20200101000000Z", end: str = "20491231235959Z") -> Path:
        """Key and certificate in one file; ``start`` and ``end`` as YYYYMMDDHHMMSSZ."""
        alt = f"IP:{name}" if name[0].isdigit() else f"DNS:{name}"
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName={alt}", "-keyout", "host.key", "-out", "host.csr"),
        )
        self._openssl(
            *("ca", "-batch", "-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", "host.csr"),
            *("-out", "host.crt", "-notext", "-startdate", start, "-enddate", end),
        )
        both = self._folder / f"{name}-{end}.pem"
        both.write_text((self._folder / "host.key").read_text() + (self._folder / "host.crt").read_text())
        return both

    def issue_below(self, name: str, issuer_end: str) -> Path:
        """As :meth:`issue`, by an issuer between that ends at ``issuer_end``; its certificate is in the file too."""
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Issuing CA"),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-keyout", "below.key", "-out", "below.csr"),
        )
        self._openssl(
            *("ca", "-batch", "-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", "below.csr"),
            *("-out", "below.crt", "-notext", "-startdate", "20200101000000Z", "-enddate", issuer_end),
        )
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName=DNS:{name}", "-keyout", "host.key", "-out", "host.csr"),
        )
        self._openssl(
            *("x509", "-req", "-in", "host.csr", "-CA", "below.crt", "-CAkey", "below.key", "-CAcreateserial"),
            *("-copy_extensions", "copy", "-days", "3650", "-out", "host.crt"),
        )
        whole = self._folder / f"{name}-below-{issuer_end}.pem"
        whole.write_text("".join((self._folder / part).read_text() for part in ("host.key", "host.crt", "below.crt")))
        return whole

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self._folder, check=True, capture_output=True)
