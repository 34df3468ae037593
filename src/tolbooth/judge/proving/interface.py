"""What came of running tests: each test, the lines that were reached, and the mutants that nobody noticed.

Owns the nouns alone. A validator's tests give the same ones as a Rego rule's, so that both are counted and shown alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tolbooth.model.errors import Place

_CONTEXT_LINES = 2

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


class TestEnd(StrEnum):
    """How a test ended. An error is a test that could not be evaluated; skipped is one that is put off by name."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRun:
    """One test that ran.

    ``name`` is the test's own within its suite. ``place`` is where it failed, else where it stands. ``details`` say
    what the two sides of a failed comparison were. ``seconds`` is how long it took, by this machine's clock.
    """

    name: str
    place: Place
    end: TestEnd
    message: str = ""
    details: tuple[str, ...] = ()
    prints: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The lines of one file that hold something to evaluate: how many there are, and which no test reached."""

    path: str
    lines: int
    missed: tuple[int, ...]

    @property
    def ppm(self) -> int:
        """Lines reached, in parts per million; a file with nothing to evaluate is covered whole."""
        return 1_000_000 if self.lines == 0 else (self.lines - len(self.missed)) * 1_000_000 // self.lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A rule with one change.

    ``place`` is where the change begins. ``before`` and ``after`` are the lines that it touches, with every run of
    blanks as one. ``original`` is the whole file, ``text`` the file as changed.
    """

    place: Place
    change: str
    before: str
    after: str
    original: str
    text: str

    @property
    def diff(self) -> str:
        """The unified difference, without a line break at its end."""
        old, new, path = self.original.splitlines(), self.text.splitlines(), self.place.path
        return "\n".join(difflib.unified_diff(old, new, path, f"{path} (mutant)", n=_CONTEXT_LINES, lineterm=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """A survivor that no test could kill, since it decides alike; ``reason`` says why that is so."""

    mutant: Mutant
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationRun:
    """What became of a suite's mutants.

    ``invalid`` are those that do not compile, ``untried`` those for which no time was left.
    """

    killed: int = 0
    invalid: int = 0
    untried: int = 0
    survivors: tuple[Mutant, ...] = ()
    equivalents: tuple[Equivalent, ...] = ()

    @property
    def mutants(self) -> int:
        """How many there were."""
        return self.killed + self.invalid + self.untried + len(self.survivors) + len(self.equivalents)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """One folder of rules with their tests. ``mutation`` is None where it was not asked for, or a test failed."""

    name: str
    tests: tuple[TestRun, ...]
    coverage: tuple[Coverage, ...] = ()
    mutation: MutationRun | None = None

    @property
    def sound(self) -> bool:
        """Whether no test failed or could not be evaluated."""
        return not (self.count(TestEnd.FAILED) or self.count(TestEnd.ERROR))

    def count(self, end: TestEnd) -> int:
        """How many tests ended so."""
        return sum(test.end is end for test in self.tests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Everything that came of one call.

    ``untested`` are the rule files beside which no test stands. ``mutated`` says whether mutants were asked for.
    """

    suites: tuple[SuiteRun, ...]
    untested: tuple[str, ...] = ()
    mutated: bool = False

    @property
    def survivors(self) -> int:
        """The mutants that no test noticed."""
        return sum(len(suite.mutation.survivors) for suite in self.suites if suite.mutation is not None)

    @property
    def holds(self) -> bool:
        """Whether every rule has tests, every test passed, and no mutant survived."""
        return all(suite.sound for suite in self.suites) and not (self.untested or self.survivors)

    def count(self, end: TestEnd) -> int:
        """How many tests ended so."""
        return sum(suite.count(end) for suite in self.suites)
