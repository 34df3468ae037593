"""The embedded engine: regorus, always in a worker process that may die without harm."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tolbooth.judge.interface import (
    EngineDescription,
    Evaluation,
    EvaluationFailure,
    Module,
    PackageResults,
    PolicyBundle,
)
from tolbooth.judge.rego import engine_text
from tolbooth.judge.rego.extension import describe_extension, find_extension
from tolbooth.judge.rego.process import WorkerGoneError, WorkerProcess
from tolbooth.model.errors import JudgeError

DEADLINE_SECONDS = 60.0
MEMORY_BYTES = 2 << 30


class EmbeddedEngine:
    """Evaluates Rego in a worker process with a deadline and a memory limit; use it as a context manager.

    Args:
        deadline_seconds: for loading a bundle, and for each package of an evaluation.
        memory_bytes: address space of the worker; below 256 MiB the engine itself may not start.
    """

    def __init__(self, *, deadline_seconds: float = DEADLINE_SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._deadline_seconds = deadline_seconds
        self._memory_bytes = memory_bytes
        self._extension = find_extension()
        self._bundle: PolicyBundle | None = None
        self._worker: WorkerProcess | None = None
        self._input: bytes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker; the next use starts another one."""
        if self._worker is not None:
            self._worker.close()
        self._worker = None

    def load(self, bundle: PolicyBundle) -> None:
        """Take a bundle in place of the one before.

        Raises:
            JudgeError: ``policy.compile`` with every module that does not compile, at its line and column;
                ``judge.deadline``, ``judge.memory`` or ``judge.worker-died`` if the worker does not survive it.
        """
        if self._worker is not None and bundle == self._bundle:
            return
        self._bundle = bundle
        self._input = None
        try:
            self._load(self._started())
        except WorkerGoneError as gone:
            self._worker = None
            self._bundle = None
            raise JudgeError.of(gone.failure.code, f"loading the policy: {gone.failure.message}") from gone
        except JudgeError:
            self._bundle = None
            raise

    def evaluate(self, input_json: bytes) -> Evaluation:
        """Evaluate package by package, so that one that fails, hangs or crashes takes down no other.

        Raises:
            JudgeError: ``judge.no-bundle`` if nothing was loaded.
        """
        if self._bundle is None:
            raise JudgeError.of("judge.no-bundle", "no policy was loaded")
        self._input = input_json
        found: dict[str, PackageResults | EvaluationFailure] = {}
        while rest := tuple(package for package in self._bundle.packages if package not in found):
            found |= self._evaluate(rest, input_json)
        return Evaluation(packages={package: found[package] for package in self._bundle.packages})

    def describe(self) -> EngineDescription:
        """The engine, by the SHA-256 of its extension."""
        return describe_extension(self._extension)

    def document(self, path: str) -> Any:
        """Any document of the loaded bundle, such as ``data.fairness_test``; None if it is undefined.

        Raises:
            JudgeError: with the code and text of the evaluation's failure.
        """
        answer = self._attempt(lambda: self._ask({"do": "document", "path": path}))
        if isinstance(answer, EvaluationFailure):
            raise JudgeError.of(answer.code, answer.message)
        return next(iter(answer["values"]), None)

    def _evaluate(self, packages: tuple[str, ...], input_json: bytes) -> dict[str, PackageResults | EvaluationFailure]:
        """At least one of some packages; the worker's death belongs to the package that it was evaluating.

        A worker that does not take the input evaluates none of them. Answers that were lost with it are asked again.
        """
        found: dict[str, PackageResults | EvaluationFailure] = {}
        try:
            answers = self._loaded().ask_each(
                {"do": "evaluate", "packages": packages},
                1 + len(packages),
                body=input_json,
                deadline_seconds=self._deadline_seconds,
            )
            said = next(answers)
            if "error" in said:
                return dict.fromkeys(packages, self._failure(said))
            for package, answer in zip(packages, answers, strict=True):
                found[package] = self._results(package, answer)
        except WorkerGoneError as gone:
            self._worker = None
            at = max(gone.position - 1, len(found))
            blamed = packages[at : at + 1] if gone.position else packages
            found |= dict.fromkeys(blamed, gone.failure)
        return found

    def _results(self, package: str, answer: dict[str, Any]) -> PackageResults | EvaluationFailure:
        if "error" in answer:
            return self._failure(answer)
        sets = {name: values[0] for name, values in answer.items() if values}
        wrong = [name for name, found in sets.items() if not isinstance(found, list)]
        if wrong:
            text = f"data.{package}.{wrong[0]} is not a set: write '{wrong[0]} contains {{…}} if {{…}}'"
            return EvaluationFailure(code="judge.result-shape", message=text)
        return PackageResults(**{name: tuple(found) for name, found in sets.items()})

    @property
    def _modules(self) -> tuple[Module, ...]:
        return self._bundle.modules if self._bundle is not None else ()

    def _attempt(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any] | EvaluationFailure:
        try:
            answer = call()
        except WorkerGoneError as gone:
            self._worker = None
            return gone.failure
        return self._failure(answer) if "error" in answer else answer

    def _failure(self, answer: dict[str, Any]) -> EvaluationFailure:
        return EvaluationFailure(code=answer["error"], message=engine_text.sentence(answer["text"], self._modules))

    def _ask(self, request: dict[str, Any], *, body: bytes | None = None) -> dict[str, Any]:
        return self._ready().ask(request, body=body, deadline_seconds=self._deadline_seconds)

    def _ready(self) -> WorkerProcess:
        """A worker with bundle and input, as before the last one died."""
        fresh = self._worker is None
        worker = self._loaded()
        if fresh and self._input is not None:
            worker.ask({"do": "input"}, body=self._input, deadline_seconds=self._deadline_seconds)
        return worker

    def _loaded(self) -> WorkerProcess:
        if self._worker is None:
            self._load(self._started())
        assert self._worker is not None
        return self._worker

    def _started(self) -> WorkerProcess:
        if self._worker is None:
            self._worker = WorkerProcess(self._extension.path, memory_bytes=self._memory_bytes)
        return self._worker

    def _load(self, worker: WorkerProcess) -> None:
        assert self._bundle is not None
        modules = [(module.path, module.text) for module in self._bundle.modules]
        data, packages = dict(self._bundle.data), self._bundle.packages
        request = {"do": "load", "modules": modules, "data": data, "packages": packages}
        answer = worker.ask(request, deadline_seconds=self._deadline_seconds)
        if "error" in answer:
            raise JudgeError.of(
                answer["error"], f"loading the policy: {engine_text.sentence(answer['text'], self._modules)}"
            )
        failures = answer.get("failures", [])
        if failures:
            raise JudgeError(
                [engine_text.problem("policy.compile", each["path"], each["text"], self._modules) for each in failures]
            )
