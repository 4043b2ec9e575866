from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.at_command import AtConversation, Event, Prompt, Reply, Unsolicited
from protocol.at_result import FinalResult, ResultKind, build_final, parse_final
from protocol.at_status import parse_identity


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
        ("NO ANSWER", FinalResult(ResultKind.NO_ANSWER)),
        ("BUSY", FinalResult(ResultKind.BUSY)),
        ("BLACKLISTED", FinalResult(ResultKind.BLACKLISTED)),
        ("DELAYED", FinalResult(ResultKind.DELAYED)),
        ("DELAYED 00:01:30", FinalResult(ResultKind.DELAYED)),
        ("CONNECT", FinalResult(ResultKind.CONNECT)),
        ("CONNECT 115200", FinalResult(ResultKind.CONNECT, 115200)),
        ("CONNECT 33600/ARQ/V34", FinalResult(ResultKind.CONNECT, 33600, "/ARQ/V34")),
        ("CONNECT MNP", FinalResult(ResultKind.CONNECT, None, "MNP")),
        ("CONNECTED", None),
        ("ERROR", FinalResult(ResultKind.ERROR)),
        ("ERROR: 3", FinalResult(ResultKind.ERROR, 3)),
        ("+cme error:10", FinalResult(ResultKind.CME, 10)),
        ("+CME ERROR 14", FinalResult(ResultKind.CME, 14)),
        ('+CME ERROR: "SIM busy"', FinalResult(ResultKind.CME, None, "SIM busy")),
        ("+CMS ERROR: no network service", FinalResult(ResultKind.CMS, None, "no network service")),
        ("+CME ERRORS: 1", None),
        ("OK?", None),
        ("0", None),
        ("+CSQ: 1,2", None),
    ],
)
def test_final_results_in_every_form(line: str, result: FinalResult | None) -> None:
    assert parse_final(line) == result


@pytest.mark.parametrize("kind", [kind for kind in ResultKind if kind is not ResultKind.NONE])
@pytest.mark.parametrize("code", [None, 0, 516])
def test_every_final_result_can_be_built_and_read_again(kind: ResultKind, code: int | None) -> None:
    result = FinalResult(kind, code if kind in (ResultKind.CME, ResultKind.CMS, ResultKind.CONNECT) else None)
    assert parse_final(build_final(result)) == result
    if code is None:
        with pytest.raises(ValueError, match="no line"):
            build_final(FinalResult(ResultKind.NONE))


@pytest.mark.parametrize(
    ("digit", "kind"),
    [
        ("0", ResultKind.OK),
        ("1", ResultKind.CONNECT),
        ("3", ResultKind.NO_CARRIER),
        ("4", ResultKind.ERROR),
        ("6", ResultKind.NO_DIALTONE),
        ("7", ResultKind.BUSY),
        ("8", ResultKind.NO_ANSWER),
    ],
)
def test_results_in_digits(digit: str, kind: ResultKind) -> None:
    assert parse_final(digit, numeric=True) == FinalResult(kind)
    assert parse_final(digit) is None


@pytest.mark.parametrize(("digits", "speed"), [("5", 1200), ("10", 2400), ("11", 4800), ("12", 9600)])
def test_the_speeds_of_hayes_in_digits_end_a_call(digits: str, speed: int) -> None:
    assert answer("ATD1", f"{digits}\r")[0].result == FinalResult(ResultKind.CONNECT, speed)


def test_a_registration_that_comes_before_the_end_of_its_setting_was_not_asked() -> None:
    got, others = answer("AT+CREG=2", "+CREG: 5,10,20,7\r\nOK\r\n")
    assert (got.lines, others) == ((), [Unsolicited("+CREG")])
    assert answer("AT+CREG=?", "+CREG: (0-2)\r\nOK\r\n")[0].lines == ("+CREG: (0-2)",)
    assert answer("AT+CREG=2;+CREG?", "+CREG: 2,1\r\nOK\r\n")[0].lines == ("+CREG: 2,1",)


