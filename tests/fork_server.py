"""The warm process behind ``forked``: it imports what the commands need, and forks a child for each one.

It answers one JSON line for each on its stdin: ``start`` forks a child that runs a command line in a folder, and
``wait`` gives the exit code of one.
"""

from __future__ import annotations

import codecs
import importlib
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from tolbooth.cli.main import run
from tolbooth.pipeline import workspace

WARM = (
    "pyarrow.parquet",
    "tolbooth.cli.gate_command",
    "tolbooth.cli.log_command",
    "tolbooth.cli.report_command",
    "tolbooth.cli.seal_command",
    "tolbooth.cli.store_command",
    "tolbooth.cli.verify_command",
)

DURABLE_STEPS = ("fsync", "link", "mkdir", "rename", "replace", "unlink")


def _child(request: Mapping[str, Any]) -> int:
    os.chdir(request["folder"])
    os.environ["HOME"] = request["home"]
    if request["uid"] is not None:
        # NOTE: the other user may not be able to read this interpreter's library, from where these come late.
        codecs.lookup("utf-8-sig")
        importlib.import_module("importlib.readers")
        importlib.import_module("email.parser")
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            run(["store", "check"])
        os.setgroups([])
        os.setgid(request["uid"])
        os.setuid(request["uid"])
    ahead = timedelta(seconds=request["clock_seconds"])
    defaults = workspace.open_workspace.__kwdefaults__
    assert defaults is not None
    defaults["clock"] = lambda: datetime.now(tz=UTC) + ahead
    if request["dies_at"] is not None:
        _die_at(request["dies_at"])
    code = run(request["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _die_at(step: int) -> None:
    """Be killed just before the step-th time that bytes or names are made durable or put in place, from 1."""
    done = itertools.count(1)

    def deadly(does: Callable[..., Any]) -> Callable[..., Any]:
        def may_die(*arguments: Any, **options: Any) -> Any:
            if next(done) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return does(*arguments, **options)

        return may_die

    for name in DURABLE_STEPS:
        setattr(os, name, deadly(getattr(os, name)))


def _start(request: Mapping[str, Any]) -> int:
    # NOTE: the files are there before the child is, however early it is killed.
    files = [os.open(request[name], os.O_WRONLY | os.O_CREAT, 0o666) for name in ("out", "err")]
    pid = os.fork()
    if pid:
        for file in files:
            os.close(file)
        return pid
    code = 99
    try:
        for descriptor, file in enumerate(files, start=1):
            os.dup2(file, descriptor)
            os.close(file)
        code = _child(request)
    finally:
        os._exit(code)


def _serve() -> None:
    for name in WARM:
        importlib.import_module(name)
    for name in [name for name in os.environ if name == "CI" or name.startswith(("TOLBOOTH_", "XDG_"))]:
        del os.environ[name]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            answer = _start(request["start"])
        else:
            _, status = os.waitpid(request["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        answers.write(f"{answer}\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
