"""``posmedic decode at``: what a technician may read of a modem's conversation, and what nobody may."""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.commands.decode import decode as decode_command
from device.decoding.at import decode, open_stream
from device.decoding.result import Direction, Outcome, Row
from device.decoding.sentences import Sentences
from device.decoding.tables import Tables
from device.settings import read_texts
from protocol.at_command import BARE_WORDS
from protocol.at_result import ResultKind
from protocol.at_status import SIM_STATES

TABLES = Tables()
RECORDINGS = sorted((Path(__file__).parents[1] / "recordings" / "at").glob("*.toml"))


def recorded(path: Path) -> tuple[dict[str, Any], bytes]:
    values = tomllib.loads(path.read_text())
    wire = values["wire"].replace("\n", "").replace("\\r", "\r").replace("\\n", "\n").encode()
    return values, wire


def rows(wire: bytes | str) -> list[Row]:
    data = wire.encode() if isinstance(wire, str) else wire
    stream = open_stream(TABLES)
    return [*stream.feed(data), *stream.close()]


def plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_gives_exactly_its_rows(path: Path) -> None:
    values, wire = recorded(path)
    decoded = decode(wire, TABLES)
    found = decoded.result["lines"]
    assert decoded.outcome is Outcome.WHOLE
    assert [row["kind"] for row in found] == values["kinds"]
    assert [row["line"] for row in found] == values["lines"]
    for number, fields in values["fields"].items():
        assert {key: found[int(number)]["fields"].get(key) for key in fields} == fields
    for row in found:
        assert wire[row["offset"] : row["offset"] + 2] not in (b"\r\n", b"\n\r")
        if row["kind"] == "command":
            assert wire[row["offset"] :].startswith(str(row["line"]).encode())


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_any_chunks_give_the_same_rows(path: Path) -> None:
    _, wire = recorded(path)
    whole = rows(wire)
    dice = random.Random(7)  # noqa: S311
    for step in (1, 2, 3, 17, 0):
        stream, found, at = open_stream(TABLES), [], 0
        while at < len(wire):
            size = step or dice.randrange(1, 40)
            found += stream.feed(wire[at : at + size])
            at += size
        assert [*found, *stream.close()] == whole


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_noise_between_lines_loses_no_good_line(path: Path) -> None:
    _, wire = recorded(path)
    good = [(row["kind"], row["line"], plain(row["fields"])) for row in rows(wire)]
    noisy = wire.replace(b"\r\nAT", b"\r\n\xff\x00\x9c\x81\r\nAT")
    assert [(row["kind"], row["line"], plain(row["fields"])) for row in rows(noisy)] == good


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_every_prefix_and_every_wrong_byte_tell_no_number(path: Path) -> None:
    _, wire = recorded(path)
    for at in range(0, len(wire), 3):
        for data in (wire[:at], wire[:at] + bytes((wire[at] ^ 0x55,)) + wire[at + 1 :]):
            text = plain(decode(data, TABLES).result)
            assert "9876543210" not in text
            assert "139001390" not in text


def test_both_directions_of_a_log_keep_the_question() -> None:
    stream = open_stream(TABLES)
    found = [
        *stream.feed(b"AT+CREG?\r", Direction.SENT),
        *stream.feed(b"AT+CREG?\r\r\n+CREG: 0,", Direction.RECEIVED),
        *stream.feed(b"1\r\n\r\nOK\r\n+CREG: 5\r\n", Direction.RECEIVED),
    ]
    assert [(row["kind"], row["asked"]) for row in found] == [
        ("command", ""),
        ("echo", ""),
        ("answer", "AT+CREG?"),
        ("result", "AT+CREG?"),
        ("unasked", ""),
    ]
    assert found[4]["fields"]["state"] == 5


