"""A worker of the embedded engine that proves: it reads syntax, runs tests and tries mutants, within a deadline.

The engine's process, limits and errors are those of ``judge.rego``; one that died is replaced at the next question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from tolbooth.judge.interface import EvaluationFailure, Module
from tolbooth.judge.proving.syntax import Tree
from tolbooth.judge.rego import engine_text
from tolbooth.judge.rego.embedded import MEMORY_BYTES
from tolbooth.judge.rego.extension import find_extension
from tolbooth.judge.rego.process import WorkerGoneError, WorkerProcess
from tolbooth.model.errors import JudgeError, Problem

TEST_SECONDS = 10.0
"""The longest that one test may take."""


class ProvingSession:
    """One worker; use it as a context manager.

    Args:
        deadline_seconds: for each question.
        memory_bytes: address space of the worker.
    """

    def __init__(self, *, deadline_seconds: float = TEST_SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._deadline_seconds = deadline_seconds
        self._memory_bytes = memory_bytes
        self._extension = find_extension()
        self._worker: WorkerProcess | None = None
        self._armed: tuple[Module, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._worker is not None:
            self._worker.close()
        self._worker = None

    def trees(self, modules: Sequence[Module]) -> dict[str, Tree]:
        """The syntax trees of modules, by path.

        Raises:
            JudgeError: ``policy.compile`` for one that does not parse, or how the worker failed.
        """
        asked = {"do": "syntax", "modules": _pairs(modules)}
        answer = self._answered(self._ask(asked), modules)
        return {module.path: Tree(module, answer["trees"][module.path]) for module in modules}

    def arm(self, modules: Sequence[Module]) -> None:
        """Load modules for ``run``.

        Raises:
            JudgeError: ``policy.compile`` with every module that does not compile, or how the worker failed.
        """
        answer = self._answered(self._ask({"do": "arm", "modules": _pairs(modules)}), modules)
        failures = answer.get("failures", [])
        if failures:
            raise JudgeError(_problems(failures, modules))
        self._armed = tuple(modules)

    def run(self, rule: str) -> dict[str, Any] | EvaluationFailure:
        """The ``values`` (none or one) of a rule of the modules that were loaded, and its ``prints``."""
        if self._worker is None:
            self.arm(self._armed)
        answer = self._ask({"do": "test", "rule": rule})
        if isinstance(answer, EvaluationFailure):
            return answer
        if "error" in answer:
            return EvaluationFailure(code=answer["error"], message=engine_text.sentence(answer["text"], self._armed))
        return answer

    def reached(self) -> Mapping[str, tuple[list[int], list[int]]]:
        """By module: the lines that were reached since it was loaded, and those that were not."""
        if self._worker is None:
            self.arm(self._armed)
        answer = self._answered(self._ask({"do": "coverage"}), self._armed)
        return {path: (lines[0], lines[1]) for path, lines in answer["files"].items()}

    def ends(
        self, others: Sequence[Module], path: str, texts: Sequence[str], query: str, *, deadline_seconds: float
    ) -> list[str] | None:
        """For each text of the module at ``path``: killed, invalid or survived; None where the worker died of it."""
        asked = {"do": "mutate", "modules": _pairs(others), "path": path, "texts": list(texts), "query": query}
        answer = self._ask(asked, deadline_seconds=deadline_seconds)
        if isinstance(answer, EvaluationFailure) or "error" in answer:
            return None
        return list(answer["ends"])

    def _ask(
        self, request: dict[str, Any], *, deadline_seconds: float | None = None
    ) -> dict[str, Any] | EvaluationFailure:
        try:
            if self._worker is None:
                self._worker = WorkerProcess(self._extension.path, memory_bytes=self._memory_bytes)
            return self._worker.ask(request, deadline_seconds=deadline_seconds or self._deadline_seconds)
        except WorkerGoneError as gone:
            self._worker = None
            return gone.failure

    def _answered(self, answer: dict[str, Any] | EvaluationFailure, modules: Sequence[Module]) -> dict[str, Any]:
        if isinstance(answer, EvaluationFailure):
            raise JudgeError.of(answer.code, answer.message)
        if "error" in answer:
            raise JudgeError(engine_text.problem("policy.compile", "", answer["text"], modules))
        return answer


def _pairs(modules: Iterable[Module]) -> list[tuple[str, str]]:
    return [(module.path, module.text) for module in modules]


def _problems(failures: Iterable[dict[str, str]], modules: Sequence[Module]) -> list[Problem]:
    return [engine_text.problem("policy.compile", each["path"], each["text"], modules) for each in failures]
