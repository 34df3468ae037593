"""Ctrl-C while a process is being started."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from tolbooth.judge.interrupts import interrupts_held

STEPS: list[str] = []


@pytest.fixture(autouse=True)
def _pythons_own_handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_from_another_thread() -> None:
    """The kernel may give a signal to any thread; Python's handler still runs in the main one."""
    sender = threading.Thread(target=lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT))
    sender.start()
    sender.join()


def terminated_start() -> None:
    """As a start is that is asked to end meanwhile."""
    with interrupts_held():
        signal.raise_signal(signal.SIGTERM)
        STEPS.append("started")


def interrupted_start(*, error: bool = False) -> None:
    """As a start is that gets two interrupts, and may fail besides."""
    with interrupts_held():
        interrupt_from_another_thread()
        signal.raise_signal(signal.SIGINT)
        time.sleep(0.01)
        STEPS.append("started")
        if error:
            raise OSError("no such program")


def test_an_interrupt_inside_happens_on_leaving_and_once() -> None:
    STEPS.clear()
    with pytest.raises(KeyboardInterrupt):
        interrupted_start()
    assert STEPS == ["started"]
    with interrupts_held():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_is_told_even_where_the_start_failed() -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        interrupted_start(error=True)
    assert isinstance(caught.value.__context__, OSError)


def test_other_threads_have_nothing_to_hold() -> None:
    seen: list[object] = []

    def hold() -> None:
        with interrupts_held():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


def test_a_caller_who_ignores_interrupts_keeps_ignoring_them() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_held():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_request_to_end_that_somebody_handles_is_held_back_too() -> None:
    def end(*_: object) -> None:
        raise SystemExit(3)

    STEPS.clear()
    before = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(SystemExit):
            terminated_start()
        assert signal.getsignal(signal.SIGTERM) is end
    finally:
        signal.signal(signal.SIGTERM, before)
    assert STEPS == ["started"]
