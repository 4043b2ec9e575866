"""Who may do what at the technician's port: the real service, a real line, the system's ssh-keygen on both sides."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.clocks import clock_shift
from support.console_side import Answer, Far, Office, plugged_in, sign
from support.terminal import PATIENCE_S, Terminal

REFUSED = 13
LOCKED = 14
NOT_ALLOWED = 5
CONSTANT = "the sign-in was refused"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "terminal")
    yield terminal
    terminal.remove()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office")


@pytest.fixture
def far() -> Iterator[Far]:
    far = Far()
    yield far
    far.pull()


def audit(terminal: Terminal) -> list[tuple[str, str]]:
    """What the log says, once the service has ended."""
    with sqlite3.connect(terminal.state / "posmedic.db") as database:
        return list(database.execute("SELECT event, detail FROM audit ORDER BY number"))


def test_a_certificate_opens_its_role_and_no_other(terminal: Terminal, office: Office, far: Far) -> None:
    tess = office.technician("tess", "diag,maint", "-5m:+8h", "-z", "7")
    with plugged_in(terminal, far, more=office.settings()):
        assert far.ask("settings show").error == NOT_ALLOWED
        assert far.sign_in("diag", tess).end.text == "diag 900"
        assert far.ask("settings show").error == NOT_ALLOWED
        assert far.ask("decode atr 3B6500002063CBA000").ok
        assert far.sign_in("maint", tess).end.text == "maint 900"
        assert "[service]" in far.ask("settings show").remarks
        out = far.ask("sign-out")
        assert far.ask("decode atr 3B6500002063CBA000").error == NOT_ALLOWED
    (told,) = out.remarks
    assert told == "audit " + (terminal.state / "audit.head").read_text().strip().replace(":", " ")
    log = audit(terminal)
    assert [event for event, _ in log].count("signed_in") == 2
    assert any("tess serial 7" in detail for event, detail in log if event == "signed_in")
    assert (far.port + " settings show ok") in [detail for event, detail in log if event == "command"]


def test_the_back_office_can_sign_the_challenge_itself(terminal: Terminal, office: Office, far: Far) -> None:
    with plugged_in(terminal, far, more=office.settings()):
        assert far.sign_in("maint", office.desk).ok


def test_vendor_needs_two_signers(terminal: Terminal, office: Office, far: Far) -> None:
    vera, victor = office.technician("vera", "vendor"), office.technician("victor", "vendor")
    with plugged_in(terminal, far, more=office.settings()):
        assert far.sign_in("vendor", vera).error == REFUSED
        assert far.sign_in("vendor", vera, vera).error == REFUSED
        assert far.sign_in("vendor", vera, victor).ok
        assert far.ask("slot switch").error == 12  # no updater here


@pytest.mark.parametrize(
    ("life", "more"),
    [
        ("-10d:-9d", ()),  # expired
        ("+1h:+2h", ()),  # not yet valid
        ("-1h:+12h", ()),  # lives longer than twelve hours
        ("always:forever", ()),
        ("-5m:+8h", ("-O", "force-command=true")),  # an option that is not understood
        ("-5m:+8h", ("-h",)),  # of a host
    ],
)
def test_a_certificate_that_is_not_as_it_must_be_is_refused(
    terminal: Terminal, office: Office, far: Far, life: str, more: tuple[str, ...]
) -> None:
    bad = office.technician("bad", "diag", life, *more)
    with plugged_in(terminal, far, more=office.settings()):
        refused = far.sign_in("diag", bad)
    assert (refused.error, refused.end.text) == (REFUSED, CONSTANT)


def test_every_bad_answer_is_refused_with_the_same_words(terminal: Terminal, office: Office, far: Far) -> None:
    tess = office.technician("tess")
    stranger = office.technician("stranger", authority=office.key("other-authority"))
    with plugged_in(terminal, far, more=office.settings()):
        text = far.challenge("diag")

        def replayed() -> Answer:
            assert far.give(sign(text, tess)).ok
            return far.give(sign(text, tess))

        def of_an_older_challenge() -> Answer:
            far.challenge("diag")
            return far.give(sign(text, tess))

        def altered() -> Answer:
            return far.give(sign(far.challenge("diag").replace(b"lifetime 900", b"lifetime 9000"), tess))

        def of_another_namespace() -> Answer:
            return far.give(sign(far.challenge("diag"), tess, "posmedic-profile"))

        def of_a_stranger() -> Answer:
            return far.sign_in("diag", stranger)

        for answer in (replayed, of_an_older_challenge, altered, of_another_namespace, of_a_stranger):
            refused = answer()
            assert (refused.error, refused.end.text) == (REFUSED, CONSTANT), answer.__name__
        assert far.ask("version").ok
    reasons = [detail.split()[3] for event, detail in audit(terminal) if event == "refused"]
    assert set(reasons) == {"signature"}


def test_revoked_wrong_role_and_noise_are_refused_too(terminal: Terminal, office: Office, far: Far) -> None:
    tess, gone = office.technician("tess"), office.technician("gone", "diag", "-5m:+8h", "-z", "9")
    office.revoke(gone)
    with plugged_in(terminal, far, more=office.settings()):
        refused = [far.sign_in("diag", gone), far.sign_in("maint", tess)]
        for noise in (b"no signature at all\n\x1b[2J\x00\xff", b"-----BEGIN SSH SIGNATURE-----\n" + b"A" * 60000):
            far.challenge("diag")
            refused.append(far.give(noise))
    assert {(told.error, told.end.text) for told in refused} == {(REFUSED, CONSTANT)}


def test_five_failures_lock_the_sign_in_over_a_power_cut_but_never_level_0(
    terminal: Terminal, office: Office, far: Far
) -> None:
    tess = office.technician("tess")
    with plugged_in(terminal, far, more=office.settings()) as service:
        for _time in range(5):
            assert far.sign_in("maint", tess).error == REFUSED
        locked = far.ask("sign-in diag")
        assert locked.error == LOCKED
        assert "1 min" in locked.end.text
        assert far.ask("version").ok
        service.restart()
        service.wait_for_line(f"console port={far.port} there=yes", since=service.lines - 1)
        assert far.ask("sign-in diag").error == LOCKED
        assert far.ask("status").ok


def test_a_pulled_cable_ends_the_session_and_voids_the_challenge(
    terminal: Terminal, office: Office, far: Far, tmp_path: Path
) -> None:
    """The port is a link, so that a cable can be plugged in again under the same name."""
    tess = office.technician("tess", "diag,maint")
    link = tmp_path / "port"
    link.symlink_to(far.port)
    far.port = str(link)
    with plugged_in(terminal, far, more=office.settings()) as service:
        text = far.challenge("maint")
        far.pull()
        service.wait_for_line("there=no")
        other = Far()
        link.unlink()
        link.symlink_to(other.port)
        service.wait_for_line("there=yes", since=service.lines - 1)
        assert other.give(sign(text, tess)).error == REFUSED
        assert other.sign_in("maint", tess).ok
        other.pull()
        service.wait_for_line("there=no", since=service.lines - 1)
        third = Far()
        link.unlink()
        link.symlink_to(third.port)
        service.wait_for_line("there=yes", since=service.lines - 1)
        assert third.ask("settings show").error == NOT_ALLOWED
        third.pull()
    assert any(detail.endswith("maint unplugged") for event, detail in audit(terminal) if event == "signed_out")


def test_two_hosts_have_nothing_of_each_other(terminal: Terminal, office: Office, far: Far) -> None:
    tess, second = office.technician("tess"), Far()
    with plugged_in(terminal, far, second, more=office.settings()):
        text = far.challenge("diag")
        assert second.give(sign(text, tess)).error == REFUSED  # a challenge of another port
        assert far.give(sign(text, tess)).ok
        assert far.ask("decode atr 3B65").error != NOT_ALLOWED
        assert second.ask("decode atr 3B65").error == NOT_ALLOWED
        second.pull()


def test_one_challenge_is_outstanding_at_the_whole_terminal(terminal: Terminal, office: Office, far: Far) -> None:
    tess, second = office.technician("tess"), Far()
    with plugged_in(terminal, far, second, more=office.settings()):
        first = far.challenge("diag")
        later = second.challenge("diag")
        assert far.give(sign(first, tess)).error == REFUSED
        assert second.give(sign(later, tess)).ok  # which the refused answer at the other port did not use up
        second.pull()


def test_with_a_clock_that_was_set_back_only_the_back_office_counts(
    terminal: Terminal, office: Office, far: Far, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = office.technician("old", "diag", "-10d:-237h")  # was good ten days ago
    with clock_shift(tmp_path, monkeypatch) as shift, plugged_in(terminal, far, more=office.settings()):
        assert far.sign_in("diag", office.desk).ok
        far.ask("sign-out")
        shift(-10 * 86400 + 3600)
        told = far.ask("sign-in diag")
        assert "clock wrong" in told.remarks
        rows = told.remarks[told.remarks.index("challenge-begin") + 1 : told.remarks.index("challenge-end")]
        text = "".join(f"{row}\n" for row in rows).encode()
        assert far.give(sign(text, old)).error == REFUSED
        assert far.sign_in("diag", office.desk).ok


def test_an_answer_after_five_minutes_is_too_late_and_no_failure(
    terminal: Terminal, office: Office, far: Far, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tess = office.technician("tess")
    with clock_shift(tmp_path, monkeypatch) as shift, plugged_in(terminal, far, more=office.settings()) as service:
        late = sign(far.challenge("diag"), tess)
        shift(asleep_s=301)
        assert far.give(late).error == REFUSED
        service.wait_for_line("refused=late")
        in_time = sign(far.challenge("diag"), tess)
        shift(asleep_s=301 + 240)
        assert far.give(in_time).ok


def test_a_session_ends_after_five_idle_minutes_and_after_fifteen_in_any_case(
    terminal: Terminal, office: Office, far: Far, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tess = office.technician("tess")
    with clock_shift(tmp_path, monkeypatch) as shift, plugged_in(terminal, far, more=office.settings()):
        assert far.sign_in("diag", tess).ok
        shift(asleep_s=301)
        assert far.ask("decode atr 3B65").error == NOT_ALLOWED
        assert far.sign_in("diag", tess).ok
        for minutes in (4, 8, 12):
            shift(asleep_s=301 + minutes * 60)
            assert far.ask("decode atr 3B65").error != NOT_ALLOWED
        shift(asleep_s=301 + 15 * 60)
        assert far.ask("decode atr 3B65").error == NOT_ALLOWED
    ended = [detail.split()[-1] for event, detail in audit(terminal) if event == "signed_out"]
    assert ended == ["idle", "time_up"]


def test_each_lock_is_longer_than_the_last_and_kept_over_a_restart(
    terminal: Terminal, office: Office, far: Far, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tess, asleep_s = office.technician("tess"), 0
    with clock_shift(tmp_path, monkeypatch) as shift, plugged_in(terminal, far, more=office.settings()) as service:
        for minutes in (1, 10, 60, 1440, 1440):
            for _time in range(5):
                assert far.sign_in("maint", tess).error == REFUSED
            assert f"{minutes} min" in far.ask("sign-in diag").end.text
            assert far.ask("version").ok
            service.restart()
            service.wait_for_line(f"console port={far.port} there=yes", since=service.lines - 1)
            assert far.ask("sign-in diag").error == LOCKED
            asleep_s += minutes * 60 + 1
            shift(asleep_s=asleep_s)
        assert far.sign_in("diag", tess).ok


def test_the_challenge_is_on_the_screen_until_it_is_answered(terminal: Terminal, office: Office, far: Far) -> None:
    tess = office.technician("tess")
    with plugged_in(terminal, far, more=office.settings()) as service:
        since = service.lines
        text = far.challenge("diag")
        service.wait_for_line("screen shows=challenge", since=since, timeout_s=PATIENCE_S)
        assert far.give(sign(text, tess)).ok
        with terminal.client() as application:  # whose panel it is from now on
            application.hello("unionpay")
            since = service.lines
            text = far.challenge("diag")
            application.wait_for("display_wanted")
            assert terminal.log.read_text().count("shows=challenge") == 1
            application.say("display", state="granted")
            service.wait_for_line("screen shows=challenge", since=since, timeout_s=PATIENCE_S)
            application.forget_old()
            assert far.give(sign(text, tess)).ok
            application.wait_for("repaint")


def test_without_signers_or_ssh_keygen_there_is_only_reading_and_it_says_so(
    terminal: Terminal, office: Office, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plugged_in(terminal, far):
        told = far.ask("sign-in diag")
        assert (told.error, told.end.text) == (15, "this terminal has no list of signers: reading only")
        assert far.ask("version").ok
    monkeypatch.setenv("PATH", str(terminal.folder))
    with plugged_in(terminal, far, more=office.settings()):
        told = far.ask("sign-in diag")
        assert (told.error, told.end.text) == (16, "ssh-keygen is missing on this terminal: reading only")
        assert far.ask("help").ok


def test_a_challenge_never_repeats_itself(terminal: Terminal, office: Office, far: Far) -> None:
    with plugged_in(terminal, far, more=office.settings()) as service:
        seen = [far.challenge("diag") for _time in range(3)]
        service.restart()
        service.wait_for_line(f"console port={far.port} there=yes", since=service.lines - 1)
        seen += [far.challenge("diag") for _time in range(3)]
        assert far.ask("sign-in everything").error == 4
    rows = [dict(row.split(" ", 1) for row in text.decode().splitlines()) for text in seen]
    counters = [int(row["counter"]) for row in rows]
    assert counters == sorted(set(counters))
    assert len({row["nonce"] for row in rows}) == len(rows)
    assert all(datetime.fromisoformat(row["expires"]) > datetime.now(UTC) for row in rows)


def test_a_flood_of_challenges_does_not_wear_the_flash(terminal: Terminal, office: Office, far: Far) -> None:
    with plugged_in(terminal, far, more=office.settings()):
        ends = [far.ask("sign-in diag") for _time in range(30)]
    assert sum(end.ok for end in ends) == 6
    assert {end.error for end in ends if not end.ok} == {17}
    assert [event for event, _ in audit(terminal)].count("challenge") == 6


def test_an_audit_log_that_was_cut_or_edited_shows(terminal: Terminal, office: Office, far: Far) -> None:
    with plugged_in(terminal, far, more=office.settings()):
        assert far.sign_in("diag", office.desk).ok
        (told,) = far.ask("sign-out").remarks
        receipt = told.removeprefix("audit ").replace(" ", ":")
        whole = terminal.command("report", "--verify", receipt, "--lang", "en")
        assert (whole.returncode, whole.stdout.decode().splitlines()[-1]) == (0, "The audit log is whole.")
        assert b"signed in" in terminal.command("report", "--verify", "--lang", "en").stdout
    for spoil, sign_of_it in (
        ("UPDATE audit SET detail = 'nobody' WHERE event = 'signed_in'", "Entry 2 was altered."),
        ("DELETE FROM audit WHERE number = 2", "Entries before number 3 are missing."),
        ("DELETE FROM audit WHERE number >= 3", "The log was cut: there was an entry 3."),
    ):
        with sqlite3.connect(terminal.state / "posmedic.db") as database:
            database.execute(spoil)
        database.close()
        found = terminal.command("report", "--verify", receipt, "--lang", "en")
        assert found.returncode == 1
        assert sign_of_it in found.stdout.decode()
    (terminal.state / "audit.head").unlink()
    found = terminal.command("report", "--verify", receipt, "--lang", "en")  # what the technician was told still counts
    assert "The log was cut: there was an entry 3." in found.stdout.decode()
    assert terminal.command("report", "--verify", "nonsense").returncode == 2
