"""Syntax trees of modules, as the embedded engine parses them, in its worker: a module may be hostile to a parser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tolbooth.judge.interface import Module
from tolbooth.judge.rego import engine_text
from tolbooth.judge.rego.extension import find_extension
from tolbooth.judge.rego.process import WorkerGoneError, WorkerProcess
from tolbooth.model.errors import Place, Problem

DEADLINE_SECONDS = 10.0
"""For each module: a file of rules parses in milliseconds, unless its brackets are nested without end."""

MEMORY_BYTES = 2 << 30

_BRACKET = re.compile(r'#[^\n]*|"(?:\\.|[^"\\\n])*"|`[^`]*`|(?P<opening>[({\[])|(?P<closing>[)}\]])')


def parse(modules: Iterable[Module]) -> tuple[Mapping[str, Mapping[str, Any]], tuple[Problem, ...]]:
    """Parse modules, each alone, so that one that can't be parsed hides no other.

    Returns:
        The engine's tree of each module that parses, by path; and ``policy.syntax`` (or ``judge.*``, where the parser
        hung or died) for each that does not.

    Raises:
        JudgeError: ``judge.engine-missing`` where the embedded engine is not installed.
    """
    trees: dict[str, Mapping[str, Any]] = {}
    problems: list[Problem] = []
    workers = _Workers()
    with _closing(workers):
        for module in modules:
            answer = _parsed(workers, module)
            if isinstance(answer, Problem):
                problems.append(answer)
            else:
                trees[module.path] = answer
    return trees, tuple(problems)


class _Workers:
    """One worker at a time; after it was lost, the next module gets another."""

    def __init__(self) -> None:
        self._extension = find_extension()
        self._worker: WorkerProcess | None = None

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._worker is None:
            self._worker = WorkerProcess(self._extension.path, memory_bytes=MEMORY_BYTES)
        return self._worker.ask(request, deadline_seconds=DEADLINE_SECONDS)

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
        self._worker = None


@contextmanager
def _closing(workers: _Workers) -> Iterator[None]:
    try:
        yield
    finally:
        workers.close()


def _parsed(workers: _Workers, module: Module) -> Mapping[str, Any] | Problem:
    place = Place(path=module.path)
    try:
        answer = workers.ask({"do": "syntax", "modules": [[module.path, module.text]]})
    except WorkerGoneError as gone:
        workers.close()
        return Problem(code=gone.failure.code, message=f"parsing: {gone.failure.message}", place=place)
    if answer.get("error") == "judge.evaluation":
        return _at_bracket(engine_text.problem("policy.syntax", module.path, answer["text"], [module]), module.text)
    if "error" in answer:
        return Problem(code="policy.syntax", message=f"can't be parsed: {answer['text']}", place=place)
    tree: Mapping[str, Any] = answer["trees"][module.path]
    return tree


def _at_bracket(problem: Problem, text: str) -> Problem:
    """A mistake that shows only at the end of the text, at the bracket that was never closed."""
    lines = text.splitlines()
    if problem.place is None or problem.place.line is None or problem.place.line <= len(lines):
        return problem
    opened: list[int] = []
    for found in _BRACKET.finditer(text):
        if found["opening"]:
            opened.append(found.start())
        elif found["closing"] and opened:
            opened.pop()
    if not opened:
        return replace(problem, place=Place(path=problem.place.path, line=len(lines), column=1).within(text))
    before = text[: opened[-1]]
    place = Place(path=problem.place.path, line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))
    hint = f"'{text[opened[-1]]}' is never closed"
    return Problem(code=problem.code, message=problem.message, place=place.within(text), hint=hint)