def test_a_prompt_without_its_blank_is_told_behind_a_command_that_asks_for_text() -> None:
    talk = AtConversation()
    talk.ask("AT+CMGS=23")
    assert talk.feed(b"\r\n>") == [Prompt()]
    assert talk.feed(b" \r\n+CMGS: 7\r\nOK\r\n")[-1] == Reply("AT+CMGS=23", ("+CMGS: 7",), FinalResult(ResultKind.OK))
    assert answer("AT+CSQ", ">\r\n+CSQ: 9,9\r\nOK\r\n")[0].lines == ("+CSQ: 9,9",)


def test_after_atv0_every_answer_ends_with_a_digit_until_atv1() -> None:
    talk = AtConversation()
    talk.ask("ATV0")
    assert talk.feed(b"0\r") == [Reply("ATV0", (), FinalResult(ResultKind.OK))]
    talk.ask("AT+CSQ")
    assert talk.feed(b"+CSQ: 20,99\r\n0\r") == [Reply("AT+CSQ", ("+CSQ: 20,99",), FinalResult(ResultKind.OK))]
    talk.ask("AT+CPIN?")
    assert talk.feed(b"4\r")[0] == Reply("AT+CPIN?", (), FinalResult(ResultKind.ERROR))
    talk.ask("ATV1")
    assert talk.feed(b"\r\nOK\r\n")[0] == Reply("ATV1", (), FinalResult(ResultKind.OK))
    talk.ask("AT+CGMR")
    assert talk.feed(b"\r\n0\r\n\r\nOK\r\n") == [Reply("AT+CGMR", ("0",), FinalResult(ResultKind.OK))]


@pytest.mark.parametrize("step", [1, 2, 64])
def test_a_prompt_is_told_once_and_the_answer_behind_it_found(step: int) -> None:
    talk = AtConversation()
    talk.ask("AT+CMGS=23")
    data = b"AT+CMGS=23\r\r\n> "
    assert [e for at in range(0, len(data), step) for e in talk.feed(data[at : at + step])] == [Prompt()]
    assert talk.feed(b"\r\n+CMGS: 7\r\n\r\nOK\r\n") == [Reply("AT+CMGS=23", ("+CMGS: 7",), FinalResult(ResultKind.OK))]


@pytest.mark.parametrize(
    ("command", "text", "lines"),
    [
        ("AT+CSQ", "AT+CSQ+CSQ: 20,99\r\nOK\r\n", ("+CSQ: 20,99",)),
        ("AT", "ATOK\r\n", ()),
        ("AT+CSQ", "\x00\xff\xfe+CSQ: 20,99\r\nOK\r\n", ("+CSQ: 20,99",)),
        ("AT+CSQ", "\xf0\xa4\x01\r\n+CSQ: 20,99\r\n\x00OK\r\n", ("+CSQ: 20,99",)),
        ("AT+UCGED?", "+UCGED: 2\r\n6,4,460,00\r\nOK\r\n", ("+UCGED: 2", "6,4,460,00")),
        ("AT+COPS=?", '+COPS: (2,"A","A","46000"\r\n),(1,"B","B","46001")\r\nOK\r\n', 2),
        ("AT+QCCID", "+CCID: 89860000000000000000\r\nOK\r\n", 1),
        ("AT+CGSN", "490154203237518\r\nOK\r\n", 1),
        ("AT+CGSN=1", "490154203237518\r\nOK\r\n", 1),
        ("AT+CCID?", "89860000000000000000\r\nOK\r\n", 1),
        ("AT+UCGED?", '+UCGED: 5\r\n+RSRP: 1,2,"-075.00",\r\n+RSRQ: 1,2,"-14.20",\r\nOK\r\n', 3),
        ("AT+CSQ;+CREG?", "+CSQ: 9,9\r\n+CREG: 0,1\r\nOK\r\n", ("+CSQ: 9,9", "+CREG: 0,1")),
        ("ATE0;+CSQ", "+CSQ: 9,9\r\nOK\r\n", ("+CSQ: 9,9",)),
        ("ATI", "Maker\r\n+GCAP: +CGSM\r\nOK\r\n", ("Maker", "+GCAP: +CGSM")),
    ],
)
def test_lines_that_are_part_of_an_answer_all_the_same(command: str, text: str, lines: tuple[str, ...] | int) -> None:
    got, others = answer(command, text)
    assert got.result.ok
    assert (got.lines if isinstance(lines, tuple) else len(got.lines)) == lines
    assert others == []


