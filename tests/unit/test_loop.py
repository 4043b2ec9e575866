"""The event loop: nothing asked of it is lost, whenever it is asked."""

from __future__ import annotations

import os
import signal

import pytest

from device.loop import READ, Loop


def test_a_stop_before_the_start_is_not_lost() -> None:
    loop = Loop()
    loop.call_in(60, lambda: pytest.fail("the loop went on"))
    loop.stop()
    loop.run()


def test_a_signal_before_the_start_ends_the_loop() -> None:
    loop = Loop()
    before = signal.getsignal(signal.SIGUSR1)
    try:
        loop.stop_on(signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR1)
        loop.call_in(60, lambda: pytest.fail("the loop went on"))
        loop.run()
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGUSR1, before)


def test_a_loop_that_was_stopped_can_run_again() -> None:
    loop, calls = Loop(), list[str]()

    def once() -> None:
        calls.append("called")
        loop.stop()

    for _ in range(2):
        loop.call_in(0, once)
        loop.run()
    assert calls == ["called", "called"]


def test_a_timer_that_was_cancelled_is_never_called_and_others_come_in_order() -> None:
    loop, calls = Loop(), list[str]()
    loop.call_in(0.03, loop.stop)
    loop.call_in(0.02, lambda: calls.append("late"))
    loop.call_in(0.01, lambda: calls.append("early"))
    loop.call_in(0, lambda: calls.append("cancelled")).cancel()
    loop.run()
    assert calls == ["early", "late"]


def test_a_descriptor_dropped_by_an_earlier_callback_of_the_same_round_is_not_served() -> None:
    loop, served = Loop(), list[int]()
    ends = [os.pipe() for _ in range(2)]
    readers = [reader for reader, _ in ends]

    def serve(events: int) -> None:
        served.append(events)
        for other in readers:
            loop.unwatch(other)
        loop.stop()

    for reader, writer in ends:
        os.write(writer, b"x")
        loop.watch(reader, READ, serve)
    loop.run()
    assert len(served) == 1
    for pair in ends:
        for fd in pair:
            os.close(fd)
