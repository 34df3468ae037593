"""Which tests belong to which rules, and what must be loaded beside them.

A suite is a folder: its tests prove the rules that lie in it. Loaded with them is what they name, directly or through
others, so that a suite of one rule does not pay for the library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tolbooth.judge.interface import Module
from tolbooth.model.errors import JudgeError, Place, Problem

TEST_SUFFIX = "_test.rego"
_PACKAGE = re.compile(r"^package\s+([A-Za-z_][\w.]*)", re.MULTILINE)
_REFERENCE = re.compile(r"\bdata((?:\.[A-Za-z_]\w*|\[\"[^\"\n]+\"\])+)")
_STRAY_TEST = re.compile(r"^(?:todo_)?test_\w*", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A folder with tests. ``rules`` are what they prove; ``loaded`` are rules, tests and all that these name."""

    name: str
    rules: tuple[Module, ...]
    tests: tuple[Module, ...]
    loaded: tuple[Module, ...]


def package_of(module: Module) -> str:
    """The package that a module declares; empty where it declares none."""
    found = _PACKAGE.search(module.text)
    return found[1] if found else ""


def suites_of(chosen: Iterable[Module], pool: Sequence[Module]) -> tuple[tuple[Suite, ...], tuple[str, ...]]:
    """The suites of the chosen modules, and the paths of the rule files that no suite proves.

    Args:
        chosen: rules and tests that are to be proved.
        pool: all modules that may be needed, the chosen ones among them.

    Raises:
        JudgeError: ``policy.test-place`` for a test that stands outside a file of tests, where nothing would run it.
    """
    folders: dict[str, list[Module]] = {}
    for module in chosen:
        folders.setdefault(str(PurePosixPath(module.path).parent), []).append(module)
    stray = [problem for modules in folders.values() for module in modules for problem in _stray_tests(module)]
    if stray:
        raise JudgeError(stray)
    suites, untested = [], []
    for folder, modules in sorted(folders.items()):
        tests = tuple(module for module in modules if module.path.endswith(TEST_SUFFIX))
        rules = tuple(module for module in modules if module not in tests)
        if tests:
            suites.append(Suite(name=folder, rules=rules, tests=tests, loaded=_needed((*rules, *tests), pool)))
        else:
            untested += [module.path for module in rules]
    return tuple(suites), tuple(untested)


def _needed(begin: Sequence[Module], pool: Sequence[Module]) -> tuple[Module, ...]:
    """The modules to begin with, and those whose package any of them names or shares."""
    found = {module.path: module for module in begin}
    queue = list(begin)
    while queue:
        module = queue.pop()
        wanted = [package_of(module), *_references(module)]
        for other in pool:
            if other.path not in found and any(_meets(package_of(other), name) for name in wanted):
                found[other.path] = other
                queue.append(other)
    return tuple(found[path] for path in sorted(found))


def _references(module: Module) -> set[str]:
    """Names below ``data``, comments included: to load too much does no harm."""
    return {
        ".".join(re.findall(r"[^.\[\]\"]+", found))
        for found in _REFERENCE.findall(module.text)
        if not found.startswith(".parameters")
    }


def _meets(package: str, name: str) -> bool:
    """Whether a reference reads from a package, or from one below it."""
    return f"{name}.".startswith(f"{package}.") or f"{package}.".startswith(f"{name}.")


def _stray_tests(module: Module) -> Iterable[Problem]:
    if module.path.endswith(TEST_SUFFIX):
        return
    for found in _STRAY_TEST.finditer(module.text):
        line = module.text.count("\n", 0, found.start()) + 1
        place = Place(path=module.path, line=line, column=1, width=len(found[0])).within(module.text)
        text = f"'{found[0]}' stands among rules, where no test runs"
        hint = f"move it to a file that ends in {TEST_SUFFIX}"
        yield Problem(code="policy.test-place", message=text, place=place, hint=hint)
