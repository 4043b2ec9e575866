from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.at_registration import (
    NAMES,
    Registration,
    RegistrationState,
    build_registration,
    parse_registration,
    parse_registration_line,
    sum_registrations,
)


@pytest.mark.parametrize("solicited", [True, False, None])
@pytest.mark.parametrize(
    ("line", "stat", "area", "cell", "access"),
    [
        ("+CREG: 1", 1, None, None, None),
        ("+CREG:0,5", 5, None, None, None),
        ("+CEREG: 0,01", 1, None, None, None),
        ("+CREG: 2,2,", 2, None, None, None),
        ("+CEREG: 0,10", 10, None, None, None),
        ('+CREG: 1,"10F2","0A1B"', 1, "10F2", "0A1B", None),
        ("+CREG: 1,10F2,0A1B", 1, "10F2", "0A1B", None),
        ("+CREG: 5,10,20", 5, "10", "20", None),
        ('+CREG: 1,"10F2","0A1B2C",7', 1, "10F2", "0A1B2C", 7),
        ('+CREG: 2,1,"10F2","0A1B2C",07', 1, "10F2", "0A1B2C", 7),
        ('+creg : 02 , 01 , "10f2" , "0a1b2c" , "7"', 1, "10F2", "0A1B2C", 7),
        ("+CREG: 2,1,0x10F2,0x0A1B2C,7", 1, "10F2", "0A1B2C", 7),
        ('+CREG: 2,1, "0 0F2", "0 A1B"', 1, "00F2", "0A1B", None),
        ('+CREG: 6,"00C4","A1,B2"', 6, "00C4", "A1B2", None),
        ("+CEREG: 2,3,,,", 3, None, None, None),
        ('+CEREG: 5,"","",', 5, None, None, None),
        ('+C5GREG: 2,1,"00A1B2","0123456789",11', 1, "00A1B2", "0123456789", 11),
        ('+C5GREG: 1,"A1B2C3","123456789",11,2,"01.2A"', 1, "A1B2C3", "123456789", 11),
        ("+C5GREG: 2,1,1E10,79D90A,11,6,ABCDE0", 1, "1E10", "79D90A", 11),
        ('+CREG:002,001,"1a2b","00fe"', 1, "1A2B", "00FE", None),
        ('+CREG: 001,"0002","0010",000', 1, "0002", "0010", 0),
        ("+CREG: 001,0002,0010", 1, "0002", "0010", None),
        ('+CREG: "2","1","10F2","0A1B2C","7"', 1, "10F2", "0A1B2C", 7),
        ('+CREG: "1","10F2","0A1B2C","7"', 1, "10F2", "0A1B2C", 7),
        ('+CREG: 2,1,"10F2","0A1B2C,7', 1, "10F2", "0A1B2C", 7),
        ('+CREG: 2,1,10F2","0A1B2C",7', 1, "10F2", "0A1B2C", 7),
        ('+CREG: 2,1,"10F2"', 1, "10F2", None, None),
        ("+CEREG: 2,1, 2F10, 21 ,79DA04 ,7", 1, "2F10", "79DA04", 7),
        ("+CEREG: 1, 2F10, 21 ,79DA04 ,7", 1, "2F10", "79DA04", 7),
        ("+CEREG: 1, 2, 0001, 00000200, 7", 2, "0001", "00000200", 7),
        ("+CEREG: 2, 0001, 00000200, 7", 2, "0001", "00000200", 7),
        ('+CEREG: 3,3,"10F2","0",7,0,15', 3, "10F2", "0", 7),
        ("+CREG: 2,1,000B,2817, B, C2817", 1, "000B", "2817", None),
        ("+CGREG: 2,1, 81EC, 1A9CEA", 1, "81EC", "1A9CEA", None),
    ],
)
def test_a_form_that_only_one_reading_fits_is_read_whatever_was_asked(
    line: str, stat: int, area: str | None, cell: str | None, access: int | None, solicited: bool | None
) -> None:
    found = parse_registration_line(line, solicited)
    assert found is not None
    assert (found.stat, found.area, found.cell, found.access) == (stat, area, cell, access)