@pytest.mark.parametrize(
    ("line", "kind", "code", "says"),
    [
        ("+CME ERROR: 10", "cme", 10, "SIM not inserted"),
        ("+CME ERROR: SIM not inserted", "cme", 10, "没有插 SIM 卡"),
        ("+CMS ERROR: 310", "cms", 310, "SIM not inserted"),
        ("+CME ERROR: 179", "cme", 179, "access point name"),
        ("+CME ERROR", "cme", None, "reports an error"),
        ("+CME ERROR: call 13800138000", "cme", None, "reports an error"),
        ("+CME ERROR: GPRS services not allowed (#7)", "cme", 107, "packet services not allowed"),
        ("+CME ERROR: network not allowed - emergency calls only", "cme", 32, "emergency calls only"),
        ("+CME ERROR: unknown PDP context", "cme", 143, "unknown context"),
        ("+CME ERROR: PH-(U)SIM PIN required", "cme", 5, "PH-SIM PIN"),
        ("+CMS ERROR: SIM not inserted", "cms", 310, "SIM not inserted"),
        ("+CMS ERROR: (U)SIM PIN required", "cms", 311, "SIM PIN required"),
        ("+CMS ERROR: SC busy", "cms", 192, "message centre busy"),
        ("+CMS ERROR: 144", "cms", 144, "data coding scheme"),
        ("+CME ERROR: 151", "cme", 151, "group calls"),
        ("ERROR", "error", None, "failed"),
        ("NO DIAL TONE", "no_dialtone", None, "no dial tone"),
    ],
)
def test_errors_are_told_in_both_languages(line: str, kind: str, code: int | None, says: str) -> None:
    found = rows(f"ATD1;\r\r\n{line}\r\n")[-1]
    assert (found["kind"], found["fields"]["result"], found["fields"].get("code")) == ("result", kind, code)
    assert says in plain(found["meaning"])
    assert set(found["meaning"]) == {"zh", "en"}
    assert "138001" not in plain(found)


def test_the_words_of_an_error_that_nobody_knows_are_shown_only_if_no_number_is_in_them() -> None:
    assert rows("+CME ERROR: radio is asleep\r\n")[0]["fields"]["text"] == "radio is asleep"
    assert rows("+CME ERROR: line 2 is busy\r\n")[0]["fields"]["text"] == "(hidden, 14 characters)"


def test_every_number_of_the_standards_has_a_text() -> None:
    names = TABLES.modem.names
    cme = (*range(8), *range(10, 19), *range(20, 28), *range(30, 33), *range(40, 64), 100, 103, *range(106, 109))
    packet = (*range(111, 116), 122, *range(125, 135), *range(140, 147), *range(148, 166), *range(171, 183))
    assert {str(number) for number in (*cme, *packet)} <= set(names["cme"])
    relay = (1, 8, 10, 21, *range(27, 31), 38, 41, 42, 47, 50, 69, 81, *range(95, 100), 111, 127)
    transfer = (128, 129, 130, 143, 144, 145, 159, 160, 161, 175, 176, *range(192, 200), *range(208, 214), 255)
    equipment = (*range(300, 306), *range(310, 319), 320, 321, 322, 330, 331, 332, 340, 500)
    assert {str(number) for number in (*relay, *transfer, *equipment)} <= set(names["cms"])
    emm = (2, 3, *range(5, 16), *range(16, 27), 31, 35, 39, 40, 42, *range(95, 102), 111)
    fivegmm = (27, 28, 31, 36, 43, 62, 65, 67, 69, *range(71, 81), 90, 91, 92)
    assert {str(number) for number in (*emm, *fivegmm)} <= set(names["reject"])
    assert {str(number) for number in range(12)} <= set(names["registration"])
    assert {str(number) for number in range(17)} == set(names["access"])


@pytest.mark.parametrize(
    "wire",
    [
        '+CREG: 2,1,"1 0","2"',
        '+CREG: 2,1,"10","XY"',
        '+CREG: 2,51,"10","20"',
        '+CGREG: 2,1,"10","2",3,"X,"',
        '+CREG: 2,1,"10","2",LTE',
        '+CEREG: 2,1,"10F2","0C","00A1B2C3",7',
        "+CSQ: 44,99",
        "+CESQ: 99,99,255,255,44,50",
        '+QCSQ: "LTE",-63,12,11,-9',
        "+CPSI: LTE,Online,460-00,0x1,1,1,EUTRAN-BAND40,38950,5,0,25,54,22,18",
    ],
)
def test_what_is_odd_is_told_in_both_languages(wire: str) -> None:
    name = wire.partition(":")[0]
    fields = next(row["fields"] for row in rows(f"AT{name}?\r\n{wire}\r\nOK\r\n") if row["line"] == name)
    oddities = fields["oddities"] if "oddities" in fields else fields["radios"][0]["oddities"]
    assert oddities
    sentences = Sentences(read_texts("zh")["decode"]["sentences"])
    for part in "; ".join(oddities).split("; "):
        assert sentences.translate(part) != part


