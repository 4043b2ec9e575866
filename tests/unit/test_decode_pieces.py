"""Lines of other people's logs: what is data, which way it went, and what is told of the rest."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding.dump_row import read_dump_row
from device.decoding.log_line import Form, Reads, read_line
from device.decoding.log_text import unescape
from device.decoding.pieces import MOST_LINE_CHARACTERS, LogReader, Piece
from device.decoding.result import Direction
from device.decoding.text_input import decode_text, read_lines
from device.decoding.written import parse_hex

RECORDINGS = sorted((Path(__file__).parents[1] / "recordings" / "logs").glob("*.toml"))
READS = {"text": Reads.TEXT, "bytes": Reads.BYTES, "both": Reads.BOTH}


def read_all(text: str, reads: Reads = Reads.BYTES) -> tuple[list[Piece], LogReader]:
    reader = LogReader(reads)
    pieces = [piece for line in text.split("\n") for piece in reader.feed(line)]
    return [*pieces, *reader.close()], reader


def expected(row: dict[str, Any]) -> tuple[int, str, bytes, str]:
    data = row["text"].encode() if "text" in row else bytes.fromhex(row["hex"])
    return row["line"], row["direction"], data, row.get("oddity", "")


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_log_is_cut_into_exactly_the_recorded_pieces(path: Path) -> None:
    recorded = tomllib.loads(path.read_text())
    raw = recorded["log"].encode(recorded.get("encoding", "utf-8"))
    pieces, reader = read_all(decode_text(raw).removesuffix("\n"), READS[recorded["reads"]])
    told = [(piece.line, piece.direction.name.lower(), piece.data, piece.oddity) for piece in pieces]
    assert told == [expected(row) for row in recorded["pieces"]]
    assert (reader.count.lines, reader.count.without_data) == (recorded["lines"], recorded["without_data"])


@pytest.mark.parametrize(
    "stamp",
    [
        "12:34:56",
        "12:34:56.789",
        "[12:34:56,789]",
        "2026-11-23 12:34:56",
        "2026-11-23T12:34:56.789+08:00",
        "2026/11/23 12:34:56:789",
        "20261123 12:34:56",
        "20261123123456",
        "11-23 12:34:56.789",
        "Nov 23 12:34:56",
        "Mon Nov 23 12:34:56 2026",
        "23 Nov 2026 12:34:56.789",
        "[1795417201.323432]",
        "1795417201.323432",
        "(12:34:56)",
        "2026年11月23日 12:34:56",
    ],
)
@pytest.mark.parametrize("data", ["02 00 3A 03", "02003A03"])
def test_a_time_is_never_taken_for_data(stamp: str, data: str) -> None:
    for text in (f"{stamp} {data}", f"{stamp} TX: {data}", f"{stamp} [INFO] RX {data}", f"{stamp} -> {data}"):
        (piece,), _ = read_all(text)
        assert piece.data == bytes.fromhex("02003A03"), text
    assert ":" not in stamp or read_line(stamp, Reads.BYTES).form is Form.NOTHING
    (piece,), _ = read_all(f"TX {stamp} {data}") if ":" in stamp else read_all(f"{stamp} TX {data}")
    assert piece.data == bytes.fromhex("02003A03")


@pytest.mark.parametrize(
    ("mark", "direction"),
    [
        *((mark, Direction.SENT) for mark in ("TX", "TX:", "[TX]", "Tx>", "-->", "->", ">>>", "==>", "SEND", "send:")),
        *(
            (mark, Direction.SENT)
            for mark in ("Sending", "write", "[W]", "W:", "发送", "发送报文：", "请求:", "APDU:", "OUT")
        ),
        *(
            (mark, Direction.RECEIVED)
            for mark in ("RX", "[rx]", "<--", "<-", "<<<", "<==", "RECV:", "Received", "READ")
        ),
        *(
            (mark, Direction.RECEIVED)
            for mark in ("[R]", "R:", "接收", "收到数据:", "应答：", "SW:", "recv data =", "IN:")
        ),
    ],
)
def test_marks_of_direction_are_understood(mark: str, direction: Direction) -> None:
    for text in (
        f"{mark} 02 30 03 33",
        f"10:00:00.1 pinpad {mark} 02300333" if mark[:1] not in "WR[" else f"{mark} 02300333",
    ):
        (piece,), _ = read_all(text)
        assert (piece.direction, piece.data) == (direction, bytes.fromhex("02300333")), text


@pytest.mark.parametrize(
    "line",
    [
        "device open count is 2 (open)",
        "couldn't read status",
        "state changed (enabled -> searching)",
        "Port: 8080",
        "length = 20",
        "流水号: 20261123070004",
        "2026-11-23 10:00:00 62",
        "RX timeout",
        "beef",
        "",
        "====",
    ],
)
def test_prose_is_counted_and_is_no_data(line: str) -> None:
    pieces, reader = read_all(line)
    if line == "beef":  # a bare word of hexadecimal digits cannot be told from data
        assert [piece.data for piece in pieces] == [b"\xbe\xef"]
        return
    if line != "2026-11-23 10:00:00 62":
        assert pieces == []
        assert (reader.count.lines, reader.count.without_data) == (1, 1)


def test_elements_around_a_dump_are_directions_and_no_prompt() -> None:
    pieces, reader = read_all("<send>\n0000  31 32  12\n</send>", Reads.BOTH)
    assert [(piece.direction, piece.data) for piece in pieces] == [(Direction.SENT, b"12")]
    assert reader.count.without_data == 2


def test_a_count_that_does_not_agree_is_told() -> None:
    (piece,), _ = read_all("RX (12 bytes): 02 31 03")
    assert (piece.data, piece.oddity) == (b"\x021\x03", "12 bytes are announced, 3 are there")
    (piece,), _ = read_all("RX (3 bytes): 02 31 03")
    assert piece.oddity == ""


def test_bare_lines_below_a_heading_are_one_piece_and_the_next_heading_ends_it() -> None:
    pieces, _ = read_all("RX 6 bytes:\n02 30 31\n32 03 33\nTX:\n06\n\n15")
    assert [(p.line, p.direction.name, p.data.hex(), p.oddity) for p in pieces] == [
        (2, "RECEIVED", "023031320333", ""),
        (5, "SENT", "06", ""),
        (7, "UNKNOWN", "15", ""),
    ]


def test_a_dump_that_begins_in_the_middle_is_read_only_if_something_bears_it_out() -> None:
    assert read_all("0010: 31 32 33")[0][0].data == b"123"
    assert read_all("0010  31 32 33  123")[0][0].data == b"123"
    assert read_all("0010 31 32 33")[0][0].data == b"\x00\x10123"


def test_a_line_too_long_is_counted_and_never_kept() -> None:
    long = b"A" * (MOST_LINE_CHARACTERS + 1)
    chunks = [b"TX 01 02\n", *(long[at : at + 9999] for at in range(0, len(long), 9999)), b"\nRX 03 04\n", long]
    lines = [line for line, _ in read_lines(chunks)]
    assert lines == ["TX 01 02", None, "RX 03 04", None]
    assert sum(size for _, size in read_lines(chunks)) == sum(map(len, chunks))


def test_a_piece_never_grows_without_bound() -> None:
    reader = LogReader(Reads.BYTES)
    sizes = [len(p.data) for n in range(10_000) for p in reader.feed(f"{16 * n:08x}  " + "31 " * 16)]
    assert sizes
    assert max(sizes) <= 65_536 + 64
    sizes = [len(p.data) for _ in range(10_000) for p in reader.feed("  " + "31" * 16)]
    assert max(sizes) <= 65_536 + 64
    star = LogReader(Reads.BYTES)
    pieces = [p for line in ("00000000  31 32", "*", "f0000000  33") for p in star.feed(line)] + star.close()
    assert sum(len(p.data) for p in pieces) <= 65_536 + 64


def test_a_whole_message_in_one_row_of_a_dump_is_read() -> None:
    data = bytes(range(256)) * 2
    (piece,), _ = read_all(f"00000055 [140029765236416] -> 000000 {data.hex(' ')}")
    assert (piece.direction, piece.data) == (Direction.SENT, data)


def test_a_long_line_that_nearly_fits_costs_no_more_than_its_length() -> None:
    def work(line: str) -> int:
        steps = 0

        def count(*_: object) -> None:
            nonlocal steps
            steps += 1

        sys.setprofile(count)
        try:
            read_all(line, Reads.BOTH)
        finally:
            sys.setprofile(None)
        return steps

    for form in ("0000 {}  x", "TX {} z", "{}|", "[{}", "a {}:", "<CR>{}"):
        few, many = (work(form.format(" 31" * count)) for count in (200, 20_000))
        assert many < 150 * few, form


def test_signs_that_cannot_be_seen_are_read_as_logs_write_them() -> None:
    assert unescape(r"AT<CR><LF>") == b"AT\r\n"
    assert unescape(r"AT\r\n\x1A\\") == b"AT\r\n\x1a\\"
    assert unescape("[STX]12{03}␍") == b"\x0212\x03\r"
    assert unescape("<XYZ> and [AB1]") == b"<XYZ> and [AB1]"


@pytest.mark.parametrize(
    "text", ["0x02 0x31", "0x02,0x31", r"\x02\x31", "02-31", "02:31", "[02 31]", "{0x2, 0x31}", "b'0231'"]
)
def test_hexadecimal_is_read_in_every_way_of_writing_it(text: str) -> None:
    assert parse_hex(text) == b"\x021"


def own_dump(data: bytes, colon: str, text: bool) -> str:
    rows = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        shown = "".join(chr(b) if 0x20 < b < 0x7F else "." for b in row)
        rows.append(f"{at:04x}{colon}  {row.hex(' '):<48}" + (f" {shown}" if text else ""))
    return "\n".join(rows)


@given(st.binary(min_size=1, max_size=200), st.sampled_from(["", ":"]), st.booleans())
def test_whatever_is_dumped_is_read_back(data: bytes, colon: str, text: bool) -> None:
    pieces, reader = read_all("RX:\n" + own_dump(data, colon, text))
    assert b"".join(piece.data for piece in pieces) == data
    assert {piece.oddity for piece in pieces} == {""}
    assert len(pieces) == 1
    assert reader.count.without_data == 1


@given(
    st.binary(min_size=2, max_size=100), st.sampled_from(["{} TX {}", "[{}] recv: {}", "{} 接收 {}", "{} I/x: --> {}"])
)
def test_whatever_is_logged_on_a_line_is_read_back(data: bytes, form: str) -> None:
    for digits in (data.hex(" "), data.hex().upper(), data.hex(","), "0x" + data.hex(" ").replace(" ", ", 0x")):
        (piece,), _ = read_all(form.format("2026-11-23 10:00:00.123", digits))
        assert piece.data == data


@given(st.text(max_size=200), st.sampled_from(list(READS.values())))
def test_any_text_is_borne(text: str, reads: Reads) -> None:
    pieces, reader = read_all(text, reads)
    assert reader.count.lines == text.count("\n") + 1
    assert all(1 <= piece.line <= reader.count.lines for piece in pieces)
    read_dump_row(text)
