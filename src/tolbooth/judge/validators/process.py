"""The other side of ``worker``: starts a validator's process, keeps what it says within bounds, and ends it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tolbooth
from tolbooth.judge.interrupts import interrupts_held
from tolbooth.judge.validators.interface import Limits

ANSWER_BYTES = 16 << 20
"""The largest answer that is read."""

PRINTED_BYTES = 1 << 20
"""How much a validator may print beside its answer."""

_GRACE_SECONDS = 10.0
"""For the start of an interpreter, and for the end of all processes after the deadline."""

_KEPT_BYTES = 4096
_ROOT = str(Path(tolbooth.__file__).parents[1])
_PROGRAM = f"import sys; sys.path.append({_ROOT!r}); from tolbooth.judge.validators.worker import main; main()"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended: what it answered, the end of what it printed, and what the kernel held shut.

    ``broke`` is the code of the limit that it was ended for. ``exit`` or ``signal`` is there where it ended by itself;
    ``left`` says that something which it had started still ran then.
    """

    answer: bytes = b""
    printed: str = ""
    fence: tuple[str, ...] = ()
    exit: int | None = None
    signal: int | None = None
    broke: str | None = None
    left: bool = False


def run_confined(request: Mapping[str, Any], *, limits: Limits, hash_seed: int = 0, namespaces: bool = True) -> Ended:
    """Run one request of ``worker`` to its end; when this returns, nothing of it runs any more.

    Args:
        request: what is to run, without the limits.
        limits: how far it may go.
        hash_seed: of Python's string hashes, from 0 to 4294967295; a fixed one by default, so that an order which
            follows it is at least always the same.
        namespaces: whether to ask the kernel for namespaces; without them fewer things are held shut.
    """
    while True:
        with TemporaryDirectory(prefix="tolbooth-validator-") as folder:
            whole = {
                **request,
                "namespaces": namespaces,
                "folder": folder,
                "deadline_seconds": limits.deadline_seconds,
                "memory_bytes": limits.memory_bytes,
                "file_bytes": limits.file_bytes,
            }
            run = _Run(json.dumps(whole).encode(), folder, hash_seed, limits.deadline_seconds)
            ended = run.to_its_end()
        # NOTE: a kernel that begins the fence and then refuses it leaves a process that can't be used.
        if not (namespaces and run.again):
            return ended
        namespaces = False


@dataclass
class _Said:
    """What came through the pipes so far."""

    answer: bytearray = field(default_factory=bytearray)
    printed: bytearray = field(default_factory=bytearray)
    printed_count: int = 0
    control: bytearray = field(default_factory=bytearray)


class _Run:
    """One process, from its start to its end."""

    def __init__(self, request: bytes, folder: str, hash_seed: int, deadline_seconds: float) -> None:
        self._request = memoryview(request)
        self._folder = folder
        self._hash_seed = hash_seed
        self._deadline_seconds = deadline_seconds
        self._said = _Said()
        self.again = False

    def to_its_end(self) -> Ended:
        """Start it, feed it, listen until it has ended."""
        ends = [os.pipe() for _ in range(3)]
        (answers, answers_w), (control, control_w), (lifeline_r, lifeline) = ends
        held = {answers, control, lifeline, answers_w, control_w, lifeline_r}
        process: subprocess.Popen[bytes] | None = None
        try:
            with interrupts_held():
                process = self._start(answers_w, control_w, lifeline_r)
            for end in (answers_w, control_w, lifeline_r):
                os.close(end)
                held.discard(end)
            broke = self._listen(process, answers, control)
        finally:
            for end in held:  # the lifeline among them, so the process ends all that it started, and itself
                os.close(end)
            if process is not None:
                _end(process)
        return self._ended(broke)

    def _start(self, answers: int, control: int, lifeline: int) -> subprocess.Popen[bytes]:
        environment = {
            "HOME": self._folder,
            "LC_ALL": "C.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONHASHSEED": str(self._hash_seed),
            "TMPDIR": self._folder,
            **dict.fromkeys(_THREADS, "1"),  # the order of a sum must not depend on the number of cores
        }
        pipes = (answers, control, lifeline)
        return subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [sys.executable, "-s", "-P", "-B", "-c", _PROGRAM, *(str(each) for each in pipes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=self._folder,
            start_new_session=True,
            pass_fds=pipes,
            bufsize=0,
        )

    def _listen(self, process: subprocess.Popen[bytes], answers: int, control: int) -> str | None:
        """Move bytes both ways until the process has told its end; the code of a broken limit, if one was."""
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, printed = process.stdin.fileno(), process.stdout.fileno()
        poll = select.poll()
        for end, event in ((stdin, select.POLLOUT), *((each, select.POLLIN) for each in (answers, control, printed))):
            os.set_blocking(end, False)
            poll.register(end, event)
        until = time.monotonic() + self._deadline_seconds + _GRACE_SECONDS
        open_ends = {stdin, answers, control, printed}
        while control in open_ends:
            ready = poll.poll(max(0, int((until - time.monotonic()) * 1000)))
            if not ready:
                return "judge.deadline"
            # NOTE: control last, so that what was said before the end is heard.
            for end, _ in sorted(ready, key=lambda pair: pair[0] == control):
                more = self._feed(process) if end == stdin else self._hear(end, answers, printed)
                if not more:
                    poll.unregister(end)
                    open_ends.discard(end)
            if broke := self._broke():
                return broke
        for end in open_ends & {answers, printed}:
            while self._hear(end, answers, printed, at_end=True) and not self._broke():
                pass
        return self._broke()

    def _feed(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.stdin is not None
        try:
            self._request = self._request[os.write(process.stdin.fileno(), self._request[: 1 << 20]) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            self._request = self._request[:0]
        if self._request:
            return True
        process.stdin.close()
        return False

    def _hear(self, end: int, answers: int, printed: int, *, at_end: bool = False) -> bool:
        """Read what is there; false when nothing will follow."""
        try:
            piece = os.read(end, 1 << 20)
        except BlockingIOError:
            return not at_end
        if end == answers:
            self._said.answer += piece
        elif end == printed:
            self._said.printed_count += len(piece)
            self._said.printed = (self._said.printed + piece)[-_KEPT_BYTES:]
        else:
            self._said.control += piece
        return bool(piece)

    def _broke(self) -> str | None:
        if len(self._said.answer) > ANSWER_BYTES:
            return "judge.answer-size"
        return "judge.output-size" if self._said.printed_count > PRINTED_BYTES else None

    def _ended(self, broke: str | None) -> Ended:
        told: dict[str, Any] = {}
        for line in self._said.control.splitlines():
            told |= json.loads(line)
        self.again = bool(told.get("again"))
        # NOTE: what ended by itself at the very deadline has ended by itself.
        late = told.get("deadline") and told.get("exit") is None and told.get("signal") is None
        return Ended(
            answer=bytes(self._said.answer),
            printed=self._said.printed.decode(errors="replace").strip(),
            fence=tuple(told.get("fence", ())),
            exit=told.get("exit"),
            signal=told.get("signal"),
            left=bool(told.get("left")),
            broke=broke or ("judge.deadline" if late else None),
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
