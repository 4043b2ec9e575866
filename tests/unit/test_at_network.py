from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.at_operator import (
    Operator,
    OperatorInReach,
    build_operator,
    build_operators,
    parse_operator,
    parse_operators,
)
from protocol.at_packet import (
    Context,
    ContextParameters,
    ContextRange,
    PacketEvent,
    parse_active_contexts,
    parse_activity,
    parse_address,
    parse_addresses,
    parse_attached,
    parse_context_parameters,
    parse_context_ranges,
    parse_contexts,
    parse_event_reporting,
    parse_packet_event,
)

IPV6 = "32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1"


@pytest.mark.parametrize(
    ("line", "operator"),
    [
        ('+COPS: 0,0,"CHINA MOBILE",7', Operator(0, "CHINA MOBILE", None, 7)),
        ('+COPS:1,0,"A, B & C (D)",07', Operator(1, "A, B & C (D)", None, 7)),
        ('+COPS: 0,0,"4E2D56FD79FB52A8",7', Operator(0, "中国移动", None, 7)),
        ('+COPS: 0,0,"FACE",7', Operator(0, "FACE", None, 7)),
        ('+COPS: 0,2,"46000",13', Operator(0, None, "46000", 13)),
        ("+COPS: 0,2,460001,7", Operator(0, None, "460001", 7)),
        ('+COPS: 0,2,"00340036003000300030",7', Operator(0, None, "46000", 7)),
        ('+COPS: 0,0,"UNICOM', Operator(0, "UNICOM")),
        ('+COPS: 0,2,"460 01",7', Operator(0, None, "46001", 7)),
        ("+COPS: 0", Operator(0)),
        ("+COPS: 2", Operator(2)),
        ('+COPS: 0,0,"",7', Operator(0, None, None, 7)),
        ("+COPS: ", None),
    ],
)
def test_the_chosen_operator(line: str, operator: Operator | None) -> None:
    assert parse_operator(line) == operator


CMCC = OperatorInReach(2, "CHINA MOBILE", "CMCC", "46000", 7)
UNICOM = OperatorInReach(1, "CHN-UNICOM", "UNICOM", "46001", 7)


@pytest.mark.parametrize(
    "lines",
    [
        ['+COPS: (2,"CHINA MOBILE","CMCC","46000",7),(1,"CHN-UNICOM","UNICOM","46001",7),,(0-4),(0-2)'],
        ['+COPS:(2,"CHINA MOBILE","CMCC","46000",7),(1,"CHN-UNICOM","UNICOM","46001",7),,(0,1,2,3,4),(0,1,2)'],
        ['+COPS: (2, "CHINA MOBILE", "CMCC", "46000", 7), (1, "CHN-UNICOM", "UNICOM", "46001", 7)'],
        ['+COPS: (2,"CHINA MOBILE","CMCC","46000",7,(1,"CHN-UNICOM","UNICOM","46001",7'],
        ['+COPS: (2,"CHINA MOBILE","CMCC","46000",7)', '(1,"CHN-UNICOM","UNICOM","46001",7)', ",(0-4),(0-2)"],
        ['+COPS: (2,"CHINA MOBILE","CMCC","46000"),7),(1,"CHN-UNICOM","UNICOM","46001"),7)'],
        ['+COPS: (2,"CHINA MOBILE","CMCC","46000",7)', '+COPS: (1,"CHN-UNICOM","UNICOM","46001",7)', ",)"],
        ['+COPS: (2,"CHINA MOBILE","CMCC",46000,7)(1,"CHN-UNICOM","UNICOM",46001,7),0)'],
        [
            '+COPS: (2,"004300480049004E00410020004D004F00420049004C0045","0043004D00430043","46000",7)'
            ',(1,"CHN-UNICOM","UNICOM","46001",07)'
        ],
    ],
)
def test_the_list_of_operators_whole_or_broken(lines: list[str]) -> None:
    assert parse_operators(lines) == (CMCC, UNICOM)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('(3,"","","46011")', OperatorInReach(3, None, None, "46011")),
        ('(1,"Orange (FR)","O","20801",2)', OperatorInReach(1, "Orange (FR)", "O", "20801", 2)),
        ('(1,"A,B","x","20801",2)', OperatorInReach(1, "A,B", "x", "20801", 2)),
        ('(1,"A","A","20801', OperatorInReach(1, "A", "A", "20801")),
        ('(1,"A","20801")', OperatorInReach(1, "A", None, "20801")),
        ('(1,"A",,"20801"),,(0,1,3),(0,2)', OperatorInReach(1, "A", None, "20801")),
        ('(2,"","","2080100",2)', OperatorInReach(2, None, None, "2080100", 2)),
    ],
)
def test_one_operator_of_a_list(text: str, found: OperatorInReach) -> None:
    assert parse_operators([f"+COPS: {text}"]) == (found,)


