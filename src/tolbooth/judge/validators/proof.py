"""What an author proves of a validator: its tests, the lines that they reach, and that it agrees with itself."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.judge.interface import EvaluationFailure, PackageResults
from tolbooth.judge.proving.interface import Coverage, SuiteRun, TestEnd, TestRun
from tolbooth.judge.validators.author_code import executable_lines
from tolbooth.judge.validators.interface import Limits, Validator
from tolbooth.judge.validators.process import Ended, run_confined
from tolbooth.judge.validators.reading import TEST_SUFFIX, validators_in
from tolbooth.judge.validators.running import LIMITS, run_validator
from tolbooth.model.errors import Place
from tolbooth.model.wire import JsonObject

HASH_SEEDS = (0, 1)
"""The seeds of Python's string hashes under which a validator must say the same."""

_SHOWN_CHARACTERS = 200
_ENDS = {"passed": TestEnd.PASSED, "failed": TestEnd.FAILED, "error": TestEnd.ERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A validator said one thing and, asked again about the same, another. ``position`` is the input's, from 0."""

    rule: str
    position: int
    first: PackageResults | EvaluationFailure
    second: PackageResults | EvaluationFailure


def disagreements(
    validator: Validator, inputs: Iterable[tuple[bytes, JsonObject]], *, limits: Limits = LIMITS
) -> Iterator[Disagreement]:
    """Run a validator twice on each input, under different hash seeds; the order of results is no difference.

    Args:
        validator: a function or a program.
        inputs: pairs of an input document, UTF-8 JSON, and the rule's parameters.
        limits: how far each run may go.
    """
    for position, (document, parameters) in enumerate(inputs):
        first, second = (
            run_validator(validator, document, parameters, limits=limits, hash_seed=seed).results for seed in HASH_SEEDS
        )
        if _comparable(first) != _comparable(second):
            yield Disagreement(rule=validator.code, position=position, first=first, second=second)


def run_validator_tests(files: Mapping[str, bytes], *, limits: Limits = LIMITS) -> tuple[SuiteRun, ...]:
    """Run the ``test_`` functions of every ``<rule>_test.py``, each in a fenced process of its own.

    A test imports the file that it stands beside by its name (``from iban import iban``), and asserts. A test file
    that stands beside nothing, or can't be read, is a suite with one error. Each validator of the file is also asked
    twice about all that its tests gave it, and must agree with itself.

    Args:
        files: contents by path, validators and tests.
        limits: how far each test may go.

    Returns:
        A suite for each folder that has tests, sorted, with the coverage of the validator's file.
    """
    return tuple(_suite(path, files, limits) for path in sorted(files) if path.endswith(TEST_SUFFIX))


def _suite(path: str, files: Mapping[str, bytes], limits: Limits) -> SuiteRun:
    name = str(PurePosixPath(path).parent)
    beside = f"{path.removesuffix(TEST_SUFFIX)}.py"
    if beside not in files:
        return SuiteRun(name=name, tests=(_error(path, f"there is no {beside}, which it would test"),))
    try:
        source, test_source = files[beside].decode(), files[path].decode()
        body = ast.parse(test_source).body
        lines = set(executable_lines(source, beside))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return SuiteRun(name=name, tests=(_error(path, f"not Python: {error}"),))
    tests = {each.name: each.lineno for each in body if isinstance(each, ast.FunctionDef) and _is_test(each)}
    if not tests:
        return SuiteRun(name=name, tests=(_error(path, "it holds no function called test_…"),))
    request = {
        "path": beside,
        "source": source,
        "stem": PurePosixPath(beside).stem,
        "test_path": path,
        "test_source": test_source,
        "program": [],
        "files": {},
    }
    validators = {
        each.function: each for each in validators_in({beside: files[beside]}).validators.values() if each.function
    }
    reached: set[int] = set()
    calls: dict[tuple[str, str, str], None] = {}
    ran = []
    for test, line in tests.items():
        place = Place(path=path, line=line, column=1)
        one, told = _run({**request, "test": test, "functions": list(validators)}, place, limits)
        ran.append(one)
        reached |= set(told["lines"])
        calls |= dict.fromkeys(tuple(call) for call in told["calls"])
    for validator in validators.values():
        ran += _agreement(validator, calls, beside, limits)
    coverage = Coverage(path=beside, lines=len(lines), missed=tuple(sorted(lines - reached)))
    return SuiteRun(name=name, tests=tuple(ran), coverage=(coverage,))


def _agreement(
    validator: Validator, calls: Iterable[tuple[str, str, str]], path: str, limits: Limits
) -> Iterator[TestRun]:
    """Whether a validator says the same twice of everything that its tests gave it; nothing, if that was nothing."""
    inputs = [
        (document.encode(), json.loads(parameters))
        for function, document, parameters in calls
        if function == validator.function
    ]
    if not inputs:
        return
    started = time.perf_counter()
    first = next(disagreements(validator, inputs, limits=limits), None)
    yield TestRun(
        name=f"{validator.code} agrees with itself",
        place=Place(path=path),
        end=TestEnd.PASSED if first is None else TestEnd.FAILED,
        message="" if first is None else "asked twice about the same input, under different hash seeds, it differs",
        details=() if first is None else (f"first   {_shown(first.first)}", f"then    {_shown(first.second)}"),
        seconds=time.perf_counter() - started,
    )


def _shown(results: PackageResults | EvaluationFailure) -> str:
    text = repr(results)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _run(request: Mapping[str, Any], place: Place, limits: Limits) -> tuple[TestRun, dict[str, Any]]:
    started = time.perf_counter()
    ended = run_confined(request, limits=limits)
    told = _told(ended, limits)
    prints = tuple(ended.printed.splitlines())
    test = TestRun(
        name=request["test"],
        place=place,
        end=_ENDS[told["outcome"]],
        message=told["message"],
        prints=prints,
        seconds=time.perf_counter() - started,
    )
    return test, told


def _told(ended: Ended, limits: Limits) -> dict[str, Any]:
    """What the test's process said; a process that did not live to say it is an error."""
    why = None
    if ended.broke == "judge.deadline":
        why = f"no end within {limits.deadline_seconds:g} seconds"
    elif ended.broke is not None or ended.exit != 0 or ended.left:
        why = f"its process did not end as it should ({ended.broke or ended.signal or ended.exit})"
    elif not ended.answer:
        why = "it ended without an answer"
    if why is not None:
        return {"outcome": "error", "message": why, "lines": [], "calls": []}
    told: dict[str, Any] = json.loads(ended.answer)
    return told


def _is_test(function: ast.FunctionDef) -> bool:
    return function.name.startswith("test_")


def _error(path: str, message: str) -> TestRun:
    place = Place(path=path)
    return TestRun(name=PurePosixPath(path).stem, place=place, end=TestEnd.ERROR, message=message)


def _comparable(results: PackageResults | EvaluationFailure) -> object:
    """What must not change: the members of each set without their order, or the code of the failure."""
    if isinstance(results, EvaluationFailure):
        return results.code
    sets = (results.deny, results.warn, results.undecided, results.passed)
    return tuple(sorted(canonical_bytes(member) for member in members) for members in sets)
