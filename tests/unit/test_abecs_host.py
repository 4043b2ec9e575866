"""The terminal's side of the conversation with a pinpad, without a line and without a clock."""

from __future__ import annotations

from protocol.abecs_frame import AbecsFrame, build_frame
from protocol.abecs_host import (
    AbecsHost,
    Acknowledged,
    Answer,
    Cancelled,
    Event,
    Failed,
    GaveUp,
    Send,
    Waiting,
)

ASK = build_frame(b"GIX")
ANSWER = build_frame(b"GIX000003ABC")
SPOILT = ANSWER[:-1] + b"\xff"
ACK, NAK, CAN, EOT = b"\x06", b"\x15", b"\x18", b"\x04"


def asking() -> AbecsHost:
    host = AbecsHost()
    assert host.ask(b"GIX") == ASK
    assert waits_for(host) is Waiting.ACK
    return host


def waits_for(host: AbecsHost) -> Waiting:
    return host.waiting


def answer(events: list[Event]) -> bytes:
    (found,) = [event for event in events if isinstance(event, Answer)]
    assert isinstance(found.frame, AbecsFrame)
    return bytes(found.frame.data)


def test_ack_and_answer_and_nothing_is_sent_back() -> None:
    host = asking()
    assert host.feed(ACK) == [Acknowledged()]
    assert waits_for(host) is Waiting.ANSWER
    events = host.feed(ANSWER)
    assert answer(events) == b"GIX000003ABC"
    assert not [event for event in events if isinstance(event, Send)]
    assert waits_for(host) is Waiting.NOTHING
    assert host.time_over() == []


def test_an_answer_without_its_ack_counts() -> None:
    assert answer(asking().feed(ANSWER)) == b"GIX000003ABC"


def test_the_command_goes_out_three_times_after_nak_and_then_it_is_given_up() -> None:
    host = asking()
    assert host.feed(NAK) == [Send(ASK)]
    assert host.feed(NAK) == [Send(ASK)]
    assert host.feed(NAK) == [Send(CAN), Failed(GaveUp.REFUSED)]
    assert waits_for(host) is Waiting.NOTHING


def test_silence_is_asked_again_and_then_given_up() -> None:
    host = asking()
    assert [host.time_over() for _ in range(3)] == [[Send(ASK)], [Send(ASK)], [Send(CAN), Failed(GaveUp.SILENT)]]
    host = asking()
    host.feed(ACK)
    assert host.time_over() == [Send(CAN), Failed(GaveUp.SLOW)]


def test_a_spoilt_answer_is_wanted_again_and_given_up_the_third_time() -> None:
    host = asking()
    host.feed(ACK)
    assert host.feed(SPOILT) == [Send(NAK)]
    assert host.feed(SPOILT) == [Send(NAK)]
    assert host.feed(SPOILT) == [Send(CAN), Failed(GaveUp.GARBLED)]


def test_an_answer_that_was_cut_is_wanted_again_when_the_line_is_quiet() -> None:
    host = asking()
    assert host.feed(ACK + ANSWER[:-1]) == [Acknowledged()]
    assert host.pending
    assert host.expire() == [Send(NAK)]
    assert answer(host.feed(ANSWER)) == b"GIX000003ABC"
    host = asking()
    host.feed(ACK + ANSWER[:5])
    assert host.time_over() == [Send(NAK)]


def test_can_waits_for_eot_and_ignores_all_else() -> None:
    host = asking()
    assert host.cancel() == CAN
    assert host.feed(ANSWER + ACK + b"\x16garbage") == []
    assert host.feed(EOT) == [Cancelled()]
    assert waits_for(host) is Waiting.NOTHING
    assert host.pending == 0


def test_can_is_sent_three_times() -> None:
    host = AbecsHost()
    host.cancel()
    assert [host.time_over() for _ in range(3)] == [[Send(CAN)], [Send(CAN)], [Failed(GaveUp.SILENT)]]


def test_other_answers_notices_echoes_and_late_characters_are_no_answer() -> None:
    host = asking()
    host.feed(ACK)
    stream = build_frame(b"CLX000") + build_frame(b"NTM000003ABC") + ASK + EOT + NAK + ACK
    assert host.feed(stream) == []
    assert answer(host.feed(ANSWER)) == b"GIX000003ABC"
    assert host.feed(ANSWER + NAK + ACK + SPOILT) == []


def test_a_notice_stands_for_a_lost_ack() -> None:
    host = asking()
    assert host.feed(build_frame(b"NTM000003ABC")) == [Acknowledged()]


def test_an_unknown_command_is_answered_by_err() -> None:
    assert answer(asking().feed(ACK + build_frame(b"ERR010"))) == b"ERR010"


def test_a_nak_right_behind_noise_is_noise() -> None:
    host = asking()
    assert host.feed(b"\xff\x80" + NAK) == []
    assert host.feed(NAK) == [Send(ASK)]


def test_chunks_make_no_difference() -> None:
    stream = b"\xff" + NAK + NAK + ACK + SPOILT + b"\x16\x41" + ANSWER
    whole, pieces = asking(), asking()
    events = whole.feed(stream)
    one_by_one: list[Event] = []
    for byte in stream:
        one_by_one += pieces.feed(bytes((byte,)))
    assert events == one_by_one
    assert answer(events) == b"GIX000003ABC"
    assert "ABC" not in repr(events)
