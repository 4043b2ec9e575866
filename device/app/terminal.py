"""Who this terminal is: its profile file, and whether the file's signature holds."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from device.app.catalogue import Catalogue
from device.drivers.card_scheme import schemes
from device.drivers.profile_signature import Signature, read_signature
from device.evidence import TerminalProfile
from device.selftest.sheet import Sheet
from device.settings import ProfileSettings
from device.table import TableError
from device.terminal_profile import KnownNames, Reference, read_terminal_file, without_reference

_ADVICE = {
    Signature.ABSENT: "The profile has no signature, or no allowed signers are set.",
    Signature.BAD: "The profile's signature does not fit its content or its signer is not allowed.",
    Signature.NO_TOOL: "ssh-keygen is missing (package openssh-client), so the signature was not checked.",
}


class Terminal:
    """Holds the profile; unverified until its signature has been checked in a worker."""

    def __init__(self, settings: ProfileSettings) -> None:
        self._settings = settings
        self._profile = TerminalProfile()
        self._reference = Reference()
        self._content = b""
        self.problem = ""

    def profile(self) -> TerminalProfile:
        """Return the profile as it is known now."""
        return self._profile

    def reference(self) -> Reference | None:
        """What the self-test measures against; None while no signature vouches for it."""
        return self._reference if self._profile.verified else None

    def load(self, catalogue: Catalogue) -> None:
        """Read the profile; without one, or with a broken one, an empty profile stands and the reason is kept."""
        path = self._settings.path
        if path is None:
            self.problem = "No profile is configured."
            return
        try:
            file = read_terminal_file(path, known_names(catalogue))
        except TableError as error:
            self.problem = f"{error}."
            return
        self._profile, self._reference, self._content = file.profile, file.reference, file.content

    def mark_verified(self) -> None:
        """The signature over the loaded content was found good."""
        self._profile = dataclasses.replace(self._profile, verified=True)

    def check(self, sheet: Sheet) -> None:
        """Write what is known of profile and signature; runs in a worker, for ssh-keygen may hang."""
        if self.problem:
            fitted = self._settings.path is not None
            if fitted:
                sheet.failed("profile.loaded", "unreadable", self.problem)
            else:
                sheet.not_run("profile.loaded", "not_fitted", self.problem)
            sheet.not_run("profile.signature", "needs_profile", "There is no profile whose signature could be checked.")
            _write_reference(sheet, None, self.problem)
            return
        sheet.measured("profile.loaded", self._profile.terminal_id or "unnamed")
        result = read_signature(self._content, _beside(self._settings.path), self._settings.signers)
        if result.signature is Signature.GOOD:
            sheet.measured("profile.signature", result.signature, detail=f"Signed by {result.signer}.")
            _write_reference(sheet, self._reference)
            return
        if result.signature is Signature.NO_TOOL:
            sheet.not_run("profile.signature", "no_tool", _ADVICE[result.signature])
        else:
            sheet.failed("profile.signature", result.signature, _ADVICE[result.signature])
        _write_reference(sheet, None, "No good signature vouches for the profile.")


def known_names(catalogue: Catalogue) -> KnownNames:
    """What a profile may name."""
    return KnownNames(catalogue.parts, catalogue.checks, frozenset(scheme.word for scheme in schemes().values()))


def _write_reference(sheet: Sheet, reference: Reference | None, why: str = "") -> None:
    """Which checks have nothing to be measured against; their own rows say it too."""
    missing = without_reference(reference or Reference())
    detail = f"Without reference: {', '.join(missing)}." if missing else ""
    if reference is None:
        sheet.not_run("profile.reference", "needs_profile", f"{why} {detail}")
    else:
        sheet.measured("profile.reference", "partial" if missing else "complete", detail=detail)


def _beside(path: Path | None) -> Path:
    return Path(f"{path}.sig")
