from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.at_command import AtConversation, Event, FinalResult, Reply, ResultKind, Unsolicited, parse_final
from protocol.at_registration import (
    Context,
    Registration,
    RegistrationState,
    Signal,
    SignalKind,
    parse_active_contexts,
    parse_addresses,
    parse_attached,
    parse_cesq,
    parse_contexts,
    parse_csq,
    parse_identity,
    parse_operator,
    parse_registration,
    parse_sim,
    sum_registrations,
)


def answer(command: str, text: str) -> tuple[Reply, list[Event]]:
    talk = AtConversation()
    talk.ask(command)
    events = talk.feed(text.encode("latin-1"))
    replies = [event for event in events if isinstance(event, Reply)]
    return (replies[0] if replies else talk.expire()), [event for event in events if not isinstance(event, Reply)]


def reply(command: str, *lines: str) -> Reply:
    return answer(command, "".join(f"\r\n{line}\r\n" for line in lines) + "\r\nOK\r\n")[0]


@pytest.mark.parametrize(
    "echo",
    [
        "",
        "AT+CSQ\r",
        "AT+CSQ\r\r\n",
        "AT+CSQAT+CSQ\r",
        "AATT++CCSSQQ\r",
        "AT+C\r",
        "T+CSQ\r",
        "AT+CSQ\rAT+CSQ\r",
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\r\r\n", "\r", "\n"])
@pytest.mark.parametrize("line", ["+CSQ: 20,99", "+CSQ:20,99", "+CSQ: 020,99"])
def test_the_answer_is_found_whatever_the_echo_and_the_line_ends(echo: str, end: str, line: str) -> None:
    got, others = answer("AT+CSQ", f"{echo}{end}{line}{end}{end}OK{end}")
    assert got == Reply("AT+CSQ", (line,), FinalResult(ResultKind.OK))
    assert others == []
    assert parse_csq(got) == Signal(-73, SignalKind.RSSI)


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("OK", FinalResult(ResultKind.OK)),
        ("+CME ERROR: 10", FinalResult(ResultKind.CME, 10)),
        ("+CME ERROR:10", FinalResult(ResultKind.CME, 10)),
        ("+CME ERROR: SIM not inserted", FinalResult(ResultKind.CME, None, "SIM not inserted")),
        ("+CME ERROR", FinalResult(ResultKind.CME)),
        ("+CMS ERROR: 500", FinalResult(ResultKind.CMS, 500)),
        ("NO DIALTONE", FinalResult(ResultKind.NO_DIALTONE)),
        ("NO DIAL TONE", FinalResult(ResultKind.NO_DIALTONE)),
        ("NO CARRIER", FinalResult(ResultKind.NO_CARRIER)),
        ("CONNECT 115200", FinalResult(ResultKind.CONNECT)),
        ("0", None),
        ("+CSQ: 1,2", None),
    ],
)
def test_final_results_in_every_form(line: str, result: FinalResult | None) -> None:
    assert parse_final(line) == result


def test_a_digit_ends_only_commands_that_expect_no_information() -> None:
    assert answer("AT", "0\r")[0].result.kind is ResultKind.OK
    assert answer("AT+CGMR", "4\r\nOK\r\n")[0].lines == ("4",)


def test_a_lost_data_call_does_not_end_a_question_about_the_signal() -> None:
    got, others = answer("AT+CSQ", "\r\nNO CARRIER\r\n\r\n+CSQ: 9,0\r\n\r\nOK\r\n")
    assert got.result.ok
    assert others == [Unsolicited("NO CARRIER")]
    assert answer("ATD10086;", "\r\nNO CARRIER\r\n")[0].result.kind is ResultKind.NO_CARRIER


def test_unsolicited_lines_inside_an_answer_are_told_apart_and_lose_their_content() -> None:
    got, others = answer("AT+CSQ", '\r\nRING\r\n+CLIP: "13800138000",129\r\n+CSQ: 9,0\r\n\r\nOK\r\n')
    assert got.lines == ("+CSQ: 9,0",)
    assert others == [Unsolicited("RING"), Unsolicited("+CLIP")]


