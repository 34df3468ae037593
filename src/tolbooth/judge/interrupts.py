"""Ctrl-C while a process is being started: it waits until the process is ours to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Keep SIGINT back inside, and let it happen on leaving.

    ``subprocess.Popen`` that is interrupted after its fork leaves a process that nobody holds. To block the signal
    for this thread is not enough: another thread of the program may take it, and Python's handler still runs here.
    Outside the main thread nothing is done, for no interrupt is raised there.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    came: list[FrameType | None] = []
    signal.signal(signal.SIGINT, lambda _, frame: came.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            before(signal.SIGINT, came[-1])