def test_lines_of_one_shape_are_told_apart_by_what_was_asked() -> None:
    line = "+CREG: 1,11,22,7"
    asked = parse_registration_line(line, solicited=True)
    searching = parse_registration_line("+CREG: 2,0,00,0", solicited=True)
    assert searching == Registration(0, "00", "0", mode=2, solicited=True)
    unasked = parse_registration_line(line, solicited=False)
    assert asked is not None
    assert unasked is not None
    assert (asked.mode, asked.stat, asked.area, asked.cell) == (1, 11, "22", "7")
    assert (unasked.mode, unasked.stat, unasked.area, unasked.cell, unasked.access) == (None, 1, "11", "22", 7)


@pytest.mark.parametrize("solicited", [False, None])
def test_a_state_that_does_not_exist_is_an_area_unless_it_was_asked(solicited: bool | None) -> None:
    found = parse_registration_line("+CREG: 1,13,22,7", solicited)
    assert found is not None
    assert (found.stat, found.area, found.cell, found.access) == (1, "13", "22", 7)


def test_a_routing_area_behind_unquoted_numbers_is_read_by_what_was_asked() -> None:
    unasked = parse_registration_line("+CGREG: 1,11,22,7,0C", solicited=False)
    assert unasked is not None
    assert (unasked.stat, unasked.area, unasked.cell, unasked.access, unasked.routing_area) == (1, "11", "22", 7, "0C")


@pytest.mark.parametrize(
    ("line", "active_time_s", "periodic_update_s"),
    [
        ('+CEREG: 4,1,"10F2","00A1B2C3",7,,,"00100001","00000110"', 60, 3600),
        ('+CEREG: 5,"10F2","00A1B2C3",9,,,"00000101","01000111"', 10, 252_000),
        ('+CEREG: 5,"10F2","00A1B2C3",9,0,15,"01000010","10111111"', 720, 1860),
        ('+CEREG: 1,"10F2","00A1B2C3",9,,,"11100000","11100000"', None, None),
        ('+CGREG: 4,1,"10F2","00A1B2C3",3,"0C",,,"01100001","11000001","00000011"', 60, 1_152_000),
        ('+CEREG: 4,1,"10F2","00A1B2C3",7,,,"","2"', None, None),
        ('+C5GREG: 4,1,"10F2","00A1B2C3",11,1,"01",,,"00100001"', None, None),
    ],
)
def test_timers_of_power_saving(line: str, active_time_s: int | None, periodic_update_s: int | None) -> None:
    found = parse_registration_line(line)
    assert found is not None
    assert (found.stat in (1, 5), found.area, found.cell) == (True, "10F2", "00A1B2C3")
    assert (found.active_time_s, found.periodic_update_s) == (active_time_s, periodic_update_s)


@pytest.mark.parametrize(
    ("line", "routing_area", "cause_type", "cause"),
    [
        ('+CGREG: 2,1,"10F2","0A1B2C",6,"0B"', "0B", None, None),
        ('+CGREG: 1,"10F2","0A1B2C",6,"0B"', "0B", None, None),
        ('+CGREG: 3,3,"10F2","0A1B",2,"",0,14', None, 0, 14),
        ('+CREG: 3,3,"10F2","0A1B",2,0,13', None, 0, 13),
        ("+CEREG: 3,3,,,,0,15", None, 0, 15),
        ('+CEREG: 2,1,"10F2","0C","00A1B2C3",7', "0C", None, None),
        ('+CEREG: 1,"10F2","0C","00A1B2C3",7', "0C", None, None),
        ('+CEREG: 4,1,"10F2","00A1B2C3",7,,,"00100001","00000110"', None, None, None),
        ('+C5GREG: 3,3,"00A1B2","012345678",11,4,"01",0,27', None, 0, 27),
    ],
)
def test_routing_area_and_cause(line: str, routing_area: str | None, cause_type: int | None, cause: int | None) -> None:
    found = parse_registration_line(line)
    assert found is not None
    assert (found.routing_area, found.cause_type, found.cause) == (routing_area, cause_type, cause)


