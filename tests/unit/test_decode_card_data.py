"""Nothing of a card comes out of ``posmedic decode``: whatever the kind, the form of the input and where it is cut."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from device.commands.decode import decode
from device.commands.decode_log import LogCommand
from device.decoding.auto import AUTO
from device.decoding.kinds import KINDS
from device.decoding.tables import Tables
from device.decoding.text_input import InputError, InputForm

TABLES = Tables()
ALL_KINDS = (*KINDS, AUTO)
PAN = peer.CARD
PIN_BLOCK = "D8B4F1A97C36E25B"
NAME = "WANG/XIAOMING"
CHIP = bytes.fromhex(
    f"5A08{PAN}5711{peer.TRACK2}5F24034912315F20{len(NAME):02X}{NAME.encode().hex()}9F1A0201569B02E800"
)
SALE = peer.terminal_message(
    "0200",
    {2: PAN, 3: "000000", 4: "000000000100", 11: "000123", 14: "4912", 22: "051", 25: "00", 35: peer.TRACK2}
    | {41: "T0000001", 42: "898111111111111", 49: "156", 52: PIN_BLOCK, 55: CHIP.hex()},
)
SWIPE = f"%B{PAN}^{NAME}^49122010000000000000?;{PAN}=49122010000000000000?".encode()
CAPTURE = b"AT+CMGS=" + PAN.encode() + b"\r\r\n+CMT: " + PAN.encode() + b"\r\n" + SWIPE + b"\r\nOK\r\n"
SECRETS = (
    PAN,
    PAN[4:],
    PAN.encode().hex(),
    peer.TRACK2[16:],
    "49122010",
    "491231",
    PIN_BLOCK,
    NAME,
    NAME[:9],
    NAME.encode().hex(),
    "XIAOMING",
)
FRAMES = {"sale": SALE, "link": peer.framed(SALE), "chip": CHIP, "swipe": peer.framed(SWIPE), "at": CAPTURE}


def framed_forms(data: bytes) -> Iterator[tuple[bytes, InputForm | None]]:
    """The same bytes in every form in which somebody may paste them."""
    digits = data.hex()
    yield digits.encode(), None
    yield data.hex(":").upper().encode(), InputForm.HEX
    yield base64.b64encode(data), InputForm.BASE64
    yield base64.b64encode(data), None
    yield data, InputForm.RAW
    yield data, None
    yield f"2026-11-23 10:00:00.123 [main] INFO 发送报文({len(data)}字节):{digits}\nx\n".encode(), None
    rows = [f"{at:08x}  {data[at : at + 16].hex(' '):<48}" for at in range(0, len(data), 16)]
    shown = ["".join(chr(b) if 0x20 < b < 0x7F else "." for b in data[at : at + 16]) for at in range(0, len(data), 16)]
    yield "\n".join(f"{row} |{text}|" for row, text in zip(rows, shown, strict=True)).encode(), None
    text = "".join(chr(b) if 0x20 <= b < 0x7F else f"<{b:02X}>" for b in data)
    yield f"<debug> (ttyS1): --> '{text}'\nRX {text}\nTX: {digits}z\n{text}\n".encode(), None
    yield repr(data).encode(), None
    octal = "".join(f"\\{byte:03o}" for byte in data)
    yield f'write(5, "{octal}", {len(data)}) = {len(data)}\n'.encode(), None
    yield (
        json.dumps({"dir": "tx", "data": digits}).encode() + b"\n" + json.dumps({"msg": f"RX {digits}z"}).encode(),
        None,
    )
    yield ("byte[] x = {" + ", ".join(f"(byte) {byte:#x}" for byte in data) + "};").encode(), None
    yield (", ".join(map(str, data))).encode(), None
    yield digits.encode("utf-16"), None
    yield f"{digits}0".encode(), None
    yield f"{digits}!".encode(), None
    yield digits.encode() + b"\n" + digits.encode(), None


def check_hidden(text: str) -> None:
    squeezed = text.replace(" ", "").replace("\n", "").upper()
    for secret in SECRETS:
        assert secret.upper() not in text.upper(), secret
        assert secret.upper() not in squeezed, secret


def test_the_frames_hold_what_must_not_be_seen_and_their_own_kinds_read_them() -> None:
    for name, frame in FRAMES.items():
        with pytest.raises(AssertionError):
            check_hidden(frame.hex() + frame.decode("latin-1"))
        kind = {"sale": "iso8583", "link": "control", "chip": "tlv", "swipe": "control", "at": "at"}[name]
        assert decode(kind, frame.hex(), TABLES, True)[0] in (0, 1), name


def said(kind: str, raw: bytes, form: InputForm | None, *, as_json: bool) -> str:
    return decode(kind, raw, TABLES, as_json, language="en", form=form)[1]


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize("name", FRAMES)
def test_nothing_of_the_card_is_shown_in_any_form_by_any_kind(kind: str, name: str) -> None:
    for raw, form in framed_forms(FRAMES[name]):
        for as_json in (True, False):
            check_hidden(said(kind, raw, form, as_json=as_json))


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize("name", FRAMES)
def test_nothing_of_the_card_is_shown_from_a_log_of_any_length(kind: str, name: str) -> None:
    for raw, form in framed_forms(FRAMES[name]):
        for as_json in (True, False):
            out, told = io.StringIO(), io.StringIO()
            command = LogCommand(kind, TABLES, as_json=as_json, language="zh", out=out, told=told)
            try:
                command.run(io.BytesIO(raw), form)
            except InputError as error:
                told.write(str(error))
            check_hidden(out.getvalue() + told.getvalue())


@given(st.sampled_from(ALL_KINDS), st.sampled_from(sorted(FRAMES)), st.data())
def test_nothing_of_the_card_is_shown_wherever_it_is_cut(kind: str, name: str, data: st.DataObject) -> None:
    whole = FRAMES[name]
    start = data.draw(st.integers(0, len(whole) - 1))
    stop = data.draw(st.integers(start + 1, len(whole)))
    forms = list(framed_forms(whole[start:stop]))
    raw, form = forms[data.draw(st.integers(0, len(forms) - 1))]
    check_hidden(said(kind, raw, form, as_json=True))


@given(st.sampled_from(ALL_KINDS), st.text(alphabet="0123456789abcdefABCDEF =^;:?%-TXR><'\n", max_size=40))
def test_a_card_number_in_any_text_is_not_repeated(kind: str, around: str) -> None:
    check_hidden(said(kind, (around + PAN + around).encode(), None, as_json=False))