SECRETS = (
    "13800138000",
    "460001234567890",
    "89860012345678901234",
    "490154203237518",
    "10.11.12.13",
    "4000000000000002",
    "2001:db8::1234:5678",
    "someone@example.cn",
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "wire",
    [
        'AT+CNUM\r\n+CNUM: "own","{}",129\r\nOK\r\n',
        "ATD{};\r\nNO CARRIER\r\n",
        "AT+CIMI\r\n{}\r\nOK\r\n",
        "AT+CCID\r\n+CCID: {}\r\nOK\r\n",
        "ATI\r\nQuectel\r\nSerial {}\r\nOK\r\n",
        'AT+COPS?\r\n+COPS: 0,0,"{}",7\r\nOK\r\n',
        'AT+COPS=?\r\n+COPS: (2,"{}","{}","46000",7)\r\nOK\r\n',
        'AT+CGDCONT?\r\n+CGDCONT: 1,"IP","{}","{}",0,0\r\nOK\r\n',
        'AT+CGDCONT=1,"IP","{}"\r\nOK\r\n',
        'AT+CGPADDR\r\n+CGPADDR: 1,"{}"\r\nOK\r\n',
        'AT+CGCONTRDP\r\n+CGCONTRDP: 1,5,"{}","{}","{}"\r\nOK\r\n',
        '+CGEV: NW DEACT "IP","{}",1\r\n',
        '+CREG: 2,"{}","{}",7\r\n',
        "AT+CPIN?\r\n+CPIN: {}\r\nOK\r\n",
        "AT+CEER\r\n+CEER: {} said no\r\nOK\r\n",
        'AT+CMGR=1\r\n+CMGR: "REC READ","{}"\r\ntext {} text\r\nOK\r\n',
        '+CLIP: "{}",129\r\n',
        "+CME ERROR: {}\r\n",
        "+FOO: {}\r\n{}\r\n",
        'AT+QENG="servingcell"\r\n+QENG: "servingcell","{}","LTE","FDD",{},{},{},{},{},{},5,5,{},-93\r\nOK\r\n',
        "AT+CPSI?\r\n+CPSI: LTE,{},{},{},{},{},{},{},5,5,{},{}\r\nOK\r\n",
        'AT+QNWINFO\r\n+QNWINFO: "{}","{}","{}",{}\r\nOK\r\n',
        "AT+QRSRP\r\n+QRSRP: {},{},LTE\r\nOK\r\n",
        "AT+CGSN=1\r\n{}\r\nOK\r\n",
        'AT+QENG="neighbourcell"\r\n+QENG: "neighbourcell intra","LTE",{},{},{},{},{}\r\nOK\r\n',
        'AT+UCGED?\r\n+RSRP: {},{},"{}",\r\nOK\r\n',
        "^MODE:{},{}\r\n",
        "AT+URAT?\r\n+URAT: {},{}\r\nOK\r\n",
        '+CEREG: 4,1,"{}","{}",7,{},{},"{}","{}"\r\n',
        "AT+COPS=?\r\n+COPS: (1,,,{})\r\n(2,{},{},{})\r\nOK\r\n",
        "AT+CGACT?\r\n+CGACT: {},1\r\nOK\r\n",
        "AT+CGDCONT=?\r\n+CGDCONT: ({}-{}),{}\r\nOK\r\n",
        "CARRIER {}\r\nPROTOCOL: {}\r\n",
        "AT+CSQ{}\r\nOK\r\n",
        "AT+FOO{}?\r\n+FOO{}: 1\r\nOK\r\n",
        "AT+FOO{}=?\r\n+FOO{}: (1)\r\n(2)\r\nOK\r\n",
        "ATS{}=1\r\nOK\r\n",
    ],
)
def test_no_number_of_anybody_is_ever_shown(wire: str, secret: str) -> None:
    text = plain(rows(wire.replace("{}", secret)))
    assert secret not in text
    assert secret[:9] not in text.replace('"', "")


def test_a_command_is_told_by_its_name_and_by_the_kind_of_question() -> None:
    for wire, told in {
        "AT+C5GREG?": "AT+C5GREG?",
        "AT%XMONITOR": "AT%XMONITOR",
        "AT&F1": "AT&F1",
        "ATS0?": "ATS0?",
        "AT+CSQ=9876543212": "AT+CSQ=(hidden, 10 characters)",
        "AT+CSQ9876543212": "AT+(hidden, 13 characters)",
        "AT+CSQ987?": "AT+(hidden, 7 characters)",
    }.items():
        assert [row["line"] for row in rows(f"{wire}\r\n")] == [told]