def test_a_list_without_operators_has_none() -> None:
    assert parse_operators(["+COPS: ,,(0-4),(0-2)"]) == ()
    assert parse_operators(["+COPS: (0,1,2,3,4)"]) == ()
    assert parse_operators([]) == ()


NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\'), max_size=20).map(
    lambda text: text.strip() or None
)


def is_name(text: str | None) -> bool:
    return text is None or not (text.isdigit() or len(text) % 4 == 0)


@given(st.lists(st.tuples(st.integers(0, 3), NAMES.filter(is_name), NAMES.filter(is_name), st.integers(0, 16))))
def test_every_list_is_read_as_it_was_built(rows: list[tuple[int, str | None, str | None, int]]) -> None:
    operators = tuple(OperatorInReach(s, name, short, "46000", act) for s, name, short, act in rows)
    assert parse_operators([build_operators(operators)]) == operators
    for one in operators:
        chosen = Operator(0, one.name, None, one.access) if one.name else Operator(0, None, "46000", one.access)
        assert parse_operator(build_operator(chosen)) == chosen


@pytest.mark.parametrize(
    ("line", "addresses"),
    [
        ('+CGPADDR: 1,"10.20.30.40"', ("10.20.30.40",)),
        ("+CGPADDR: 1,010.020.030.040", ("10.20.30.40",)),
        ("+CGPADDR: 1,0.0.0.0", ()),
        ("+CGPADDR: 1", ()),
        (f'+CGPADDR: 1,"{IPV6}"', ("2001:db8::1",)),
        (f'+CGPADDR: 1,"10.0.0.1","{IPV6}"', ("10.0.0.1", "2001:db8::1")),
        ('+CGPADDR: 1,"2001:DB8::1"', ("2001:db8::1",)),
        ('+CGPADDR: 1,"2001:DB8::1%13800138000"', ("2001:db8::1",)),
        ('+CGPADDR: 1,"10.0.0.999"', ()),
        ('+CGPADDR: 1,"10.0.0"', ()),
    ],
)
def test_addresses(line: str, addresses: tuple[str, ...]) -> None:
    assert parse_addresses([line]) == addresses


@pytest.mark.parametrize(
    ("text", "address", "prefix"),
    [
        ("10.0.0.2.255.255.255.0", "10.0.0.2", 24),
        ("10.0.0.2.255.0.255.0", "10.0.0.2", None),
        (IPV6 + ".255" * 8 + ".0" * 8, "2001:db8::1", 64),
        ("2001:db8::1 ffff:ffff::", "2001:db8::1", 32),
        ("2001:db8::1 ffff:0:ffff::", "2001:db8::1", None),
        ("2001:DB8:0:0:0:0:0:1/64", "2001:db8::1", 64),
        ("fe80::1%usb0", "fe80::1", None),
        ("10.0.0.2/24", "10.0.0.2", 24),
        ("10.0.0.2/99", "", None),
        ("", "", None),
        ("....", "", None),
        ("1.2.3.4.5", "", None),
    ],
)
def test_an_address_with_its_mask_joined(text: str, address: str, prefix: int | None) -> None:
    assert parse_address(text) == (address, prefix)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            '+CGCONTRDP: 1,5,"cmnet","10.0.0.2.255.255.255.0","10.0.0.1","9.9.9.9","9.9.9.10"',
            ContextParameters(1, 5, "cmnet", "10.0.0.2", 24, "10.0.0.1", ("9.9.9.9", "9.9.9.10")),
        ),
        (
            '+CGCONTRDP: 1,5,"cmnet","10.0.0.2","255.255.255.252","10.0.0.1","9.9.9.9","9.9.9.10"',
            ContextParameters(1, 5, "cmnet", "10.0.0.2", 30, "10.0.0.1", ("9.9.9.9", "9.9.9.10"), split=True),
        ),
        (
            "+CGCONTRDP:2,6,ims,10.0.0.2,,9.9.9.9",
            ContextParameters(2, 6, "ims", "10.0.0.2", None, "", ("9.9.9.9",)),
        ),
        ('+CGCONTRDP: 3,7,"x"', ContextParameters(3, 7, "x")),
        (f'+CGCONTRDP: 1,5,"v6","{IPV6}"', ContextParameters(1, 5, "v6", "2001:db8::1")),
        ('+CGCONTRDP: "x"', None),
        ("+CGCONTRDP:", None),
    ],
)
def test_context_parameters_of_both_generations(line: str, found: ContextParameters | None) -> None:
    assert parse_context_parameters(line) == found


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("NW DETACH", PacketEvent("NW", "DETACH")),
        ("ME DETACH", PacketEvent("ME", "DETACH")),
        ('NW CLASS "B"', PacketEvent("NW", "CLASS")),
        ("ME PDN ACT 1", PacketEvent("ME", "PDN ACT", 1)),
        ("ME PDN ACT 1,0", PacketEvent("ME", "PDN ACT", 1, 0)),
        ("me pdn act  5", PacketEvent("ME", "PDN ACT", 5)),
        ("NW PDN DEACT 5", PacketEvent("NW", "PDN DEACT", 5)),
        ("NW ACT 1, 5, 1", PacketEvent("NW", "ACT", 5)),
        ("NW MODIFY 5,1,0", PacketEvent("NW", "MODIFY", 5)),
        ('NW DEACT "IP","10.0.0.1",2', PacketEvent("NW", "DEACT", 2, None, "IP")),
        ('NW REACT "IPV6","2001:db8::1"', PacketEvent("NW", "REACT", None, None, "IPV6")),
        ('REJECT "IP","10.0.0.1"', PacketEvent("ME", "REJECT", None, None, "IP")),
        ("EPS PDN DEACT 3", PacketEvent("", "EPS PDN DEACT", 3)),
        ("ACTING", None),
        ("", None),
    ],
)
def test_packet_events(text: str, event: PacketEvent | None) -> None:
    found = parse_packet_event(f"+CGEV: {text}")
    assert found == event
    assert "10.0.0" not in repr(found)


