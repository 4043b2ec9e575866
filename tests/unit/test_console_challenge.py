"""What is signed to sign in, and the answer: read back exactly, and nothing that comes can break it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.console_challenge import (
    NAMESPACE,
    ROLES,
    Challenge,
    ChallengeError,
    build_challenge,
    parse_answer,
    parse_challenge,
    plain_name,
)

NAMES = st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True)
CHALLENGES = st.builds(
    Challenge,
    device=NAMES,
    hardware=NAMES,
    boot=NAMES,
    counter=st.integers(0, 1 << 40),
    nonce=st.binary(min_size=16, max_size=16),
    role=st.sampled_from(ROLES[1:]),
    lifetime_s=st.integers(1, 900),
    expires=st.integers(0, 1 << 32).map(lambda second: datetime.fromtimestamp(second, UTC)),
)


@given(CHALLENGES)
def test_a_challenge_is_read_as_it_was_built(challenge: Challenge) -> None:
    assert parse_challenge(build_challenge(challenge)) == challenge


@given(CHALLENGES, st.data())
def test_no_byte_of_a_challenge_can_be_changed_unseen(challenge: Challenge, data: st.DataObject) -> None:
    text = bytearray(build_challenge(challenge))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] ^= data.draw(st.integers(1, 255))
    try:
        assert parse_challenge(bytes(text)) != challenge
    except ChallengeError:
        return


@given(st.text(max_size=100))
def test_any_name_can_stand_in_a_challenge(text: str) -> None:
    made = Challenge(plain_name(text), "h", "b", 1, bytes(16), "diag", 900, datetime(2026, 11, 25, tzinfo=UTC))
    assert parse_challenge(build_challenge(made)) == made


def test_a_signature_of_ssh_keygen_is_read_with_its_key(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    signed = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", NAMESPACE], input=b"x\n", capture_output=True, check=True
    ).stdout.decode()
    (one,) = parse_answer(signed.splitlines())
    assert one.armour == signed
    assert one.public_line.split()[:2] == (tmp_path / "key.pub").read_text().split()[:2]
    assert not one.is_certificate
    assert len(parse_answer(signed.splitlines() * 2)) == 2
    with pytest.raises(ChallengeError):
        parse_answer(signed.splitlines() * 3)
    for cut in range(len(signed) - 1):
        with pytest.raises(ChallengeError):
            parse_answer(signed[:cut].splitlines())


@given(
    st.lists(
        st.one_of(
            st.just("-----BEGIN SSH SIGNATURE-----"), st.just("-----END SSH SIGNATURE-----"), st.text(max_size=90)
        )
    )
)
def test_whatever_is_pasted_is_an_answer_or_told(lines: list[str]) -> None:
    try:
        assert parse_answer(lines)
    except ChallengeError as error:
        assert str(error)  # noqa: PT017  that it has a text is what is asked