def test_what_is_sent_as_text_is_never_taken_for_an_answer() -> None:
    stream = open_stream(TABLES)
    stream.feed(b"AT+CMGS=9\r", Direction.SENT)
    stream.feed(b"\r\n> ", Direction.RECEIVED)
    assert [row["kind"] for row in stream.feed(b"OK\r+CREG: 5\r", Direction.SENT)] == ["unknown", "unknown"]
    assert [row["kind"] for row in stream.feed(b"\r\n+CMGS: 3\r\nOK\r\n", Direction.RECEIVED)] == ["answer", "result"]


def test_the_name_of_a_line_that_no_table_has_is_told_but_not_within_a_message() -> None:
    assert [(row["kind"], row["line"]) for row in rows('+UIPADDR: 1:"usb","10.2.3.4"\r\n')] == [("unknown", "+UIPADDR")]
    assert decode(b"+UIPADDR: 1\r\n", TABLES).outcome is Outcome.PARTIAL
    hidden_lines = rows("+CMT: ,24\r\n+PIN: 1\r\n+CODE: 2\r\n+lower: 3\r\n+N138001: 4\r\n")[1:]
    assert all(str(row["line"]).startswith("(hidden") for row in hidden_lines)
    assert rows("+lower: 3\r\n")[0]["line"] == "(hidden, 9 characters)"
    assert rows("+N138001: 4\r\n")[0]["line"] == "(hidden, 11 characters)"


def test_a_short_message_is_told_by_its_length_only() -> None:
    found = rows("AT+CMGR=1\r\n+CMGR: 1,,24\r\nMeet me at noon\r\nOK\r\n")
    assert found[2]["line"] == "(hidden, 15 characters)"
    assert "noon" not in plain(found)


