"""The OPA engine: the same packages, sets and failures as the embedded one, from an OPA that runs elsewhere.

What is asked of OPA is one module that we add, ``tolbooth.asked``; the library's own modules are loaded as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from secrets import token_hex
from types import TracebackType
from typing import Any, Protocol, Self

from tolbooth.judge.interface import (
    RESULT_SETS,
    EngineDescription,
    Evaluation,
    EvaluationFailure,
    Module,
    PackageResults,
    PolicyBundle,
)
from tolbooth.judge.rego.opa.client import Answer, Endpoint
from tolbooth.judge.rego.opa.failures import OpaFailedError, evaluation_error, says
from tolbooth.judge.rego.opa.local import LocalOpa
from tolbooth.judge.rego.opa.server import ASKED_PATH, ServerOpa
from tolbooth.model.errors import JudgeError
from tolbooth.model.wire import JsonObject

DEADLINE_SECONDS = 60.0
_ASKED = "/v1/data/tolbooth/asked/{}?strict-builtin-errors=true&provenance=true"
_NO_INPUT = b'{"input":null}'


class Opa(Protocol):
    """An OPA that takes modules and data, and answers questions about them.

    ``sha256`` is the digest of its program, empty where that can't be known; ``id_prefix`` is what our modules' names
    begin with there; ``isolates`` says whether a failing package may be looked for by asking each alone.
    """

    @property
    def sha256(self) -> str: ...  # noqa: D102

    @property
    def id_prefix(self) -> str: ...  # noqa: D102

    @property
    def isolates(self) -> bool: ...  # noqa: D102

    def load(self, modules: Iterable[Module], data: JsonObject, *, seconds: float) -> None: ...  # noqa: D102

    def ask(self, path: str, body: bytes, *, seconds: float) -> Answer: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class OpaEngine:
    """Evaluates Rego on a real OPA; use it as a context manager.

    An OPA that can't be reached, or that is another one than expected, is no exception: every package fails, with the
    reason.

    Args:
        opa: where it runs.
        run: names this run in every answer.
        version: the one version that is accepted; None accepts those that we have compared.
        deadline_seconds: for every exchange with it.
    """

    def __init__(
        self, opa: Opa, run: str, *, version: str | None = None, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._opa = opa
        self._run = run
        self._wanted = version
        self._seconds = deadline_seconds
        self._version = "unknown"
        self._bundle: PolicyBundle | None = None
        self._failure: EvaluationFailure | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave OPA as it was found, or end it if it is ours."""
        self._opa.close()

    def load(self, bundle: PolicyBundle) -> None:
        """Take a bundle in place of the one before.

        Raises:
            JudgeError: ``policy.compile`` with every module that does not compile, at its line and column.
        """
        self._bundle, self._failure = None, None
        try:
            self._opa.load((_asked_module(bundle, self._run), *bundle.modules), bundle.data, seconds=self._seconds)
            self._result("run", _NO_INPUT)
        except OpaFailedError as failed:
            self._failure = failed.failure
        self._bundle = bundle

    def evaluate(self, input_json: bytes) -> Evaluation:
        """Evaluate all packages at once; where a rule fails, each alone, so that it takes down no other.

        Raises:
            JudgeError: ``judge.no-bundle`` if nothing was loaded.
        """
        if self._bundle is None:
            raise JudgeError.of("judge.no-bundle", "no policy was loaded")
        packages = self._bundle.packages
        if self._failure is not None:
            return Evaluation(packages=dict.fromkeys(packages, self._failure))
        body = b'{"input":' + input_json + b"}"
        together = self._packages("all", body, packages)
        if isinstance(together, EvaluationFailure) and (self._opa.isolates or together.code == "judge.evaluation"):
            return Evaluation(packages={each: self._alone(at, each, body) for at, each in enumerate(packages)})
        if isinstance(together, EvaluationFailure):
            return Evaluation(packages=dict.fromkeys(packages, together))
        return Evaluation(packages={package: _package_results(package, together[package]) for package in packages})

    def describe(self) -> EngineDescription:
        """OPA by its version, and by its program's SHA-256 where it runs here.

        A server's program can't be known from outside, so ``known`` says only that we have compared its version.
        """
        known = self._version in known_versions()
        return EngineDescription(name="opa", version=self._version, sha256=self._opa.sha256, known=known)

    def _alone(self, position: int, package: str, body: bytes) -> PackageResults | EvaluationFailure:
        found = self._packages(f"package_{position}", body, (package,))
        return found if isinstance(found, EvaluationFailure) else _package_results(package, found[package])

    def _packages(
        self, question: str, body: bytes, packages: tuple[str, ...]
    ) -> Mapping[str, Mapping[str, Any]] | EvaluationFailure:
        """By package: its sets, each as a list of no or one value."""
        assert self._bundle is not None
        try:
            found = self._result(question, body)
        except OpaFailedError as failed:
            return failed.failure
        told = found.get("packages") if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping) or found.get("run") != self._run or found.get("data") != self._bundle.data:
            text = "OPA's policies or data were changed while they were used"
            return EvaluationFailure(code="judge.opa-changed", message=text)
        if not isinstance(told, Mapping) or not all(_has_sets(told.get(package)) for package in packages):
            return EvaluationFailure(code="judge.opa-answer", message="OPA's answer lacks results that were asked for")
        return told

    def _result(self, question: str, body: bytes) -> Any:
        """The document that a rule of ``tolbooth.asked`` makes, after looking at who made it."""
        answer = self._opa.ask(_ASKED.format(question), body, seconds=self._seconds)
        if answer.status != HTTPStatus.OK:
            said = evaluation_error(answer.document, self._opa.id_prefix)
            if said is not None:
                raise OpaFailedError("judge.evaluation", said)
            raise OpaFailedError(
                "judge.opa-status", f"OPA answered with status {answer.status}: {says(answer.document)}"
            )
        if not isinstance(answer.document, Mapping):
            raise OpaFailedError("judge.opa-answer", "OPA's answer is no object")
        self._look_at_version(answer.document)
        if "result" not in answer.document:
            raise OpaFailedError("judge.opa-answer", "OPA's answer has no result: are our policies still there?")
        return answer.document["result"]

    def _look_at_version(self, document: Mapping[str, Any]) -> None:
        provenance = document.get("provenance")
        version = provenance.get("version") if isinstance(provenance, Mapping) else None
        if not isinstance(version, str):
            raise OpaFailedError("judge.opa-version", "OPA does not tell its version")
        self._version = version
        if self._wanted is not None and version != self._wanted:
            text = f"OPA is version {version}, and policy.opa.version asks for {self._wanted}"
            raise OpaFailedError("judge.opa-version", text)
        if self._wanted is None and version not in known_versions():
            compared = " and ".join(sorted(known_versions()))
            text = f"OPA {version} was not compared with the embedded engine ({compared} were)"
            raise OpaFailedError("judge.opa-version", f"{text}; policy.opa.version: {version} accepts it all the same")


