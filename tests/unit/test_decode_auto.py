"""``posmedic decode auto``: which kind it is, what bears that out, what it may be as well."""

from __future__ import annotations

import json
import random
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from device.commands.decode import decode
from device.decoding.auto import decode_auto
from device.decoding.kinds import KINDS
from device.decoding.result import Outcome
from device.decoding.tables import Tables
from protocol.control_frame import FrameProfile, LengthKind, build_frame

TABLES = Tables()
CHECK = "a CRC, LRC or check byte in it holds"
LENGTHS = "the lengths inside lead exactly to the last byte"
LOOKS = "it only looks like it"
MESSAGE = peer.terminal_message("0210", peer.RESPONSE)


def framed(payload: bytes) -> bytes:
    """STX, payload, ETX and the XOR of payload and ETX."""
    body = payload + b"\x03"
    lrc = 0
    for byte in body:
        lrc ^= byte
    return b"\x02" + body + bytes((lrc,))


def told(data: bytes) -> dict[str, Any]:
    found = decode_auto(data, TABLES)
    assert found is not None
    return {"kind": found[0], "outcome": found[1].outcome, **found[1].result}


@pytest.mark.parametrize(
    ("data", "kind", "because"),
    [
        (MESSAGE, "iso8583", LENGTHS),
        (peer.framed(MESSAGE), "iso8583", LENGTHS),
        (bytes.fromhex(peer.CHIP), "tlv", LENGTHS),
        (bytes.fromhex("9F66049F02069F03069F1A0295055F2A029A039C019F3704"), "dol", LENGTHS),
        (bytes.fromhex("3B8F8001804F0CA000000306030001000000006A"), "atr", CHECK),
        (bytes.fromhex("3B65000020 63CBA000"), "atr", LENGTHS),
        (bytes.fromhex("00A4040007A0000003330101"), "apdu", LENGTHS),
        (bytes.fromhex("0000FF02FED4022A00"), "pn532", CHECK),
        (b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n", "at", LOOKS),
        (framed(b"\x31\x32\x33"), "control", CHECK),
    ],
)
def test_each_kind_is_found_and_says_what_bears_it_out(data: bytes, kind: str, because: str) -> None:
    result = told(data)
    assert (result["kind"], result["outcome"], result["backed_by"]["en"]) == (kind, Outcome.WHOLE, because)
    assert result["backed_by"]["zh"]
    assert kind not in {row["kind"] for row in result["runners_up"]}


def test_a_host_message_in_a_link_frame_is_both_and_the_message_goes_first() -> None:
    result = told(peer.framed(MESSAGE))
    runner = next(row for row in result["runners_up"] if row["kind"] == "control")
    assert (result["mti"], runner["decoded"], runner["backed_by"]["en"]) == ("0210", "whole", CHECK)


def test_a_frame_tells_what_is_inside_it() -> None:
    chip = bytes.fromhex("9F1A0201565F2A020156")
    (inside,) = told(framed(chip))["inside"]
    assert (inside["kind"], inside["backed_by"]["en"]) == ("tlv", LENGTHS)
    assert "inside" not in told(framed(b"abc"))


def wires(kind: str) -> list[bytes]:
    """Every recording of a kind, whole."""
    found: list[bytes] = []
    for path in sorted((peer.ROOT / "tests/recordings" / kind).iterdir()):
        recorded = json.loads(path.read_text()) if path.suffix == ".json" else tomllib.loads(path.read_text())
        tables = [
            value for value in recorded.values() if isinstance(value, list) and value and isinstance(value[0], dict)
        ]
        rows = [row for table in tables for row in table if "hex" in row] or [recorded]
        for row in rows:
            text = row.get("hex", row.get("wire"))
            escaped = text.replace("\n", "").replace("\\r", "\r").replace("\\n", "\n").encode()
            found.append(escaped if kind == "at" else bytes.fromhex(text))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_recording_of_every_kind_is_taken_for_what_it_is(kind: str) -> None:
    for wire in wires(kind):
        result = told(wire)
        assert kind in (result["kind"], *result.get("as_good", ())), wire.hex()[:40]


def some_card_data(dice: random.Random) -> dict[str, list[bytes]]:
    """What a terminal and a card say to each other, with values of no meaning."""
    tags = (
        "9F0206",
        "9F0306",
        "9F1A02",
        "9505",
        "5F2A02",
        "9A03",
        "9C01",
        "9F3704",
        "8202",
        "9F3602",
        "9F2608",
        "9F3303",
    )

    def objects(count: int) -> bytes:
        return b"".join((head := bytes.fromhex(tag)) + dice.randbytes(head[-1]) for tag in dice.sample(tags, count))

    def inside(tag: int, data: bytes) -> bytes:
        return bytes((tag, len(data))) + data

    files = b"".join(bytes((dice.randint(1, 10) << 3, 1, dice.randint(1, 4), 0)) for _ in range(dice.randint(1, 4)))
    aid = bytes.fromhex("A000000333") + dice.randbytes(dice.randint(0, 8))
    return {
        "tlv": [objects(dice.randint(2, 9)), inside(0x70, objects(4))],
        "dol": [b"".join(map(bytes.fromhex, dice.sample(tags, dice.randint(3, 9))))],
        "gpo": [
            inside(0x80, b"\x7c\x00" + files) + dice.choice((b"", b"\x90\x00")),
            inside(0x77, b"\x82\x02\x7c\x00" + inside(0x94, files)) + b"\x90\x00",
        ],
        "apdu": [
            b"\x00\xa4\x04" + inside(0, aid),
            b"\x80\xae\x80" + inside(0, dice.randbytes(29)) + b"\x00",
            bytes((0x00, 0xB2, dice.randint(1, 8), dice.randint(1, 20) << 3 | 4, 0)),
            b"\x80\xca\x9f\x36\x00",
            inside(0x70, objects(3)) + b"\x90\x00",
            b"\x6a\x82",
            bytes((0x61, dice.randint(1, 255))),
        ],
        "control": [framed(bytes(dice.choices(range(0x20, 0x7F), k=dice.randint(1, 60))))]
        + [build_frame(objects(3), FrameProfile(length)) for length in (LengthKind.BCD, LengthKind.BINARY)],
    }


def test_what_cards_and_readers_say_is_taken_for_what_it_is() -> None:
    dice = random.Random(8)  # noqa: S311  the same messages each time
    wrong: list[tuple[str, str]] = []
    count = 0
    for _ in range(60):
        for kind, messages in some_card_data(dice).items():
            for message in messages:
                result = told(message)
                count += 1
                if kind not in (result["kind"], *result.get("as_good", ())):
                    wrong.append((kind, result["kind"]))
    assert len(wrong) < count / 100, wrong


@pytest.mark.parametrize(("size", "most"), [(8, 10), (32, 20), (200, 40)])
def test_noise_is_seldom_taken_for_anything(size: int, most: int) -> None:
    """A tag, a status word or a check byte of eight bits turns up by chance; that alone is no reading."""
    dice = random.Random(size)  # noqa: S311  the same noise each time
    found = [decode_auto(dice.randbytes(size), TABLES) for _ in range(200)]
    assert sum(one is not None for one in found) <= most


def test_what_may_be_two_things_says_so() -> None:
    result = told(bytes.fromhex("9F38039F1A02"))  # an object with a list in it, and a list of two entries
    assert result["as_good"] == [row["kind"] for row in result["runners_up"][: len(result["as_good"])]]
    assert {result["kind"], *result["as_good"]} >= {"tlv", "dol"}


def test_a_frame_in_noise_is_partial_and_not_put_before_a_whole_reading() -> None:
    result = told(b"\xaa\xbb" + framed(b"\x31\x32\x33"))
    assert (result["kind"], result["outcome"]) == ("control", Outcome.PARTIAL)


def test_bytes_of_no_kind_are_one_sentence_and_exit_code_2() -> None:
    code, text = decode("auto", "ffffffff", TABLES, False)
    assert code == 2
    assert text.startswith("No kind fits")
    assert all(kind in text for kind in KINDS)
    code, text = decode("auto", "ffffffff", TABLES, True)
    assert (code, json.loads(text)) == (
        2,
        {"kind": "auto", "decoded": "no", "read_as": "hex", "reason": "no kind fits"},
    )


@pytest.mark.parametrize("kind", [*KINDS, "auto"])
@pytest.mark.parametrize(
    "given_", ["9A03261123", "0200063132333435360300", "ff" * 9, "TX 0000FF02FED4022A00\nRX 06", "AT"]
)
def test_every_kind_answers_scripts_in_the_same_shape(kind: str, given_: str) -> None:
    code, text = decode(kind, given_, TABLES, True)
    if text.startswith("{"):
        result = json.loads(text)
        assert list(result)[:3] == ["kind", "decoded", "read_as"]
        assert result["decoded"] == ("whole", "partial", "no")[code]
        assert ("stopped" in result) == ("offset" in result)
        assert code < 2 or "reason" in result or "stopped" in result or "log" in result
    else:
        assert (code, text.count("\n")) == (2, 0)  # such input has nothing of what the kind reads


def test_the_result_has_the_kind_in_its_place_and_no_percentages() -> None:
    code, text = decode("auto", peer.CHIP, TABLES, True)
    result = json.loads(text)
    assert (code, result["kind"], result["decoded"], result["read_as"]) == (0, "tlv", "whole", "hex")
    assert "%" not in text
    for language in ("zh", "en"):
        shown = decode("auto", peer.CHIP, TABLES, False, language=language)[1]
        assert result["backed_by"][language] in shown


def test_a_log_of_several_kinds_is_decided_piece_by_piece() -> None:
    log = f"TX AT+CSQ\nRX OK\n10:00:00 TX {peer.CHIP}\nnothing\nRX 3B6500002063CBA000\nRX ffffffff"
    code, text = decode("auto", log, TABLES, True)
    result = json.loads(text)
    assert code == 1
    assert [piece["kind"] for piece in result["pieces"]] == ["at", "at", "tlv", "atr", "auto"]
    assert result["log"] == {"lines": 6, "lines_without_data": 1, "pieces": 5}
    assert peer.CARD not in text


@given(st.binary(max_size=120))
def test_any_bytes_are_of_some_kind_or_none(data: bytes) -> None:
    found = decode_auto(data, TABLES)
    if found is not None:
        assert found[0] in KINDS
        assert found[1].outcome is not Outcome.NOT_THAT_KIND
        json.dumps(found[1].result)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("5669564f74656368320018000000fa84", "neo"),  # its CRC is wrong
        ("164f504e30303017775f", "abecs"),
        ("0000ff02fed4022b00", "pn532"),
        ("03066500000000000000000061", "ccid"),
    ],
)
def test_a_spoilt_frame_is_its_kind_in_part(text: str, kind: str) -> None:
    result = told(bytes.fromhex(text))
    assert (result["kind"], result["outcome"], result["backed_by"]["en"]) == (kind, Outcome.PARTIAL, LOOKS)


def test_a_lone_acknowledgement_is_no_pinpad() -> None:
    result = told(b"\x06")
    assert (result["kind"], result["runners_up"]) == ("control", [])
