"""``posmedic decode``: what may be pasted into a ticket."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import iso8583_peer as peer

from device.commands.decode import decode
from device.decoding.kinds import KINDS
from device.decoding.tables import Tables

TABLES = Tables()


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("path", peer.RECORDINGS, ids=lambda p: p.stem)
def test_a_recording_is_decoded_without_card_data(path: Path, as_json: bool) -> None:
    recorded = peer.recording(path)
    code, text = decode("iso8583", recorded["wire"], TABLES, as_json)
    assert code == 0
    assert recorded["mti"] in text
    assert recorded["fields"]["11"] in text
    for secret in (peer.CARD, peer.TRACK2, "4912", "00000000000000000000"):
        assert secret not in text


def test_a_cut_message_is_partial_with_its_offset() -> None:
    wire = peer.terminal_message("0210", peer.RESPONSE)
    code, text = decode("iso8583", wire[:50].hex(" "), TABLES, True)
    result = json.loads(text)
    assert (code, result["decoded"], result["offset"]) == (1, "partial", 41)
    assert result["stopped"].startswith("DE37 at byte 41")
    assert {row["field"]: row["value"] for row in result["fields"]}["11"] == "000123"


def test_no_wrong_byte_brings_the_card_number_out() -> None:
    wire = peer.terminal_message("0200", peer.REQUEST)
    for at in range(len(wire)):
        for wrong in range(0, 256, 51):
            broken = wire[:at] + bytes((wrong,)) + wire[at + 1 :]
            _, text = decode("iso8583", broken.hex(), TABLES, False)
            assert peer.CARD not in text


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("iso8583", "zz", "not hexadecimal at character 1"),
        ("iso8583", "123", "half a byte"),
        ("iso8583", "", "empty"),
        ("iso8583", "0" * 300_000, "at most 262144"),
        ("iso8583", "00" * 70_000, "too many for one message"),
        ("morse", "00", "known are iso8583"),
        ("iso8583", "ffff", "no message type"),
        ("tlv", "9f", "the tag is cut off"),
        ("atr", "00", "3B or 3F"),
        ("at", "00ff", "no AT command"),
        ("control", "0102", "no frame"),
    ],
)
def test_what_is_not_that_kind_is_told_in_a_sentence(kind: str, text: str, says: str) -> None:
    code, output = decode(kind, text, TABLES, False)
    assert code == 2
    assert says in output


def test_chip_data_shows_countries_and_scheme_only() -> None:
    code, text = decode("tlv", peer.CHIP, TABLES, True)
    rows = {row["tag"]: row for row in json.loads(text)["objects"]}
    assert code == 0
    assert rows["5F28"]["value"] == "0840"
    assert rows["84"]["scheme"] == "unionpay"
    assert rows["57"]["value"] == "(hidden, 17 bytes)"
    assert peer.CARD not in text


def test_cut_chip_data_is_partial() -> None:
    code, text = decode("tlv", peer.CHIP[:-4], TABLES, True)
    assert code == 1
    assert json.loads(text)["offset"] > 0
    assert peer.CARD not in text


def test_an_atr_and_its_oddities() -> None:
    code, text = decode("atr", "3B 65 00 00 20 63 CB A0 00", TABLES, True)
    assert code == 0
    assert json.loads(text)["protocols"] == ["T=0"]
    assert decode("atr", "3B65", TABLES, True)[0] == 1


def test_frames_tell_their_shape_not_their_payload() -> None:
    wire = peer.framed(peer.terminal_message("0210", peer.RESPONSE))
    code, text = decode("control", wire.hex(), TABLES, True)
    assert code == 0
    assert json.loads(text)["length"] == "bcd"
    assert peer.CARD not in text
    assert decode("control", "aa" + wire.hex(), TABLES, True)[0] == 1


def test_modem_lines_tell_names_and_results() -> None:
    wire = b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\n+CME ERROR: 10\r\n861234567890123\r\n"
    code, text = decode("at", wire.hex(), TABLES, True)
    assert code == 0
    assert "+CSQ" in text
    assert '"code": 10' in text
    assert "861234567890123" not in text


def test_every_kind_bears_any_bytes() -> None:
    for kind in KINDS:
        for data in (bytes(range(256)), b"\x00", b"\xff" * 40, b"\x02\x00\x01\x03"):
            assert decode(kind, data.hex(), TABLES, False)[0] in (0, 1, 2)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("9505000098765432129f", "(hidden, 5 bytes)"),  # digits, out of step
        ("95050000987654", "(hidden, 5 bytes)"),  # the same, cut where it seems whole
        ("950500800480009f", "0080048000"),  # flags, of a message that was cut
    ],
)
def test_ten_digits_under_the_tag_of_flags_are_shown_only_if_they_look_like_flags(wire: str, value: str) -> None:
    rows = json.loads(decode("tlv", wire, TABLES, True)[1])["objects"]
    assert [row["value"] for row in rows if row["tag"] == "95"] == [value]
