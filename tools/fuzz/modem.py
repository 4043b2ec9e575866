"""Parsers of a modem's answers: the conversation, and each typed line."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from device.decoding.tables import Tables
from protocol.at_antenna import parse_antenna_levels
from protocol.at_command import AtConversation, Event, Reply
from protocol.at_fields import from_ucs2, parse_fields, parse_groups, parse_name
from protocol.at_neighbour import parse_neighbour
from protocol.at_operator import parse_operator, parse_operators
from protocol.at_packet import (
    parse_active_contexts,
    parse_address,
    parse_addresses,
    parse_attached,
    parse_context_parameters,
    parse_context_ranges,
    parse_contexts,
    parse_event_reporting,
    parse_packet_event,
)
from protocol.at_quectel import count_neighbours, parse_network_in_use, parse_qcsq, parse_serving_cells
from protocol.at_registration import parse_registration, parse_registration_line
from protocol.at_result import ResultKind, build_final, parse_final
from protocol.at_signal import Signal, parse_cesq, parse_csq
from protocol.at_simcom import parse_cpsi
from protocol.at_status import parse_clock, parse_failure, parse_function, parse_identity, parse_number, parse_sim
from protocol.at_status import parse_sim_state as parse_sim_line
from protocol.at_vendor import parse_hcsq, parse_mode_in_use, parse_numbers, parse_system_state, parse_ucged
from tools.fuzz.rules import Make, Target, cut_of, law
from tools.fuzz.seeds import seeds_of

COMMANDS: Final = (
    *("AT", "ATI", "ATV0", "ATZ", "ATD123", "AT+CSQ", "AT+CREG?", "AT+COPS=?", "AT+CMGS=1", "AT+CIMI", "AT+CCID"),
    *("AT+QCCID", "AT+UCGED?", 'AT+QENG="servingcell"', "AT+CGDCONT?", "AT^HCSQ?", "AT+CGDATA", "AT+CPIN?", "ATV1"),
)
_MOST_LINE: Final = 4096
_MOST_LINES: Final = 64
_LEAST_DBM: Final = -250.0
_MOST_LEVEL: Final = 100.0

Parse = Callable[[str], Any]
PARSERS: Final[tuple[tuple[str, Parse], ...]] = (  # what a line of it looks like, and the parser
    ('+CREG: 2,1,"10F2","0A1B2C3D",7', parse_registration_line),
    ('+CEREG: 4,1,"10F2","0C","0A1B2C3D",7,,,"00100001","00000110"', parse_registration_line),
    ('+CEREG: 3,3,"10F2","0A1B2C3D",7,0,15', lambda line: parse_registration_line(line, True)),
    ('+CGREG: 1,"00 1A","0A1B",2,"05"', lambda line: parse_registration_line(line, False)),
    ('+C5GREG: 2,1,"00A1B2","000000A1B",11,2,"01.02"', lambda line: parse_registration(line.split("|"))),
    ('+COPS: 0,0,"CHINA MOBILE",7', parse_operator),
    ('+COPS: (2,"A","A","46000",7),(1,"4e2d56fd",,"46001"),,(0-4),(0,1,2)', lambda line: parse_operators([line])),
    ("+CSQ: 20,99", parse_csq),
    ("+QRSRP: -92,-94,-32768,-32768,LTE", parse_antenna_levels),
    ('+QENG: "neighbourcell intra","LTE",38950,276,-3,-88,-65,0,37,7,16,6,44', parse_neighbour),
    ('+RSRP: 162,5110,"-075.00",|+RSRQ: 162,5110,"-14.20",', lambda line: parse_ucged(line.split("|"))),
    ("^MODE:5,4", parse_numbers),
    ("+CESQ: 99,99,255,255,20,53,255,255,255", parse_cesq),
    ("+CGATT: 1", parse_attached),
    ('+CGDCONT: 1,"IP","cmnet","0.0.0.0",0,0', lambda line: parse_contexts(line.split("|"))),
    ('+CGDCONT: (1-16),"IPV4V6",,,(0-2),(0-4)', lambda line: parse_context_ranges([line])),
    ("+CGACT: 1,1|+CGACT: 2,0", lambda line: parse_active_contexts(line.split("|"))),
    ('+CGPADDR: 1,"10.2.3.4","32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1"', lambda line: parse_addresses([line])),
    ("10.2.3.4.255.255.255.0", parse_address),
    ('+CGCONTRDP: 1,5,"cmnet","10.2.3.4.255.255.255.0","10.2.3.1","10.0.0.1"', parse_context_parameters),
    ("+CGEV: NW PDN DEACT 1,36", parse_packet_event),
    ("+CGEREP: 2,1", parse_event_reporting),
    (
        '+QENG: "servingcell","NOCONN","LTE","FDD",460,00,A1B2C3D,77,1650,3,5,5,10F2,-93,-10,-64,140,30',
        lambda line: parse_serving_cells(line.split("|")),
    ),
    ('+QENG: "neighbourcell intra","LTE",1650,77', lambda line: count_neighbours(line.split("|"))),
    ('+QNWINFO: "FDD LTE","46000","LTE BAND 3",1650', parse_network_in_use),
    ('+QCSQ: "LTE",-64,-93,140,-10', parse_qcsq),
    (
        "+CPSI: LTE,Online,460-00,0x10F2,169618749,77,EUTRAN-BAND3,1650,5,5,-100,-930,-640,14",
        parse_cpsi,
    ),
    ("+CPSI: NR5G_SA,Online,460-00,0x10F2A1,1234567890,77,NR5G_BAND78,627264,-930,-110,140", parse_cpsi),
    ('+CCLK: "26/11/23,07:41:34+32"', parse_clock),
    ("+CEER: No cause information available", parse_failure),
    ("+CFUN: 1", parse_function),
    ("Manufacturer|Model 1|Revision: 1.0", lambda line: parse_identity(line.split("|"))),
    ("+CCID: 89860012345678901236", lambda line: parse_number(line, "+CCID")),
    ("460009876543210", lambda line: parse_number(line, "+CIMI")),
    ("490154203237518", lambda line: parse_number(line, "+CGSN")),
    ("+CPIN: READY", parse_sim_line),
    (
        "+UCGED: 2|6,4,460,00|1650,3,5,5,10F2,A1B2C3D,77,0,255,255,53,20,14",
        lambda line: parse_ucged(line.split("|")),
    ),
    ("+UREG: 7", parse_mode_in_use),
    ('^SYSINFOEX: 2,3,0,1,,6,"LTE",101,"LTE"', parse_system_state),
    ('^HCSQ: "LTE",49,40,140,24', parse_hcsq),
    ('+X: "a",(1,2),3,"b', parse_fields),
    ('(2,"A"),,(0-4)', parse_groups),
    ("4e2d56fd79fb52a8", from_ucs2),
    ("+CME ERROR: 30", parse_final),
    ("CONNECT 9600/ARQ", lambda line: parse_final(line, numeric=True)),
    ("+NAME: rest", parse_name),
)
TOKENS: Final = (
    *(b"\r\n", b"\r\r\n", b"OK\r\n", b"ERROR\r\n", b"+CME ERROR: 10\r\n", b"+CMS ERROR: 500\r\n", b"> ", b"RING\r\n"),
    *(
        b"NO CARRIER\r\n",
        b"CONNECT 9600\r\n",
        b"0\r\n",
        b"4\r\n",
        b",",
        b'"',
        b"(",
        b")",
        b",,",
        b":",
        b"0x",
        b"-",
        b".",
    ),
    *(b"-", b".", b"255", b"99", b"-32768", b"65535", b"999999999", b"FFFFFFFF", b"460", b"|", b"AT+CSQ", b"+CREG: "),
    *(b"\xff", b"\xc2\xb2", b"\xd9\xa1", b"\xe2\x85\xa8", b"\x00", "中".encode(), b"1e9", b"nan", b"1_0"),
)


def line_seeds() -> tuple[bytes, ...]:
    """A line for each parser, behind the byte that chooses it."""
    return tuple(bytes((at,)) + line.encode() for at, (line, _) in enumerate(PARSERS))


def conversation_seeds(recorded: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Recorded conversations, and each line as an answer, behind the byte that chooses the command."""
    answers = [line.replace("|", "\r\n").encode() + b"\r\n\r\nOK\r\n" for line, _ in PARSERS]
    return tuple(bytes((at % len(COMMANDS),)) + data[:400] for at, data in enumerate([*answers, *recorded]))