@pytest.mark.parametrize(
    ("wire", "name", "fields"),
    [
        ("AT+CSQ\r\n+CSQ: 99,99\r\nOK\r\n", "+CSQ", {"unknown": ["RSSI"]}),
        ("AT+CSQ\r\n+CSQ: 20,99\r\nOK\r\n", "+CSQ", {"RSSI dBm": -73.0}),
        ("AT+QNWINFO\r\n+QNWINFO: No Service\r\nOK\r\n", "+QNWINFO", {}),
        ('AT+CCLK?\r\n+CCLK: "70/01/01,00:00:11+00"\r\nOK\r\n', "+CCLK", {"set_by_somebody": False}),
        ("AT+CGPADDR\r\n+CGPADDR: 1,10.1.2.3\r\nOK\r\n", "+CGPADDR", {"addresses": 1}),
        ('AT^HCSQ?\r\n^HCSQ: "LTE",45,34,106,20\r\nOK\r\n', "^HCSQ", {"RSRP dBm": -107.0, "SINR dB": 1.0}),
        ("AT+CEREG?\r\n+CEREG: 3,3,,,,0,15\r\nOK\r\n", "+CEREG", {"state": 3, "cause": 15}),
        ("+CGEV: NW PDN DEACT 1\r\n", "+CGEV", {"what": "PDN DEACT", "context": 1}),
        ("AT+CGACT?\r\n+CGACT: 2,0\r\nOK\r\n", "+CGACT", {"context": 2, "active": False}),
        (
            'AT+CGDCONT=?\r\n+CGDCONT: (1-24,100-179),"IP",,\r\nOK\r\n',
            "+CGDCONT",
            {"contexts": [{"lowest": 1, "highest": 24}, {"lowest": 100, "highest": 179}], "kind": "IP"},
        ),
        ('AT+CGDCONT?\r\n+CGDCONT: 1,"IP","cmnet"\r\nOK\r\n', "+CGDCONT", {"context": 1, "access_point": "cmnet"}),
        ('+QCSQ: "NOSERVICE"\r\n', "+QCSQ", {"state": "NO SERVICE"}),
        ("+QNWINFO: No Service\r\n", "+QNWINFO", {"state": "NO SERVICE"}),
        ('^HCSQ: 0,1,"NOSERVICE"\r\n', "^HCSQ", {"state": "NO SERVICE"}),
        ("AT+QRSRP\r\n+QRSRP: -92,-,LTE\r\nOK\r\n", "+QRSRP", {"radio": "LTE", "RSRP dBm": [-92.0, None]}),
        (
            'AT+QENG="neighbourcell"\r\n+QENG: "neighbourcell intra","LTE",38950,276,-3,-88,-65\r\nOK\r\n',
            "+QENG",
            {"cell_kind": "neighbour", "relation": "intra", "physical_cell": 276, "RSRP dBm": -88.0},
        ),
        ('AT+QLTS\r\n+QLTS: "2024/02/29,23:59:59+32,0"\r\nOK\r\n', "+QLTS", {"zone_quarters": 32}),
        ("^MODE:5,4\r\n", "^MODE", {"mode_name": {"zh": "3G WCDMA", "en": "WCDMA"}, "submode": 4}),
        ("AT+UPSV?\r\n+UPSV: 1\r\nOK\r\n", "+UPSV", {"mode_name": {"zh": "省电打开", "en": "power saving on"}}),
        (
            '^SYSINFOEX:2,3,0,1,,6,"LTE",101,"LTE"\r\n',
            "^SYSINFOEX",
            {
                "submode_name": {"zh": "4G LTE", "en": "LTE"},
                "domain_name": {"zh": "语音和数据域", "en": "circuit and packet domain"},
            },
        ),
        (
            'AT+CEREG?\r\n+CEREG: 4,1,"10F2","00A1B2C3",7,,,"00100001","00000110"\r\nOK\r\n',
            "+CEREG",
            {"active_time_s": 60, "periodic_update_s": 3600},
        ),
        ("AT+CCID\r\n+CCID: 898600B1234567890123\r\nOK\r\n", "+CCID", {"number": "ICCID", "digits": 20}),
        ("AT+CREG=2\r\n+CREG: 5,10,20,7\r\nOK\r\n", "+CREG", {"state": 5, "area": "10", "cell": "20", "access": 7}),
        ("AT+CEER\r\n+CEER: EMM cause 15: no cell\r\nOK\r\n", "+CEER", {"reason": "EMM cause 15: no cell"}),
        ("AT+CGMR\r\n11.617.13.00.00\r\nOK\r\n", "+CGMR", {"text": "11.617.13.00.00"}),
        ("ATI\r\nMaker\r\nOK\r\n", "ATI", {}),
        (
            'AT+CPSMS?\r\n+CPSMS: 1,,,"01000111","00000101"\r\nOK\r\n',
            "+CPSMS",
            {"power_saving": True, "periodic_update_s": 252_000, "active_time_s": 10},
        ),
        ("AT+CCID\r\n+CCID: none\r\nOK\r\n", "+CCID", {"number": "(hidden, 4 characters)"}),
        ("ATD1\r\nCARRIER 33600\r\nCONNECT\r\n", "CARRIER", {}),
        ("AT+CNSMOD?\r\n+CNSMOD: 0,8\r\nOK\r\n", "+CNSMOD", {"mode": 8, "mode_name": {"zh": "4G LTE", "en": "LTE"}}),
    ],
)
def test_known_answers_by_their_values(wire: str, name: str, fields: Row) -> None:
    row = next(row for row in rows(wire) if row["line"] == name)
    assert {key: row["fields"].get(key) for key in fields} == fields


def test_the_cell_of_ublox_is_put_together_from_its_lines_without_the_temporary_identity() -> None:
    found = rows(
        "AT+UCGED?\r\n+UCGED: 2\r\n6,4,460,01\r\n"
        "2525,5,50,50,e8fe,1a2d001,1,d60814d1,8001,01,28,31,13.75,3,1,10,28,-50,-6,0,255,255,0\r\nOK\r\n"
    )
    assert found[3]["fields"]["RSRP dBm"] == -113.0
    assert "d60814d1" not in plain(found).lower()


def test_a_list_of_operators_in_several_lines_is_told_line_by_line() -> None:
    found = rows('AT+COPS=?\r\n+COPS: (2,"A",,"46000"),\r\n(1,"B",,"46001"),,(0-4)\r\nOK\r\n')
    assert [row["line"] for row in found] == ["AT+COPS=?", "+COPS", "+COPS", "OK"]
    assert found[2]["fields"]["operators"][0]["state_name"] == {"zh": "可用", "en": "available"}


def test_an_echo_without_a_line_end_is_cut_off_and_several_commands_have_one_answer() -> None:
    found = rows("AT+CSQ\r\nAT+CSQ+CSQ: 20,99\r\nOK\r\nAT+CSQ;+CREG?\r\n+CSQ: 9,9\r\n+CREG: 0,1\r\nOK\r\n")
    assert [row["kind"] for row in found] == ["command", "answer", "result", "command", "answer", "answer", "result"]


