"""Ctrl-C, or a request to end, while a process is being started: it waits until the process is ours to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_INTERRUPTING = [signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Keep back the signals whose handlers may raise (SIGINT, SIGTERM, SIGHUP), and let them happen on leaving.

    ``subprocess.Popen`` that is interrupted after its fork leaves a process that nobody holds. To block a signal
    for this thread is not enough: another thread of the program may take it, and Python's handler still runs here.
    Outside the main thread nothing is done, for no interrupt is raised there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    before = {int(each): handler for each in _INTERRUPTING if callable(handler := signal.getsignal(each))}
    for number in before:
        signal.signal(number, lambda which, frame: came.append((which, frame)))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number, frame in came:
            before[number](number, frame)
