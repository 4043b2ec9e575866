from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.at_command import Reply
from protocol.at_result import FinalResult, ResultKind
from protocol.at_status import (
    Clock,
    NumberTold,
    build_clock,
    parse_clock,
    parse_failure,
    parse_function,
    parse_identity,
    parse_number,
    parse_sim,
    parse_sim_state,
)

OK = FinalResult(ResultKind.OK)


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply("AT+CPIN?", ("+CPIN: SIM PIN",), OK), "SIM PIN"),
        (Reply("AT+CPIN?", ("+CPIN:READY",), FinalResult(ResultKind.NONE)), "READY"),
        (Reply("AT+CPIN?", ('+CPIN: "PH-NET PIN"',), OK), "PH-NET PIN"),
        (Reply("AT+CPIN?", ("+CPIN: SIM not inserted",), OK), "NOT INSERTED"),
        (Reply("AT+CPIN?", (), FinalResult(ResultKind.CME, 10)), "NOT INSERTED"),
        (Reply("AT+CPIN?", ("+CPIN: SIM REMOVED",), OK), "NOT INSERTED"),
        (Reply("AT+CPIN?", (), FinalResult(ResultKind.CME, 40)), "PH-NET PIN"),
        (Reply("AT+CPIN?", (), FinalResult(ResultKind.CME, None, "(U)SIM not inserted")), "NOT INSERTED"),
        (Reply("AT+CPIN?", (), FinalResult(ResultKind.CME, 14)), "SIM BUSY"),
        (Reply("AT+CPIN?", (), FinalResult(ResultKind.CME, None, "SIM PUK required")), "SIM PUK"),
        (Reply("AT+CPIN?", (), FinalResult(ResultKind.CME, 999)), None),
        (Reply("AT+CPIN?", (), FinalResult(ResultKind.CMS, 10)), None),
        (Reply("AT+CPIN?", (), FinalResult(ResultKind.ERROR)), None),
        (Reply("AT+CPIN?", ("+CPIN: 13800138000",), OK), None),
    ],
)
def test_the_sim_in_the_words_of_cpin(reply: Reply, state: str | None) -> None:
    assert parse_sim(reply) == state


@pytest.mark.parametrize(("line", "mode"), [("+CFUN: 1", 1), ("+CFUN:4,0", 4), ("+CFUN:", None), ("+CFUN: x", None)])
def test_the_power_state(line: str, mode: int | None) -> None:
    assert parse_function(line) == mode


@pytest.mark.parametrize(
    ("line", "text", "zone", "was_set"),
    [
        ('+CCLK: "24/02/29,10:11:12+32"', "2024-02-29T10:11:12", 32, True),
        ("+CCLK: 24/02/29,10:11:12-04", "2024-02-29T10:11:12", -4, True),
        ('+CCLK:"2024/2/9, 1:02:03"', "2024-02-09T01:02:03", None, True),
        ('+CCLK: "24/02/29,10:11:12+999"', "2024-02-29T10:11:12", None, True),
        ('+CCLK: "70/01/01,00:00:11+00"', "1970-01-01T00:00:11", 0, False),
        ('+CCLK: "80/01/06,00:01:00"', "1980-01-06T00:01:00", None, False),
        ('+CCLK: "04/01/01,00:00:00+00"', "2004-01-01T00:00:00", 0, False),
    ],
)
def test_the_clock_and_whether_anybody_set_it(line: str, text: str, zone: int | None, was_set: bool) -> None:
    assert parse_clock(line) == Clock(datetime.datetime.fromisoformat(text), zone, was_set)


@pytest.mark.parametrize("text", ["", "24/13/01,00:00:00", "23/02/29,00:00:00", "24/02/29,25:00:00", "24-02-29", "x"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_clock(f'+CCLK: "{text}"') is None


@given(
    st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2069, 12, 31)),
    st.none() | st.integers(-48, 56),
    st.booleans(),
)
def test_every_clock_is_read_as_it_was_built(local: datetime.datetime, zone: int | None, long_year: bool) -> None:
    clock = Clock(local.replace(microsecond=0), zone, local.year >= 2005)
    assert parse_clock(build_clock(clock, long_year=long_year)) == clock


@pytest.mark.parametrize(
    ("asked", "line", "told"),
    [
        ("+CGSN", "490154203237518", NumberTold("IMEI", 15, True)),
        ("+CGSN", '+CGSN: "490154203237519"', NumberTold("IMEI", 15, False)),
        ("+CGSN", "49015420323751", NumberTold("IMEI", 14, None)),
        ("+GSN", "4901542032375101", NumberTold("IMEISV", 16, None)),
        ("+CIMI", "460001234567890", NumberTold("IMSI", 15, None)),
        ("+CIMI", "46000", None),
        ("+CCID", "+CCID: 89860012345678901238", NumberTold("ICCID", 20, True)),
        ("+CCID", "+CCID: 89860012345678901239", NumberTold("ICCID", 20, None)),
        ("+CCID", "+CCID: 8986001234567890121", NumberTold("ICCID", 19, False)),
        ("+QCCID", "+QCCID: 898600C1234567890123", NumberTold("ICCID", 20, None)),
        ("#CCID", "#CCID: 898600123456789012", NumberTold("ICCID", 18, False)),
        ("^SCID", '^SCID: "8986001234567890120"', NumberTold("ICCID", 19, True)),
        ("+CCID", "+CCID: 89860012345678901,0", None),
        ("#CIMI", "#CIMI: 460001234567890", NumberTold("IMSI", 15, None)),
        ("+CGSN", "490154203237518,AB-1", NumberTold("IMEI", 15, True)),
        ("+QCCID", "+QCCID: 8986001234567890120F", NumberTold("ICCID", 19, True)),
        ("+ICCID", '+ICCID: "98681000000000010080"', NumberTold("ICCID", 20, True)),
        ("+CCID", "ERROR", None),
        ("+CGSN", "SN-12", None),
    ],
)
def test_a_number_is_told_by_kind_length_and_check_digit(asked: str, line: str, told: NumberTold | None) -> None:
    assert parse_number(line, asked) == told


def test_identity_and_failure_carry_no_long_number() -> None:
    assert parse_identity(["Quectel", "EC20F", "Revision: EC20CEFAGR06A05M4G", "IMEI: 860000000000004"]) == (
        "Quectel EC20F Revision: EC20CEFAGR06A05M4G"
    )
    assert parse_identity(["+CGMM: SIMCOM_SIM7600CE"]) == "SIMCOM_SIM7600CE"
    assert parse_identity(["860000000000004"]) is None
    assert parse_failure("+CEER: No cause information available") == "No cause information available"
    assert parse_failure("+CEER: call to 13800138000 failed") is None
    assert parse_failure("+CEER:") is None


@given(st.text(max_size=80), st.sampled_from(["+CGSN", "+CIMI", "+CCID", "+ICCID"]))
def test_any_text_tells_no_digits(text: str, asked: str) -> None:
    told = parse_number(text, asked)
    assert told is None or told.length <= 20
    parse_clock(text)
    assert len(parse_sim_state(f"+CPIN: {text}") or "") <= 20
    assert len(parse_identity([text]) or "") <= 120
    assert len(parse_failure(text) or "") <= 80
