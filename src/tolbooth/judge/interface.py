"""What an engine is: it takes a bundle of modules and an input document, and gives results by package.

Owns the nouns that engines and the judge exchange. What a result object means is ``judge.results``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tolbooth.model.wire import JsonObject

RESULT_SETS = ("deny", "warn", "undecided", "passed")
"""The sets of a package that are read; each holds result objects, and each may be left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A policy file: its path in the library, with forward slashes, and its text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBundle:
    """Modules, the data document that they read, and the packages whose results are wanted."""

    modules: tuple[Module, ...]
    data: JsonObject
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageResults:
    """What one package said: the members of its sets, as JSON values that nobody has checked yet."""

    deny: tuple[Any, ...] = ()
    warn: tuple[Any, ...] = ()
    undecided: tuple[Any, ...] = ()
    passed: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationFailure:
    """Why a package could not be evaluated. ``code`` is the same on every machine, ``message`` need not be."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """By package of the bundle: its results, or why there are none."""

    packages: Mapping[str, PackageResults | EvaluationFailure]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineDescription:
    """Which engine judged. ``sha256`` is the digest of its program; ``known`` whether our shipped list names it."""

    name: str
    version: str
    sha256: str
    known: bool


class Engine(Protocol):
    """Evaluates Rego. A failing evaluation is a value; an exception means that the bundle can't be used at all."""

    def load(self, bundle: PolicyBundle) -> None:
        """Take a bundle in place of the one before.

        Raises:
            JudgeError: with every module that does not compile, at its line and column.
        """

    def evaluate(self, input_json: bytes) -> Evaluation:
        """Evaluate each package of the loaded bundle on one input document, UTF-8 JSON."""

    def describe(self) -> EngineDescription:
        """Name the engine for the judgement's attestation."""
