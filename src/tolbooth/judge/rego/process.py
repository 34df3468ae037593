"""The other side of ``worker``: starts the process, talks to it within a deadline, and ends it."""

from __future__ import annotations

import json
import mmap
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tolbooth.judge.interface import EvaluationFailure
from tolbooth.judge.interrupts import interrupts_held
from tolbooth.judge.rego.worker import POSITION

ANSWER_BYTES = 64 << 20
"""The largest answer that is read: result sets are small, and a policy may be hostile."""

START_SECONDS = 30.0
_READ_BYTES = 1 << 16
_PROGRAM = Path(__file__).with_name("worker.py")
_ENVIRONMENT = {"RUST_BACKTRACE": "0"}


class WorkerGoneError(Exception):
    """The worker died, or was ended because it broke a limit; ``failure`` says which, in our codes.

    ``position`` says how many parts of the request it had done by then; some of their answers may not have come.
    """

    def __init__(self, code: str, message: str, *, position: int = 0) -> None:
        super().__init__(message)
        self.failure = EvaluationFailure(code=code, message=message)
        self.position = position


class WorkerProcess:
    """A running worker. After ``WorkerGoneError`` it is ended and can't be used again."""

    def __init__(self, extension: Path, *, memory_bytes: int) -> None:
        self._read_ahead = bytearray()
        with ExitStack() as undo:
            try:
                self._errors = undo.enter_context(tempfile.TemporaryFile())
                self._shared = undo.enter_context(tempfile.TemporaryFile(buffering=0))
                self._shared.write(bytes(POSITION.size))  # where there is no room, it is seen here
                self._position = undo.enter_context(mmap.mmap(self._shared.fileno(), POSITION.size))
            except OSError as error:
                raise _not_started(error) from error
            with interrupts_held():
                self._process, self._lifeline = self._start(extension, memory_bytes)
                undo.callback(self.close)
            self._greet()
            undo.pop_all()

    def _start(self, extension: Path, memory_bytes: int) -> tuple[subprocess.Popen[bytes], int | None]:
        read_end, write_end = os.pipe()
        given = (str(extension), str(memory_bytes), str(read_end), str(self._shared.fileno()))
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
                [sys.executable, "-I", "-S", "-B", str(_PROGRAM), *given],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
                pass_fds=(read_end, self._shared.fileno()),
                bufsize=0,
            )
        except OSError as error:
            os.close(write_end)
            raise _not_started(error) from error
        finally:
            os.close(read_end)
        return process, write_end

    def _greet(self) -> None:
        """Wait until the process says that it is there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = self._process.stdin.fileno()
        self._answers = self._process.stdout.fileno()
        os.set_blocking(self._requests, False)
        self._writable, self._readable = select.poll(), select.poll()
        self._writable.register(self._requests, select.POLLOUT)
        self._readable.register(self._answers, select.POLLIN)
        self._receive(time.monotonic() + START_SECONDS, START_SECONDS)

    def ask(self, request: dict[str, Any], *, body: bytes | None = None, deadline_seconds: float) -> dict[str, Any]:
        """Send one request, with a body where it has one, and wait for its answer.

        Raises:
            WorkerGoneError: ``judge.deadline``, ``judge.memory``, ``judge.answer-size`` or ``judge.worker-died``.
        """
        return next(self.ask_each(request, 1, body=body, deadline_seconds=deadline_seconds))

    def ask_each(
        self, request: dict[str, Any], count: int, *, body: bytes | None = None, deadline_seconds: float
    ) -> Iterator[dict[str, Any]]:
        """Send one request that gets ``count`` answers, and give each as it comes; the deadline is for each of them.

        All must be taken before the next request.

        Raises:
            WorkerGoneError: as ``ask``.
        """
        until = time.monotonic() + deadline_seconds
        head = {**request, "deadline_seconds": deadline_seconds, "body": body is not None}
        POSITION.pack_into(self._position, 0, 0)
        frames = [json.dumps(head).encode(), *([] if body is None else [body])]
        self._send(b"".join(struct.pack(">I", len(frame)) + frame for frame in frames), until, deadline_seconds)
        for _ in range(count):
            yield self._receive(time.monotonic() + deadline_seconds, deadline_seconds)

    def close(self) -> None:
        """End the process, whatever it is doing; to close twice is harmless."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        for stream in (self._process.stdin, self._process.stdout, self._errors, self._shared, self._position):
            if stream is not None:
                stream.close()

    def _send(self, content: bytes, until: float, deadline_seconds: float) -> None:
        rest = memoryview(content)
        while rest:
            self._wait(self._writable, until, deadline_seconds)
            try:
                rest = rest[os.write(self._requests, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._gone() from None

    def _receive(self, until: float, deadline_seconds: float) -> dict[str, Any]:
        (length,) = struct.unpack(">I", self._read(4, until, deadline_seconds))
        if length > ANSWER_BYTES:
            raise self._end("judge.answer-size", f"the policy's results are larger than {ANSWER_BYTES >> 20} MiB")
        content = self._read(length, until, deadline_seconds)
        try:
            answer: dict[str, Any] = json.loads(content)
        except (ValueError, RecursionError) as error:  # an integer of 5,000 digits, or endless nesting
            return {"error": "judge.evaluation", "text": str(error)}
        return answer

    def _read(self, count: int, until: float, deadline_seconds: float) -> bytes:
        while len(self._read_ahead) < count:
            self._wait(self._readable, until, deadline_seconds)
            piece = os.read(self._answers, _READ_BYTES)
            if not piece:
                raise self._gone()
            self._read_ahead += piece
        found = bytes(self._read_ahead[:count])
        del self._read_ahead[:count]
        return found

    def _wait(self, poll: select.poll, until: float, deadline_seconds: float) -> None:
        if not poll.poll(max(0, int((until - time.monotonic()) * 1000))):
            raise self._end("judge.deadline", f"no answer within {deadline_seconds:g} seconds")

    def _gone(self) -> WorkerGoneError:
        """What to say of a worker that ended by itself."""
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return self._end("judge.worker-died", "the engine's process stopped answering")
        self._errors.seek(0)
        said = self._errors.read(4096).decode(errors="replace").strip()
        if "memory allocation of" in said or "MemoryError" in said:
            return self._end("judge.memory", "the policy needs more memory than the limit allows")
        reason = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        last = f": {said.splitlines()[-1]}" if said else ""
        return self._end("judge.worker-died", f"the engine's process died ({reason}){last}")

    def _end(self, code: str, message: str) -> WorkerGoneError:
        (position,) = POSITION.unpack_from(self._position)
        self.close()
        return WorkerGoneError(code, message, position=position)


def _not_started(error: OSError) -> WorkerGoneError:
    return WorkerGoneError("judge.worker-start", f"the engine's process can't start: {error}")