def test_an_unsolicited_registration_does_not_stand_for_the_asked_one() -> None:
    got = reply("AT+CREG?", "+CREG: 2", '+CREG: 5,"1A2B","00FF",7', '+CREG: 2,01,"0A 1B","0 1F2",07')
    assert parse_registration(got) == Registration(1, "0A1B", "01F2", 7)


@pytest.mark.parametrize(
    ("line", "stat"),
    [("+CEREG: 0,1", 1), ("+CEREG:0,05", 5), ("+CEREG: 2,3,,,", 3), ("+CEREG: 0,10", 10), ("+CEREG: 2", 2)],
)
def test_registration_state(line: str, stat: int) -> None:
    found = parse_registration(reply("AT+CEREG?", line))
    assert found is not None
    assert found.stat == stat


@pytest.mark.parametrize(
    ("stats", "word"),
    [
        ((2, 1), RegistrationState.HOME),
        ((0, 5), RegistrationState.ROAMING),
        ((2, 3), RegistrationState.DENIED),
        ((0, 2), RegistrationState.SEARCHING),
        ((0, 4), RegistrationState.NONE),
    ],
)
def test_a_data_only_modem_counts_as_registered(stats: tuple[int, ...], word: RegistrationState) -> None:
    assert sum_registrations(Registration(stat) for stat in stats) is word


def test_an_answer_after_its_wait_is_not_taken_for_the_next_one() -> None:
    talk = AtConversation()
    talk.ask("AT+CSQ")
    assert talk.expire().result.kind is ResultKind.NONE
    talk.ask("AT+CGATT?")
    events = talk.feed(b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n+CGATT: 1\r\n\r\nOK\r\n")
    assert events == [Unsolicited("+CSQ"), Reply("AT+CGATT?", ("+CGATT: 1",), FinalResult(ResultKind.OK))]


def test_a_sim_answer_without_its_ok_still_counts() -> None:
    got, _ = answer("AT+CPIN?", "AT+CPIN?\r\r\n+CPIN: READY\r\n")
    assert got.result.kind is ResultKind.NONE
    assert parse_sim(got) == "READY"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("+CPIN: SIM PIN\r\nOK", "SIM PIN"),
        ("+CPIN:READY\r\nOK", "READY"),
        ("+CPIN: NOT INSERTED\r\nOK", "NOT INSERTED"),
        ("+CME ERROR: 10", "NOT INSERTED"),
        ("+CME ERROR: SIM not inserted", "NOT INSERTED"),
        ("+CME ERROR: 999", None),
        ("ERROR", None),
    ],
)
def test_sim_states(text: str, state: str | None) -> None:
    assert parse_sim(answer("AT+CPIN?", f"\r\n{text}\r\n")[0]) == state


@pytest.mark.parametrize(
    ("line", "dbm"),
    [
        ("+CSQ: 0,0", -113),
        ("+CSQ: 31,0", -51),
        ("+CSQ: 99,99", None),
        ("+CSQ: 32,0", None),
        ("+CSQ: 100,99", -116),
        ("+CSQ: 191,99", -25),
        ("+CSQ: 199,99", None),
    ],
)
def test_csq(line: str, dbm: int | None) -> None:
    signal = parse_csq(reply("AT+CSQ", line))
    assert (signal and signal.dbm) == dbm


