"""The program that stands between us and an OPA of our own: OPA ends when we do, however we end.

Started by path with ``-I -S`` and an empty environment, so it imports nothing of Tolbooth. Its lifeline is a pipe to
which nothing is ever written: that it closes means that we are gone. OPA can't watch it itself, since Go programs
ignore SIGIO. Should this program be killed, the kernel ends OPA with it where it can (Linux).
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import shutil
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run the command until it ends or the lifeline closes; take its folder away, and end as it did."""
    lifeline, memory_bytes, folder, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    ended, tells_end = os.pipe()
    os.set_blocking(tells_end, False)
    signal.set_wakeup_fd(tells_end)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = os.fork()
    if child == 0:
        run(command, memory_bytes)
    poll = select.poll()
    poll.register(lifeline, 0)
    poll.register(ended, select.POLLIN)
    with suppress(InterruptedError):
        poll.poll()
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    shutil.rmtree(folder, ignore_errors=True)
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


def run(command: list[str], memory_bytes: int) -> None:
    """Become OPA, limited in memory and bound to this program's life."""
    try:
        signal.set_wakeup_fd(-1)
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.execv(command[0], command)  # noqa: S606 - the binary that the settings name, without a shell
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


if __name__ == "__main__":
    main()
