"""Bytes in every way in which people, tools and programs write them: whatever was written is read back."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.decoding.log_line import Reads
from device.decoding.text_input import InputError, InputForm, read_input
from device.decoding.written import parse_constant, parse_hex, parse_unpadded

SAID = bytes.fromhex("02000430315F2A03")
DATA = st.binary(min_size=4, max_size=70)


def rows(data: bytes, width: int = 16) -> list[tuple[int, bytes]]:
    return [(at, data[at : at + width]) for at in range(0, len(data), width)]


def shown(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)


def each(form: str, between: str = ", ") -> Callable[[bytes], str]:
    return lambda data: between.join(form.format(byte) for byte in data)


def array(data: bytes, head: str = "static const unsigned char frame[] = {") -> str:
    lines = (", ".join(f"0x{byte:02x}" for byte in row) for _, row in rows(data, 12))
    return head + "\n  " + ",\n  ".join(lines) + "\n};"


def java(data: bytes) -> str:
    return "byte[] apdu = new byte[] { " + ", ".join(f"(byte) 0x{byte:02X}" for byte in data) + " };"


def in_quotes(data: bytes) -> str:
    """Lines of a C string as Wireshark copies them."""
    return " \\\n".join('"' + "".join(f"\\x{byte:02x}" for byte in row) + '"' for _, row in rows(data))


def wireshark(data: bytes) -> str:
    return "\n".join(f"{at:04x}   {row.hex(' '):<47}   {shown(row)}" for at, row in rows(data))


def wireshark_parted(data: bytes) -> str:
    return "\n".join(
        f"{at:04x}  {row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}   {shown(row[:8])} {shown(row[8:])}".rstrip()
        for at, row in rows(data)
    )


WRITTEN: dict[str, Callable[[bytes], str]] = {
    "digits": bytes.hex,
    "dots": lambda data: data.hex("."),
    "underscores": lambda data: data.hex("_"),
    "slashes": lambda data: data.hex("/"),
    "bars": lambda data: data.hex("|"),
    "blanks that do not break": lambda data: data.hex(" ").replace(" ", "\u00a0"),
    "0x": each("0x{:02X}"),
    "0x unpadded": each("{:#x}"),
    "h": each("{:02X}h", " "),
    "dollars": each("${:02X}", " "),
    "per cent": each("%{:02X}", ""),
    "angles": each("<{:02X}>", ""),
    "brackets": each("[{:02X}]", ""),
    "an array": array,
    "an array with a comment": lambda data: array(data, "/* frame 1 */\nchar peer0_0[] = { /* 4 */"),
    "an array on one line": lambda data: "uint8_t x[] = {" + each("0x{:02X}")(data) + "};",
    "an array of Java": java,
    "a slice of Go": lambda data: "data := []byte{" + each("0x{:02x}")(data) + "}",
    "a slice of Rust": lambda data: "let x: &[u8] = &[" + each("0x{:02x}u8")(data) + "];",
    "signed bytes of Java": lambda data: str([byte - 256 if byte > 127 else byte for byte in (*data, 200, 5)][:-2]),
    "bytes of Python": lambda data: repr(b"\x00" + data),
    "a call of Python": lambda data: f"bytes.fromhex('{data.hex(' ')}')",
    "a bytearray of Python": lambda data: repr(bytearray(b"\x00" + data)),
    "lines of a string": in_quotes,
    "Wireshark": wireshark,
    "Wireshark, parted": wireshark_parted,
    "base64 for URLs": lambda data: base64.urlsafe_b64encode(b"\xfb\xff\xfe" * 3 + data).decode().rstrip("="),
    "a data URL": lambda data: "data:application/octet-stream;base64," + base64.b64encode(data * 3).decode(),
    "armoured": lambda data: "-----BEGIN DATA-----\n" + base64.b64encode(data * 3).decode() + "\n-----END DATA-----\n",
}
FRAMED = {
    "bytes of Python": b"\x00",
    "a bytearray of Python": b"\x00",
    "base64 for URLs": b"\xfb\xff\xfe" * 3,
}
TRIPLED = ("a data URL", "armoured")


def read(text: str | bytes) -> bytes:
    return read_input(text.encode() if isinstance(text, str) else text, Reads.BYTES).data


@pytest.mark.parametrize("name", WRITTEN)
@settings(max_examples=settings().max_examples // 4)
@given(data=DATA)
def test_whatever_is_written_is_read_back(name: str, data: bytes) -> None:
    if name == "signed bytes of Java" and all(10 <= byte < 100 for byte in data):
        return  # numbers of two digits each are taken as hexadecimal
    expected = FRAMED.get(name, b"") + (data * 3 if name in TRIPLED else data)
    assert read(WRITTEN[name](data)) == expected


TOOLS = (
    *(("xxd", *options) for options in ((), ("-p",), ("-i",), ("-u",), ("-g1",), ("-g4",), ("-c8",), ("-d",), ("-b",))),
    *(("hexdump", *options) for options in ((), ("-C",), ("-v", "-e", '1/1 "%02x "'))),
    *(("od", *options) for options in ((), ("-tx1",), ("-tx2",), ("-An", "-tx1"), ("-Ax", "-tx1"), ("-Ax", "-tx1z"))),
    *(("od", *options) for options in (("-Ad", "-tx1"), ("-tx1", "-w32"))),
    ("base64", "-w0"),
    ("base64", "-w64"),
)
FRAMES = (
    bytes.fromhex("00A4040007A0000003330101"),
    bytes.fromhex("3B8F8001804F0CA000000306030001000000006A"),
    b"\x02\x00\x16" + b"A card, a terminal" + b"\x03\x5b" + bytes(range(40)),
)


@pytest.mark.parametrize("words", TOOLS, ids=" ".join)
@pytest.mark.parametrize("frame", FRAMES, ids=("apdu", "atr", "frame"))
def test_what_a_tool_dumps_is_read_back(words: tuple[str, ...], frame: bytes) -> None:
    dump = subprocess.run(words, input=frame, capture_output=True, check=True).stdout
    assert read(dump) == frame


def test_what_powershell_writes_to_a_file_is_read() -> None:
    log = "10:11:12 TX 02 00 04 30\r\n10:11:12 RX 06\r\n"
    for text in (log.encode("utf-16"), log.encode("utf-8-sig"), "\ufeff".encode("utf-16-be") + log.encode("utf-16-be")):
        assert [piece.data.hex() for piece in read_input(text, Reads.BYTES).pieces] == ["02000430", "06"]
    assert read_input(b"\xff\xfe\x01\x02\x03\x04\x05\x06", Reads.BYTES).form is InputForm.RAW


def test_numbers_that_may_be_either_are_refused_and_not_guessed() -> None:
    for text in ("0,164,4,0", "2 0 4 30", "1, 2, 3"):
        with pytest.raises(InputError, match="hexadecimal or decimal"):
            read(text)
    assert read("[0, 164, 4, 0]") == read("[0, -92, 4, 0]") == read("0 a4 4 0") == bytes.fromhex("00A40400")
    assert parse_unpadded("2 0 4 30") is None


@pytest.mark.parametrize(
    "text",
    [
        "hello world",
        "x = y",
        "f(1, 2",
        '"plain words"',
        "[1, 2, 300]",
        "[a, bc]",
        "12.50",
        "{}",
        "()",
        "b'",
        "0x",
        "AT[06]",
    ],
)
def test_other_texts_are_no_bytes(text: str) -> None:
    assert parse_constant(text) is None
    assert parse_hex(text) is None


@given(st.text(alphabet="b'\"\\x0aF[]{}()=,; \n/*-u8", max_size=60))
def test_any_text_is_borne(text: str) -> None:
    for parse in (parse_constant, parse_hex, parse_unpadded):
        found = parse(text)
        assert found is None or len(found) <= 4 * len(text)