def check_line(data: bytes) -> None:
    """The first byte chooses a parser, the rest is a line: the result is bounded, levels are levels."""
    if not data:
        return
    line = data[1:].decode("utf-8", "replace")[: _MOST_LINE + 1]
    result = PARSERS[data[0] % len(PARSERS)][1](line)
    _check_result(result, len(line))


def _check_result(result: Any, size: int) -> None:
    if isinstance(result, tuple):
        law(len(result) <= size + 2, "there are more results than characters")
        for item in result:
            _check_result(item, size)
    elif isinstance(result, str):
        law(len(result) <= size + 40, "a text is longer than the line")
    elif isinstance(result, Signal):
        levels = [value for value in result.values().values() if value is not None]
        law(all(_LEAST_DBM <= level <= _MOST_LEVEL for level in levels), "a level is no level")
    elif dataclasses.is_dataclass(result) and not isinstance(result, type):
        for item in dataclasses.fields(result):
            _check_result(getattr(result, item.name), size)


def check_conversation(data: bytes) -> None:
    """The first byte chooses a command, the rest comes from the modem: events do not depend on chunks."""
    if not data:
        return
    command, told = COMMANDS[data[0] % len(COMMANDS)], data[1:]
    events = _converse(command, (told,))
    at = cut_of(data) % (len(told) + 1)
    law(_converse(command, (told[:at], told[at:])) == events, "the events depend on chunks")
    law(len(events) <= len(told) + 2, "there are more events than bytes")
    for event in events:
        if isinstance(event, Reply):
            _check_reply(event)


def _converse(command: str, pieces: tuple[bytes, ...]) -> list[Event]:
    conversation = AtConversation()
    conversation.ask(command)
    events = [event for piece in pieces for event in conversation.feed(piece)]
    if not any(isinstance(event, Reply) for event in events):
        events.append(conversation.expire())
    return events


def _check_reply(reply: Reply) -> None:
    law(len(reply.lines) <= _MOST_LINES and all(len(line) <= _MOST_LINE for line in reply.lines), "too much is kept")
    parse_sim(reply)
    if reply.result.kind is not ResultKind.NONE:
        law(parse_final(build_final(reply.result)) is not None, "the end of the answer does not read again")


def _at(_tables: Tables) -> tuple[Target, ...]:
    modules = tuple(
        f"protocol.at_{name}"
        for name in ("operator", "packet", "quectel", "registration", "simcom", "status", "vendor")
    )
    lines, talks = line_seeds(), conversation_seeds(seeds_of("at"))
    return (
        Target("typed lines", check_line, 795, modules, lines, TOKENS),
        Target("conversation", check_conversation, 200, ("protocol.at_command",), talks, TOKENS),
    )


MAKE: Final[Mapping[str, Make]] = {"at": _at}
"""What is fuzzed of the decoder of AT conversations."""