def test_a_number_that_was_asked_is_in_no_repr() -> None:
    got, _ = answer("AT+CGSN", "490154203237518\r\nOK\r\n")
    assert "4901542" not in repr(got)


def test_asking_twice_or_asking_nonsense_is_refused_without_telling_the_command() -> None:
    talk = AtConversation()
    talk.ask("ATD13800138000;")
    with pytest.raises(ValueError, match="a command is still under way"):
        talk.ask("AT")
    with pytest.raises(ValueError, match="printable"):
        AtConversation().ask("AT\rATH")
    with pytest.raises(ValueError, match="nothing was asked"):
        AtConversation().expire()


def test_a_modem_that_never_ends_is_held_in_bounded_memory() -> None:
    talk = AtConversation()
    talk.ask("AT+CSQ")
    talk.feed(b"+CSQ: 20,99\r\n" * 5000 + b"z" * 100_000)
    assert len(talk.expire().lines) == 64
    assert len(talk._buffer) <= 4096


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
    assert "138001" not in repr(others)


def test_an_answer_after_its_wait_is_not_taken_for_the_next_one() -> None:
    talk = AtConversation()
    talk.ask("AT+CSQ")
    assert talk.expire().result.kind is ResultKind.NONE
    talk.ask("AT+CGATT?")
    events = talk.feed(b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n+CGATT: 1\r\n\r\nOK\r\n")
    assert events == [Unsolicited("+CSQ"), Reply("AT+CGATT?", ("+CGATT: 1",), FinalResult(ResultKind.OK))]


def test_a_late_result_is_taken_off_once_and_the_error_behind_it_belongs_to_the_new_command() -> None:
    talk = AtConversation()
    talk.ask("AT+CSQ")
    talk.expire()
    talk.ask("AT+CGATT?")
    assert talk.feed(b"\r\nOK\r\n") == []
    assert talk.feed(b"\r\nERROR\r\n") == [Reply("AT+CGATT?", (), FinalResult(ResultKind.ERROR))]


def test_a_line_that_is_too_long_is_no_information_even_if_it_begins_like_it() -> None:
    got, others = answer("AT+CSQ", "+CSQ: 20," + "9" * 5000 + "\r\n+CSQ: 9,0\r\nOK\r\n")
    assert (got.lines, others) == (("+CSQ: 9,0",), [])


def test_identity_keeps_no_number_of_device_subscriber_or_sim() -> None:
    got = reply("ATI", "Quectel", "EC20F", "IMEI: 860000000000004", "460000000000004", "89860000000000000004")
    assert parse_identity(got.lines) == "Quectel EC20F"
    assert "8600000" not in repr(got)


@given(st.binary(max_size=300), st.integers(1, 7))
def test_any_bytes_in_any_chunks_say_the_same_and_never_break_it(data: bytes, step: int) -> None:
    def run(size: int) -> list[Event]:
        talk = AtConversation()
        talk.ask("AT+CREG?")
        return [event for at in range(0, len(data), size) for event in talk.feed(data[at : at + size])]

    assert run(step) == run(max(1, len(data)))


def test_a_line_without_end_is_given_up_and_the_answer_behind_it_found() -> None:
    got, _ = answer("AT+CSQ", "x" * 5000 + "\r\n+CSQ: 9,0\r\nOK\r\n")
    assert got.lines == ("+CSQ: 9,0",)