@pytest.mark.parametrize(
    ("line", "signal"),
    [
        ("+CESQ: 99,99,255,255,20,52", Signal(-89, SignalKind.RSRP)),
        ("+CESQ: 99,99,255,255,255,255,40,30,80", Signal(-77, SignalKind.RSRP)),
        ("+CESQ: 99,99,40,20,255,255", Signal(-81, SignalKind.RSCP)),
        ("+CESQ: 30,0,255,255,255,255", Signal(-81, SignalKind.RSSI)),
        ("+CESQ: 99,99,255,255,255,255", None),
    ],
)
def test_cesq(line: str, signal: Signal | None) -> None:
    assert parse_cesq(reply("AT+CESQ", line)) == signal


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('+COPS: 0,0,"CHINA MOBILE",7', "CHINA MOBILE"),
        ('+COPS: 0,0,"A, B & C",07', "A, B & C"),
        ('+COPS: 0,0,"4E2D56FD79FB52A8",7', "中国移动"),
        ('+COPS: 0,2,"46000",7', "46000"),
        ("+COPS: 0,2,46000,7", "46000"),
        ('+COPS: 0,0,"UNICOM', "UNICOM"),
        ("+COPS: 0", None),
    ],
)
def test_operator_names(line: str, name: str | None) -> None:
    assert parse_operator(reply("AT+COPS?", line)) == name


@pytest.mark.parametrize(
    ("line", "addresses"),
    [
        ('+CGPADDR: 1,"10.20.30.40"', ("10.20.30.40",)),
        ("+CGPADDR: 1,010.020.030.040", ("10.20.30.40",)),
        ("+CGPADDR: 1,0.0.0.0", ()),
        ("+CGPADDR: 1", ()),
        ('+CGPADDR: 1,"32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1"', ("2001:db8::1",)),
        ('+CGPADDR: 1,"10.0.0.1","32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1"', ("10.0.0.1", "2001:db8::1")),
        ('+CGPADDR: 1,"2001:DB8::1"', ("2001:db8::1",)),
        ('+CGPADDR: 1,"10.0.0.999"', ()),
    ],
)
def test_addresses(line: str, addresses: tuple[str, ...]) -> None:
    assert parse_addresses(reply("AT+CGPADDR", line)) == addresses


def test_attach_and_contexts() -> None:
    assert parse_attached(reply("AT+CGATT?", "+CGATT: 1")) is True
    assert parse_attached(reply("AT+CGATT?", "+CGATT:0")) is False
    assert parse_attached(reply("AT+CGATT?")) is None
    assert parse_contexts(reply("AT+CGDCONT?", '+CGDCONT: 1,"IP","cmnet",,0,0')) == (Context(1, "IP", "cmnet"),)
    assert parse_active_contexts(reply("AT+CGACT?", "+CGACT: 1,1", "+CGACT: 2,0")) == (1,)


def test_identity_keeps_no_number_of_device_subscriber_or_sim() -> None:
    got = reply("ATI", "Quectel", "EC20F", "IMEI: 860000000000004", "460000000000004", "89860000000000000004")
    assert parse_identity(got) == "Quectel EC20F"
    assert "8600000" not in repr(got)


@given(st.binary(max_size=300), st.integers(1, 7))
def test_any_bytes_in_any_chunks_say_the_same_and_never_break_it(data: bytes, step: int) -> None:
    def run(size: int) -> list[Event]:
        talk = AtConversation()
        talk.ask("AT+CREG?")
        return [event for at in range(0, len(data), size) for event in talk.feed(data[at : at + size])]

    assert run(step) == run(max(1, len(data)))


@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_no_line_breaks_a_parser_and_texts_stay_bounded(text: str) -> None:
    def got(name: str) -> Reply:
        return Reply(f"AT+{name}", (f"+{name}: {text}",), FinalResult(ResultKind.OK))

    registration = parse_registration(got("CREG"))
    assert registration is None or 0 <= registration.stat <= 99
    assert len(parse_operator(got("COPS")) or "") <= 60
    assert len(parse_addresses(got("CGPADDR"))) <= len(text)
    signal = parse_cesq(got("CESQ"))
    assert signal is None or -157 <= signal.dbm <= -31
    assert all(len(context.access_point) <= 100 for context in parse_contexts(got("CGDCONT")))


def test_a_line_without_end_is_given_up_and_the_answer_behind_it_found() -> None:
    got, _ = answer("AT+CSQ", "x" * 5000 + "\r\n+CSQ: 9,0\r\nOK\r\n")
    assert got.lines == ("+CSQ: 9,0",)