def test_attach_and_contexts() -> None:
    assert parse_attached("+CGATT: 1") is True
    assert parse_attached("+CGATT:0") is False
    assert parse_attached("+CGATT: 7") is None
    assert parse_attached("+CGATT") is None
    assert parse_contexts(['+CGDCONT: 1,"IP","cmnet",,0,0', '+CGDCONT: 2,"IPV4V6","",""', "+CGDCONT: x"]) == (
        Context(1, "IP", "cmnet"),
        Context(2, "IPV4V6", ""),
    )
    assert parse_active_contexts(["+CGACT: 1,1", "+CGACT: 2,0", "+CGACT: 5, 1", "+CGACT:"]) == (1, 5)
    assert [parse_activity(line) for line in ("+CGACT: 1,1", '+CGACT: "2",0', "+CGACT: 3,2", "+CGACT: (0,1)")] == [
        *((1, True), (2, False), None, None),
    ]
    assert parse_context_ranges(['+CGDCONT: (1-24, 100-179),"IPV4V6"', "+CGDCONT: (),,"]) == (
        ContextRange(1, 24, "IPV4V6"),
        ContextRange(100, 179, "IPV4V6"),
    )
    assert parse_context_ranges(['+CGDCONT: (1-16),"IP",,,(0-2)', '+CGDCONT: (1),"IPV6"', "+CGDCONT: 1-11,IP"]) == (
        ContextRange(1, 16, "IP"),
        ContextRange(1, 1, "IPV6"),
        ContextRange(1, 11, "IP"),
    )
    assert parse_event_reporting("+CGEREP: 2,1") == (2, 1)
    assert parse_event_reporting("+CGEREP: (0-2),(0,1)") == (0, 0)
    assert parse_event_reporting("+CGEREP:") == (None, None)


@given(st.text(max_size=120))
def test_any_text_is_read_or_nothing(text: str) -> None:
    parse_operator(f"+COPS: {text}")
    assert all(len(one.name or "") <= 60 for one in parse_operators([f"+COPS: {text}"]))
    parse_context_parameters(f"+CGCONTRDP: {text}")
    parse_packet_event(f"+CGEV: {text}")
    parse_context_ranges([text])
    parse_event_reporting(text)
    assert all(len(context.access_point) <= 100 for context in parse_contexts([f"+CGDCONT: {text}"]))
    assert all("%" not in address for address in parse_addresses([f"+CGPADDR: 1,{text}"]))


@given(st.ip_addresses())
def test_every_address_is_read_in_the_usual_and_the_dotted_form(address: object) -> None:
    packed: bytes = getattr(address, "packed")  # noqa: B009 - hypothesis gives no type for both
    expected = "" if not any(packed) else str(address)
    assert parse_address(str(address))[0] == expected
    assert parse_address(".".join(str(octet) for octet in packed))[0] == expected
