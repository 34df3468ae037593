"""Being asked to end: SIGTERM of a cancelled job and SIGHUP of a closed terminal are taken as Ctrl-C is.

Python dies of both at once, and would leave behind what a gate downloaded, which may hold personal data, and the
processes that it started.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

_ASKING = ("SIGTERM", "SIGHUP")


class AskedToEnd(KeyboardInterrupt):
    """Raised in the main thread in place of dying; what cleans up after Ctrl-C cleans up after this.

    Attributes:
        signal: which one came.
    """

    def __init__(self, number: int) -> None:
        self.signal = signal.Signals(number)
        super().__init__(self.signal.name)

    @property
    def exit_code(self) -> int:
        """What a shell reports of a program that the signal ended: 128 and its number."""
        return 128 + self.signal


def take_requests_to_end() -> None:
    """From now on raise ``AskedToEnd``; what somebody ignores (``nohup``) or handles already stays as it is.

    Only the first request raises: another one must not break off the cleaning up. SIGKILL always ends the process.
    """
    for name in _ASKING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    for name in _ASKING:
        asking = getattr(signal, name, None)
        if asking is not None and signal.getsignal(asking) is _end:
            # NOTE: not SIG_IGN, which the programs that clean up for us would inherit.
            signal.signal(asking, lambda *_: None)
    raise AskedToEnd(number)
