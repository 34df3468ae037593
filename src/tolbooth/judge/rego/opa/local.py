"""An OPA of our own: the ``opa`` program, started for one policy on a Unix socket that only we can reach."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from tolbooth.judge.interface import Module
from tolbooth.judge.interrupts import interrupts_held
from tolbooth.judge.rego.opa.client import Answer, Endpoint, OpaClient
from tolbooth.judge.rego.opa.failures import OpaFailedError, compile_error
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import JudgeError
from tolbooth.model.wire import JsonObject

MEMORY_BYTES = 4 << 30
"""Address space, which Go reserves generously: twice that of the embedded engine's worker."""

START_SECONDS = 30.0
_POLICIES = "policies/"
_GUARD = Path(__file__).with_name("guard.py")
_LONGEST_SOCKET_PATH = 100
_SAID_BYTES = 64 << 10
_FLAGS = ("--skip-version-check", "--log-level", "error", "--log-format", "json", "--unix-socket-perm", "600")


def find_opa(named: str | Path | None = None) -> Path:
    """The ``opa`` program on the path, or the one that is named.

    Raises:
        JudgeError: ``judge.opa-missing``.
    """
    found = shutil.which(named if named is not None else "opa")
    if found is None:
        raise JudgeError.of(
            "judge.opa-missing",
            "there is no opa on the path" if named is None else f"there is no program {named}",
            hint="install Open Policy Agent, name it in policy.opa.binary, or name a server in policy.opa.url",
        )
    return Path(found).resolve()


class LocalOpa:
    """Runs OPA for one policy at a time; no other user and no other program of the machine is asked or served."""

    id_prefix = _POLICIES
    isolates = True
    """Whether a package that fails can be told from the others by asking each alone, at no risk to the next."""

    def __init__(self, binary: Path, *, memory_bytes: int = MEMORY_BYTES) -> None:
        self._binary = binary
        self._memory_bytes = memory_bytes
        self._modules: tuple[Module, ...] = ()
        self._data: JsonObject = {}
        self._client: OpaClient | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None
        self._errors: Any = None

    @cached_property
    def sha256(self) -> str:
        """The digest of the program."""
        return sha256_hex(self._binary.read_bytes())

    def load(self, modules: Iterable[Module], data: JsonObject, *, seconds: float) -> None:
        """Start with these modules and this data.

        Raises:
            JudgeError: ``policy.compile`` with every mistake, at its line and column.
            OpaFailedError: ``judge.opa-start`` if it does not come up.
        """
        self._modules, self._data = tuple(modules), data
        self._start(seconds)

    def ask(self, path: str, body: bytes, *, seconds: float) -> Answer:
        """Post a question; OPA is started again where the question before was its end.

        Raises:
            OpaFailedError: as ``OpaClient.ask``; ``judge.memory`` or ``judge.worker-died`` where OPA died of it.
        """
        if self._client is None:
            self._start(seconds)
        assert self._client is not None
        try:
            return self._client.ask("POST", path, body=body, seconds=seconds)
        except OpaFailedError as failed:
            # NOTE: OPA goes on with a question that nobody waits for any more.
            died = None if failed.failure.code == "judge.deadline" else self._death()
            self.close()
            if died is not None:
                raise died from failed
            raise

    def close(self) -> None:
        """End the process; the next use starts another one."""
        if self._client is not None:
            self._client.close()
        self._client = None
        if self._lifeline is not None:
            os.close(self._lifeline)
        self._lifeline = None
        if self._process is not None:
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        if self._errors is not None:
            self._errors.close()
        self._errors = None

    def _start(self, seconds: float) -> None:
        self.close()
        folder = _private_folder()
        try:
            self._write(folder)
            self._run(folder)
            self._await(folder / "opa.sock", min(seconds, START_SECONDS))
        except BaseException:
            self.close()
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _write(self, folder: Path) -> None:
        for module in self._modules:
            path = folder / "bundle" / _POLICIES / module.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(module.text, encoding="utf-8")
        (folder / "bundle" / "data.json").write_text(json.dumps(dict(self._data)), encoding="utf-8")

    def _run(self, folder: Path) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        read_end, self._lifeline = os.pipe()
        command = [str(self._binary), "run", "--server", "--addr", f"unix://{folder / 'opa.sock'}", *_FLAGS, "."]
        try:
            with interrupts_held():
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
                    [
                        *(sys.executable, "-I", "-S", "-B", str(_GUARD)),
                        *(str(read_end), str(self._memory_bytes), str(folder)),
                        *command,
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._errors,
                    env={},
                    cwd=folder / "bundle",
                    start_new_session=True,
                    pass_fds=(read_end,),
                )
        except OSError as error:
            raise OpaFailedError("judge.opa-start", f"{self._binary} can't be started: {error}") from error
        finally:
            os.close(read_end)

    def _await(self, socket_path: Path, seconds: float) -> None:
        """Wait until OPA answers; one that ends instead is asked why."""
        assert self._process is not None
        client = OpaClient(Endpoint(name=str(self._binary), socket_path=socket_path))
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise self._start_error(seconds)
            try:
                client.ask("GET", "/health", seconds=max(0.1, until - time.monotonic()))
            except OpaFailedError:
                time.sleep(0.005)
                continue
            self._client = client
            return
        client.close()
        raise OpaFailedError("judge.deadline", f"{self._binary} did not come up within {seconds:g} seconds")

    def _start_error(self, seconds: float) -> JudgeError | OpaFailedError:
        """What is wrong with the policy, as OPA's own check says it; or what OPA said last."""
        folder = _private_folder()
        try:
            self._write(folder)
            checked = subprocess.run(  # noqa: S603 - the binary that the settings name
                [str(self._binary), "check", "--format", "json", "--max-errors", "0", _POLICIES.rstrip("/")],
                cwd=folder / "bundle",
                env={},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
            found = compile_error(json.loads(checked.stdout or checked.stderr), _POLICIES, self._modules)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            found = None
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if found is not None:
            return found
        return OpaFailedError("judge.opa-start", f"{self._binary} does not run: {_last_words(self._said())}")

    def _death(self) -> OpaFailedError | None:
        """Why the process is no longer there; None if it still is."""
        assert self._process is not None
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return None
        said = self._said()
        if "out of memory" in said or "cannot allocate" in said:
            return OpaFailedError("judge.memory", "the policy needs more memory than the limit allows")
        return OpaFailedError("judge.worker-died", f"OPA's process died (exit status {code}): {_last_words(said)}")

    def _said(self) -> str:
        self._errors.seek(0)
        return str(self._errors.read(_SAID_BYTES).decode(errors="replace"))


def _last_words(said: str) -> str:
    """Its first line that is more than a warning."""
    lines = (" ".join(line.split()) for line in said.splitlines() if '"level":"warning"' not in line)
    return next((line[:300] for line in lines if line), "it gave no reason")


def _private_folder() -> Path:
    """A folder that only this user can enter, with a path that is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="tolbooth-opa-"))
    if len(str(folder)) < _LONGEST_SOCKET_PATH - len("/opa.sock"):
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="tolbooth-opa-", dir="/tmp"))
