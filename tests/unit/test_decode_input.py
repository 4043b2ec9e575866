"""How what was typed, pasted or piped in is taken: hexadecimal, base64, a log or the bytes themselves."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding.log_line import Reads
from device.decoding.text_input import InputError, InputForm, is_binary, parse_hex_text, read_input

SAID = bytes.fromhex("0231035F2A0201569F1A02")


@pytest.mark.parametrize(
    "text",
    [
        "0231035F2A0201569F1A02",
        "02 31 03 5f 2a 02 01 56 9f 1a 02",
        "02:31:03:5F:2A:02:01:56:9F:1A:02",
        "02-31-03-5F-2A-02-01-56-9F-1A-02",
        "02,31,03,5F,2A,02,01,56,9F,1A,02",
        "0x02, 0x31, 0x03, 0x5F, 0x2A, 0x02, 0x01, 0x56, 0x9F, 0x1A, 0x02",
        "{0x2, 0x31, 0x3, 0x5F, 0x2A, 0x2, 0x1, 0x56, 0x9F, 0x1A, 0x2}",
        "0x0231035F2A0201569F1A02",
        r"\x02\x31\x03\x5f\x2a\x02\x01\x56\x9f\x1a\x02",
        r"\x021\x03_*\x02\x01V\x9f\x1a\x02",
        "b'0231035f2a0201569f1a02'"[1:],
        "0231035F\n  2A020156\r\n9F1A02\n",
    ],
)
def test_hexadecimal_is_taken_in_every_way_of_writing_it(text: str) -> None:
    given_ = read_input(text.encode(), Reads.BYTES)
    assert (given_.form, given_.data) == (InputForm.HEX, SAID)


@pytest.mark.parametrize("line", [0, 20, 64])
def test_base64_is_taken_where_hexadecimal_does_not_fit(line: int) -> None:
    text = base64.b64encode(SAID * 9).decode()
    folded = "\n".join(text[at : at + line] for at in range(0, len(text), line)) if line else text
    assert read_input(folded.encode(), Reads.BYTES).form is InputForm.BASE64
    assert read_input(folded.encode(), Reads.BYTES).data == SAID * 9
    url_safe = base64.urlsafe_b64encode(b"\xfb\xff" * 9)
    assert read_input(url_safe, Reads.BYTES).data == b"\xfb\xff" * 9


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("AjEDXyoxA", "no multiple of 4"),
        ("AjEDXyo=AjED", "other signs"),
        ("AjED!yo=", "other signs"),
        ("AjEDXyp=", "bits are set"),
        ("AjEDX===", "other signs"),
        ("Aj+D_yo=", "other signs"),
        ("", "empty"),
    ],
)
def test_base64_that_is_not_exact_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_input(text.encode(), Reads.BYTES, InputForm.BASE64)


@pytest.mark.parametrize(
    ("text", "reads", "form"),
    [
        ("AT+CSQ", Reads.TEXT, InputForm.LOG),
        ("ATE0", Reads.TEXT, InputForm.LOG),
        ("AT+CGMI1", Reads.BOTH, InputForm.LOG),
        ("12:34:56 02 31 03", Reads.BYTES, InputForm.LOG),
        ("2026-11-23 12:34:56 02 31 03", Reads.BYTES, InputForm.LOG),
        ("0000: 02 31 03", Reads.BYTES, InputForm.LOG),
        ("0000  " + "30 " * 16 + "\n0010  31 32", Reads.BYTES, InputForm.LOG),
        ("TX 02 31 03", Reads.BYTES, InputForm.LOG),
        ("12:34:56:02:31:03", Reads.BYTES, InputForm.HEX),
        ("0000 30 31", Reads.BYTES, InputForm.HEX),
        ("02310301", Reads.BYTES, InputForm.HEX),
        ("\x02\x31\x03\x30", Reads.BYTES, InputForm.RAW),
    ],
)
def test_the_form_is_guessed(text: str, reads: Reads, form: InputForm) -> None:
    assert read_input(text.encode(), reads).form is form


def test_the_form_that_is_given_overrides_the_guess() -> None:
    assert read_input(b"41424344", Reads.BYTES, InputForm.BASE64).data == base64.b64decode("41424344")
    assert read_input(b"41424344", Reads.BYTES, InputForm.RAW).data == b"41424344"
    assert read_input(b"41424344", Reads.BYTES, InputForm.LOG).pieces[0].line == 1
    with pytest.raises(InputError, match="not hexadecimal at character 1"):
        read_input(b"TX 41", Reads.BYTES, InputForm.HEX)


def test_a_log_tells_how_many_lines_had_no_data() -> None:
    taken = read_input(b"opened\nTX 02 31\nRX 06\nclosed\n", Reads.BYTES)
    assert (taken.count.lines, taken.count.without_data, len(taken.pieces)) == (4, 2, 2)
    with pytest.raises(InputError, match="No data was found in 2 lines"):
        read_input(b"opened\nclosed\n", Reads.BYTES)


def test_text_is_no_binary_and_a_frame_is() -> None:
    assert not is_binary("2026 发送报文: 60 00\r\n\t".encode("gb18030"))
    assert not is_binary(b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\x1b[0m")
    assert is_binary(b"\x60\x00\x06")
    assert is_binary(b"\x02ABC\x03\x01")


@given(st.binary(min_size=1, max_size=300))
def test_whatever_is_written_in_base64_or_hexadecimal_is_read_back(data: bytes) -> None:
    assert read_input(base64.b64encode(data), Reads.BYTES, InputForm.BASE64).data == data
    assert read_input(data.hex(":").encode(), Reads.BYTES, InputForm.HEX).data == data
    assert parse_hex_text("".join(f"\\x{byte:02x}" for byte in data)) == data


@given(st.binary(max_size=300), st.sampled_from([None, *InputForm]), st.sampled_from(list(Reads)))
def test_any_input_gives_pieces_or_one_sentence(raw: bytes, form: InputForm | None, reads: Reads) -> None:
    try:
        assert read_input(raw, reads, form).pieces
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017  both outcomes are right
