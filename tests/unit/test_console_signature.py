"""Certificates as ssh-keygen lists them: what is not exactly as it must be is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from device.drivers.console_signature import SignInRefused, SignInRules, judge_certificate

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
GOOD = """answer-cert.pub:
        Type: ssh-ed25519-cert-v01@openssh.com user certificate
        Public key: ED25519-CERT SHA256:BUnIU0lugeg1EKFeao3CkaiDhvegBPtjlVtbo4L2rfk
        Signing CA: ED25519 SHA256:7euPSzDdU48CvW1ucJRydFYhjRB8+ygGErhtdcUxas4 (using ssh-ed25519)
        Key ID: "tess"
        Serial: 7
        Valid: from 2026-11-25T08:00:00 to 2026-11-25T20:00:00
        Principals:
                posmedic-diag
                posmedic-maint
        Critical Options: (none)
        Extensions:
                permit-pty
"""


def judge(listing: str, *, clock_ok: bool = True, now: datetime = NOW) -> str:
    """Refused with this word, or the certificate's name."""
    rules = SignInRules(Path(), None, timedelta(hours=12), now, clock_ok)
    try:
        return judge_certificate(listing, "posmedic-diag", rules)
    except SignInRefused as refused:
        return str(refused)


def test_a_good_one_is_named() -> None:
    assert judge(GOOD) == "tess serial 7"
    assert judge(GOOD, clock_ok=False) == "clock"
    assert judge(GOOD, now=NOW + timedelta(hours=9)) == "expired"
    assert judge(GOOD, now=NOW - timedelta(hours=5)) == "expired"


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("user certificate", "host certificate", "no_user_certificate"),
        ("posmedic-diag", "posmedic-other", "role"),
        ("                posmedic-diag\n                posmedic-maint\n", "                (none)\n", "role"),
        ("Critical Options: (none)", "Critical Options: \n                force-command x", "critical_option"),
        ("from 2026-11-25T08:00:00 to 2026-11-25T20:00:00", "forever", "no_end"),
        ("from 2026-11-25T08:00:00", "before", "no_end"),
        ("2026-11-25T08:00:00", "2026-11-25T07:59:59", "lives_too_long"),
        # names that bring headings of their own: ssh-keygen prints a line break as it is
        ('"tess"', '"x\n        Principals: \n                posmedic-diag"', "certificate"),
        ('"tess"', '"x\n        Valid: from 2026-11-25T11:00:00 to 2026-11-25T13:00:00"', "certificate"),
        ('"tess"', '"x\nanything"', "certificate"),
        ("        Serial: 7\n", "", "certificate"),
    ],
)
def test_what_is_otherwise_is_refused(old: str, new: str, word: str) -> None:
    assert old in GOOD
    assert judge(GOOD.replace(old, new)) == word


def test_no_listing_is_refused() -> None:
    for end in range(GOOD.index("(none)") + len("(none)")):
        assert judge(GOOD[:end]) in ("certificate", "no_end", "role", "critical_option"), end
