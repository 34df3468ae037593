"""Commands in children that are forked from a warm process, so that a run costs its own work and no imports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.project_sample import Said

PROJECT = Path(__file__).parents[1]


class Machine:
    """One user's machine: commands run in its project folder, with its home, by forked children."""

    def __init__(self, folder: Path, home: Path, server: subprocess.Popen[str], scratch: Path) -> None:
        self.folder = folder
        self.home = home
        self._server = server
        self._scratch = scratch

    def at(self, folder: Path, home: Path | None = None) -> Machine:
        return Machine(folder, home or self.home, self._server, self._scratch)

    def start(
        self, *arguments: str, uid: int | None = None, clock_seconds: int = 0, dies_at: int | None = None
    ) -> Running:
        """Start a command: as another user, with a clock that is ahead, or to be killed at its n-th durable step."""
        out, err = (self._scratch / f"{uuid.uuid4().hex}.{name}" for name in ("out", "err"))
        request = {
            "arguments": arguments,
            "folder": str(self.folder),
            "home": str(self.home),
            "uid": uid,
            "clock_seconds": clock_seconds,
            "dies_at": dies_at,
            "out": str(out),
            "err": str(err),
        }
        return Running(pid=int(self._ask({"start": request})), machine=self, out=out, err=err)

    def run(self, *arguments: str, uid: int | None = None, clock_seconds: int = 0) -> Said:
        return self.start(*arguments, uid=uid, clock_seconds=clock_seconds).wait()

    def _ask(self, request: Mapping[str, Any]) -> Any:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A command at work; it must be waited for."""

    pid: int
    machine: Machine
    out: Path
    err: Path

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> Said:
        code = int(self.machine._ask({"wait": self.pid}))
        said = Said(code=code, out=self.out.read_text(encoding="utf-8"), err=self.err.read_text(encoding="utf-8"))
        self.out.unlink()
        self.err.unlink()
        return said


@contextmanager
def machine(folder: Path, home: Path, scratch: Path) -> Iterator[Machine]:
    """Start the warm process; children can be killed, it can't be harmed by that."""
    scratch.mkdir(parents=True, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fork_server"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        yield Machine(folder, home, server, scratch)
        server.stdin.close()
