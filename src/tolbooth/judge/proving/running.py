"""A suite's tests, run one by one, with the lines of its rules that they reached."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tolbooth.judge.interface import EvaluationFailure
from tolbooth.judge.proving.interface import Coverage, SuiteRun, TestEnd, TestRun
from tolbooth.judge.proving.reasons import explain_failures
from tolbooth.judge.proving.session import ProvingSession
from tolbooth.judge.proving.suites import Suite, package_of
from tolbooth.judge.proving.syntax import Rule, Tree


def run_suite(suite: Suite, session: ProvingSession) -> SuiteRun:
    """Run every test of a suite; a rule named ``todo_test_…`` is put off, and shown so.

    Raises:
        JudgeError: ``policy.compile`` with every module that does not compile.
    """
    session.arm(suite.loaded)
    trees = session.trees(suite.tests)
    runs = [run for tree in trees.values() for run in _runs(tree, session)]
    reached = session.reached()
    coverage = tuple(_coverage(module.path, reached) for module in suite.rules)
    explained = explain_failures(suite, trees, runs, session)
    return SuiteRun(name=suite.name, tests=tuple(explained), coverage=coverage)


def test_path(tree: Tree, rule: str) -> str:
    """How a rule of a module is called from outside."""
    return f"data.{package_of(tree.module)}.{rule}"


def test_rules(tree: Tree) -> Iterator[Rule]:
    """The first definition of every test of a module."""
    seen = set()
    for rule in tree.rules:
        if rule.is_test and rule.name not in seen:
            seen.add(rule.name)
            yield rule


def _runs(tree: Tree, session: ProvingSession) -> Iterator[TestRun]:
    for rule in test_rules(tree):
        place = tree.place(rule.span.start)
        run = TestRun(name=rule.name, place=place, end=TestEnd.SKIPPED)
        if rule.postponed:
            yield replace(run, message="put off by its name")
            continue
        begun = time.monotonic()
        said = session.run(test_path(tree, rule.name))
        yield _ended(replace(run, seconds=time.monotonic() - begun), said)


def _ended(run: TestRun, said: Mapping[str, Any] | EvaluationFailure) -> TestRun:
    if isinstance(said, EvaluationFailure):
        return replace(run, end=TestEnd.ERROR, message=f"{said.message} [{said.code}]")
    prints = tuple(said["prints"])
    if said["values"] == [True]:
        return replace(run, end=TestEnd.PASSED, prints=prints)
    value = f"is {json.dumps(said['values'][0])}" if said["values"] else "is undefined"
    return replace(run, end=TestEnd.FAILED, message=f"{run.name} {value}", prints=prints)


def _coverage(path: str, reached: Mapping[str, tuple[list[int], list[int]]]) -> Coverage:
    covered, missed = reached.get(path, ([], []))
    return Coverage(path=path, lines=len(covered) + len(missed), missed=tuple(sorted(missed)))
