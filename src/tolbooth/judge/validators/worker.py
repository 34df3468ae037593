"""The program of a validator's process: it fences itself in, runs one validator once, and ends all that this started.

Three processes, where the kernel allows: the warden (this one) keeps the deadline; the first process of a process table
of its own, with whose end the kernel ends the whole table; and the one that runs the author's code. What is told:
the validator's answer on one pipe, and on another, which the author's code never has, how it ended.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tolbooth.judge.validators import fence
from tolbooth.judge.validators.author_code import run_function, run_test

_WATCHED = {signal.SIGCHLD, signal.SIGIO}


def main() -> None:
    """Run one request, which is the whole of stdin; ``argv`` holds the pipes: answer, control, lifeline."""
    answers, control, lifeline = (int(word) for word in sys.argv[1:4])
    request = json.loads(sys.stdin.buffer.read())
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    gone = _hold(lifeline)
    standard_input = _standard_input(request)
    fences: list[str] = []
    if request["namespaces"]:
        try:
            alone = fence.leave_shared_namespaces()
        except fence.HalfFencedError:
            _tell(control, again=True)
            return
        fences += ["network", "processes"] if alone else []
    fence.hide_memory()
    fence.adopt_orphans()
    child = os.fork()
    if child == 0:
        os.close(lifeline)
        _first(request, fences, (answers, control, standard_input))
    os.close(answers)
    if not gone:
        _wait(child, control, time.monotonic() + request["deadline_seconds"])
    _end_all(child)


def _first(request: dict[str, Any], fences: list[str], pipes: tuple[int, int, int]) -> None:
    """The first process of its table: makes files read-only, starts the author's code and tells how that ended."""
    answers, control, standard_input = pipes
    fence.end_with_parent()
    fence.adopt_orphans()
    if "network" in fences and fence.make_files_read_only(request["folder"], request["file_bytes"]):
        fences.append("files")
    worker = os.fork()
    if worker == 0:
        _run(request, fences, pipes)
    os.close(answers)
    os.close(standard_input)
    while True:
        ended, status = os.wait()
        if ended == worker:
            code = os.waitstatus_to_exitcode(status)
            told = {"exit": code} if code >= 0 else {"signal": -code}
            _tell(control, **told, left=_something_left())
            os._exit(0)


def _something_left() -> bool:
    """Whether a process that the author's code started still runs: it became our child, as an orphan."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return False
    return True


def _run(request: dict[str, Any], fences: list[str], pipes: tuple[int, int, int]) -> None:
    """Take every right away, then become the author's code; never returns."""
    answers, control, standard_input = pipes
    try:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
        os.dup2(standard_input, 0)
        os.close(standard_input)
        os.chdir(request["folder"])
        for name, content in request["files"].items():
            Path(name).write_bytes(base64.b64decode(content))
            Path(name).chmod(0o700)
        fence.give_up_privileges()
        if fence.refuse_sockets():
            fences.append("sockets")
        _tell(control, fence=sorted(fences))
        os.close(control)
        fence.set_limits(
            memory_bytes=request["memory_bytes"],
            file_bytes=request["file_bytes"],
            cpu_seconds=int(request["deadline_seconds"]) + 2,
            own_processes="processes" in fences,
        )
        if request["program"]:
            os.dup2(answers, 1)
            os.close(answers)
            # NOTE: Python ignores these two; a program that is started would too.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            environment = {name: os.environ[name] for name in ("HOME", "LC_ALL", "PATH", "TMPDIR")}
            os.execve(request["program"][0], request["program"], environment)  # noqa: S606 - fenced in above
        told = run_test(request) if request["test"] else run_function(request)
        # NOTE: this process ends without Python's own leave-taking, which the author's code could hold up.
        sys.stdout.flush()
        rest = memoryview(told)
        while rest:
            rest = rest[os.write(answers, rest) :]
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - whatever it is, this process ends here
        os.write(2, f"{type(error).__name__}: {error}"[:2000].encode(errors="replace"))
        os._exit(70)


def _standard_input(request: dict[str, Any]) -> int:
    """A descriptor of what a program reads; a function has it already, and reads nothing."""
    with tempfile.TemporaryFile() as content:
        if request["program"]:
            head = f'{{"version":1,"parameters":{request["parameters"]},"input":'
            content.write(f"{head}{request['input']}}}".encode())
            content.seek(0)
        return os.dup(content.fileno())


def _hold(lifeline: int) -> bool:
    """Have SIGIO sent when the last writer of ``lifeline`` is gone; true if that has happened already."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(lifeline, 0)
    return bool(poll.poll(0))


def _wait(child: int, control: int, until: float) -> None:
    """Wait for the child's end, the deadline, or the end of the process that wants the answer."""
    while (left := until - time.monotonic()) > 0:
        told = signal.sigtimedwait(_WATCHED, left)
        if told is None:
            break
        if told.si_signo == signal.SIGIO or os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
    _tell(control, deadline=True)


def _end_all(child: int) -> None:
    """Kill what was started and wait until all of it is gone.

    Where the child is the first of its own process table, its end is the end of all of them; elsewhere what it leaves
    behind becomes our child.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
            for orphan in _children():
                os.kill(orphan, signal.SIGKILL)


def _children() -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return []


def _tell(control: int, **said: Any) -> None:
    os.write(control, f"{json.dumps(said)}\n".encode())