def test_digits_end_answers_after_atv0() -> None:
    assert [row["kind"] for row in rows("ATV0\r0\rAT+CSQ\r+CSQ: 9,0\r\n0\r")] == [
        *("command", "result", "command", "answer", "result"),
    ]


def test_a_prompt_and_a_line_without_end_are_told() -> None:
    found = rows(b"AT+CMGS=9\r\n> " + b"y" * 5000 + b"\r\nOK\r\n")
    assert [row["kind"] for row in found] == ["command", "prompt", "unknown", "result"]


def test_every_word_that_the_protocol_knows_has_a_text() -> None:
    tables = TABLES.modem
    assert {word.partition(": 1")[0] for word in BARE_WORDS} <= set(tables.unasked)
    assert set(SIM_STATES) == set(tables.names["sim"])
    assert {str(kind) for kind in ResultKind} - {"none"} == set(tables.names["result"])
    for texts in [texts for table in tables.names.values() for texts in table.values()] + [*tables.unasked.values()]:
        assert texts["zh"] != texts["en"] or texts["en"].isascii()


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_borne_and_rows_are_plain_values(data: bytes) -> None:
    result = decode(data, TABLES).result
    assert json.loads(plain(result)) == result


@given(
    st.sampled_from(["+CREG", "+COPS", "+QENG", "+CPSI", "+CGEV", "+CCLK", "^HCSQ", "+CESQ", "+CGCONTRDP", "+CEER"]),
    st.text(st.characters(codec="latin-1"), max_size=60),
)
@settings(max_examples=300, deadline=None)
def test_any_text_behind_a_known_name_is_borne(name: str, text: str) -> None:
    assert plain(rows(f"AT{name}?\r\n{name}: {text}\r\nOK\r\n"))


def test_64_kib_of_lies_end_in_few_rows() -> None:
    assert len(rows(b"\xff" * 65_536)) <= 1
    assert len(rows(b"+CREG: " + b"(" * 65_536)) == 1
    assert len(rows((b'+COPS: (1,"' + b'",(' * 300 + b"\r\n") * 60)) == 60


def told(log: str) -> list[tuple[str, str]]:
    _, text = decode_command("at", log, TABLES, True, language="en")
    assert "460001234567890" not in text
    return [(row["kind"], row["line"]) for row in json.loads(text)["rows"]]


@pytest.mark.parametrize(
    "log",
    [
        "[10:11:12.1] AT+CIMI\n[10:11:12.2] 460001234567890\n[10:11:12.3] OK\n",
        "10:11:12 TX: AT+CIMI\n10:11:12 RX: 460001234567890\n10:11:12 RX: OK\n",
        "--> AT+CIMI\n<-- 460001234567890\n<-- OK\n",
        "AT> AT+CIMI\nAT< 460001234567890\nAT< OK\n",
        "2026-11-25 10:11:12 AT+CIMI\n2026-11-25 10:11:12 460001234567890\n2026-11-25 10:11:12 OK\n",
    ],
)
def test_an_answer_that_is_a_number_alone_is_found_in_logs(log: str) -> None:
    assert told(log) == [("command", "AT+CIMI"), ("answer", "+CIMI"), ("result", "OK")]


def test_an_answer_that_is_a_word_alone_is_found_behind_a_mark_and_prose_is_not() -> None:
    log = "TX: AT+CGMI\nRX: Maker\nRX: OK\nthe modem at 460001234567890 -> sent\n"
    assert told(log) == [("command", "AT+CGMI"), ("answer", "+CGMI"), ("result", "OK")]


def test_a_list_behind_a_time_is_no_name_of_a_thread() -> None:
    log = '[10:11:12] AT+COPS=?\n[10:11:12] +COPS: (2,"A","A","46000",7),\n[10:11:12] (1,"B","B","46001",2)\n'
    assert told(log) == [("command", "AT+COPS=?"), ("answer", "+COPS"), ("answer", "+COPS")]


def test_a_long_list_of_operators_with_names_in_ucs2_is_told_whole() -> None:
    name = "Some Network".encode("utf-16-be").hex().upper()
    group = f'(1,"{name}","{name}","460%02d",7)'
    wire = "AT+COPS=?\r\n+COPS: " + ",".join(group % number for number in range(30)) + ",,(0-4),(0-2)\r\nOK\r\n"
    operators = rows(wire)[1]["fields"]["operators"]
    assert [one["code"] for one in operators] == [f"460{number:02d}" for number in range(30)]
    assert {one["name"] for one in operators} == {"Some Network"}