@pytest.mark.parametrize(
    ("line", "oddity"),
    [
        ('+CREG: 2,1,"1 0","2"', "the area has blanks"),
        ('+CREG: 2,1,"XY","2"', "the area is not hexadecimal"),
        ('+CREG: 2,1,"10","2",LTE', "access technology"),
        ("+CREG: 2,51", "the state 51 is in no table"),
        ('+CREG: 1,"10","20",7', "unsolicited form"),
        ('+CEREG: 2,1,"10","0C","00A1B2C3",7', "routing area between"),
    ],
)
def test_what_is_not_as_the_standard_has_it_is_told(line: str, oddity: str) -> None:
    found = parse_registration_line(line, solicited=True)
    assert found is not None
    assert oddity in " ".join(found.oddities)


@pytest.mark.parametrize("line", ["+CREG:", "+CREG: ", '+CREG: "x"', "+CREG: -1", "+CREG: 100", "", ","])
def test_a_line_without_a_state_is_none(line: str) -> None:
    assert parse_registration_line(line) is None


def test_an_answer_that_lost_a_comma_tells_no_state() -> None:
    assert parse_registration_line('+CREG: 2,1"10F2","0A1B2C",7', solicited=True) is None
    assert parse_registration(['+CREG: 2,1"10F2","0A1B2C",7', "+CREG: 5"]) == Registration(
        5, oddities=("the unsolicited form inside an answer",)
    )


def test_an_unsolicited_line_inside_an_answer_does_not_stand_for_it() -> None:
    found = parse_registration(["+CREG: 2", '+CREG: 5,"1A2B","00FF",7', '+CREG: 2,01,"0A 1B","0 1F2",07'])
    assert found is not None
    assert (found.stat, found.area, found.cell, found.access) == (1, "0A1B", "01F2", 7)
    only = parse_registration(['+CREG: 5,"1A2B","00FF",7'])
    assert only is not None
    assert not only.solicited
    assert parse_registration([]) is None


@pytest.mark.parametrize(
    ("stats", "word"),
    [
        ((2, 1), RegistrationState.HOME),
        ((2, 9), RegistrationState.HOME),
        ((0, 5), RegistrationState.ROAMING),
        ((10,), RegistrationState.ROAMING),
        ((2, 3), RegistrationState.DENIED),
        ((0, 2), RegistrationState.SEARCHING),
        ((0, 4), RegistrationState.NONE),
        ((6, 7, 8), RegistrationState.NONE),
    ],
)
def test_a_data_only_modem_counts_as_registered(stats: tuple[int, ...], word: RegistrationState) -> None:
    assert sum_registrations(Registration(stat) for stat in stats) is word


HEX = st.text("0123456789ABCDEF", min_size=3, max_size=8)


@st.composite
def named_registrations(draw: st.DrawFn) -> tuple[str, Registration]:
    name = draw(st.sampled_from(NAMES))
    area, cell = draw(st.none() | HEX), draw(st.none() | HEX)
    placed = area is not None or cell is not None
    access = draw(st.none() | st.integers(0, 16)) if placed else None
    routing_area = draw(st.none() | HEX) if name == "+CGREG" and access is not None else None
    cause = draw(st.none() | st.integers(0, 99))
    mode = draw(st.none() | st.integers(0, 5))
    cause_type = None if cause is None else draw(st.integers(0, 1))
    stat = draw(st.integers(0, 11))
    return name, Registration(stat, area, cell, access, routing_area, cause_type, cause, mode, mode is not None)


@given(named_registrations())
def test_every_registration_is_read_as_it_was_built(named: tuple[str, Registration]) -> None:
    name, built = named
    line = build_registration(name, built)
    assert parse_registration_line(line, solicited=built.solicited) == built


@given(st.text(max_size=80), st.sampled_from([True, False, None]))
def test_any_text_is_a_registration_within_bounds_or_none(text: str, solicited: bool | None) -> None:
    for name in NAMES:
        found = parse_registration_line(f"{name}: {text}", solicited)
        assert found is None or (0 <= found.stat <= 99 and len(found.area or "") <= 16)