def local_engine(opa: LocalOpa, *, version: str | None = None, deadline_seconds: float = DEADLINE_SECONDS) -> OpaEngine:
    """An engine on an OPA of our own."""
    return OpaEngine(opa, token_hex(8), version=version, deadline_seconds=deadline_seconds)


def server_engine(
    endpoint: Endpoint, *, version: str | None = None, deadline_seconds: float = DEADLINE_SECONDS
) -> OpaEngine:
    """An engine on a team's server."""
    run = token_hex(8)
    return OpaEngine(ServerOpa(endpoint, run), run, version=version, deadline_seconds=deadline_seconds)


@cache
def known_versions() -> frozenset[str]:
    """The versions of OPA on which the library was found to decide as on the embedded engine."""
    content = json.loads(files("tolbooth.judge.rego.opa").joinpath("known_opa.json").read_text(encoding="utf-8"))
    return frozenset(content["versions"])


def _asked_module(bundle: PolicyBundle, run: str) -> Module:
    """The rules whose documents we read: ``all``, one for each package, and ``run``."""
    questions = {package: _question(package) for package in bundle.packages}
    data = ", ".join(f"{json.dumps(key)}: data[{json.dumps(key)}]" for key in sorted(bundle.data))
    signed = f'"run": {json.dumps(run)}, "data": {{{data}}}'
    rules = [f"package tolbooth.asked\n\nrun := {json.dumps(run)}"]
    for name, packages in {
        "all": bundle.packages,
        **{f"package_{position}": (package,) for position, package in enumerate(bundle.packages)},
    }.items():
        told = ", ".join(f"{json.dumps(package)}: {questions[package]}" for package in packages)
        rules.append(f'{name} := {{{signed}, "packages": {{{told}}}}}')
    return Module(path=ASKED_PATH, text="\n\n".join(rules) + "\n")


def _question(package: str) -> str:
    sets = ", ".join(f'"{name}": [found | found := data.{package}.{name}]' for name in RESULT_SETS)
    return f"{{{sets}}}"


def _has_sets(told: object) -> bool:
    return isinstance(told, Mapping) and all(isinstance(told.get(name), list) for name in RESULT_SETS)


def _package_results(package: str, told: Mapping[str, Any]) -> PackageResults | EvaluationFailure:
    sets = {name: told[name][0] for name in RESULT_SETS if told[name]}
    wrong = [name for name, found in sets.items() if not isinstance(found, list)]
    if wrong:
        text = f"data.{package}.{wrong[0]} is not a set: write '{wrong[0]} contains {{…}} if {{…}}'"
        return EvaluationFailure(code="judge.result-shape", message=text)
    return PackageResults(**{name: tuple(found) for name, found in sets.items()})
