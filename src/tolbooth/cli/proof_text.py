"""The proof of rules as people read it: every test, the lines that none reached, and the mutants that none noticed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tolbooth.judge.proving.interface import Coverage, MutationRun, Proof, SuiteRun, TestEnd, TestRun
from tolbooth.report.words import plural, visible

_WORDS = {TestEnd.PASSED: "ok", TestEnd.FAILED: "FAIL", TestEnd.ERROR: "ERROR", TestEnd.SKIPPED: "skip"}
_INDENT = " " * 8


def proof_lines(proof: Proof) -> Iterator[str]:
    """One block for each suite, and last the sum."""
    for suite in proof.suites:
        yield from _suite(suite)
        if proof.mutated and not suite.sound:
            yield "  mutants  none tried while a test fails"
        yield ""
    for path in proof.untested:
        yield f"{visible(path)}  no test stands beside it"
    if proof.untested:
        yield ""
    yield _sum(proof)


def _suite(suite: SuiteRun) -> Iterator[str]:
    yield visible(suite.name)
    for test in suite.tests:
        yield from _test(test)
    for coverage in suite.coverage:
        yield f"  lines    {_coverage(coverage)}"
    if suite.mutation is not None:
        yield from _mutation(suite.mutation)


def _test(test: TestRun) -> Iterator[str]:
    yield f"  {_WORDS[test.end]:<8} {test.name}"
    if test.end is TestEnd.SKIPPED:
        yield f"{_INDENT}{test.message}"
    elif test.end is not TestEnd.PASSED:
        where = f"{test.place}: " if test.end is TestEnd.FAILED else ""  # an engine's error names its own place
        yield f"{_INDENT}{visible(where + test.message)}"
        yield from (f"{_INDENT}  {visible(detail)}" for detail in test.details)
        yield from (f"{_INDENT}  printed: {visible(line)}" for line in test.prints)


def _coverage(coverage: Coverage) -> str:
    name = visible(coverage.path.rpartition("/")[2])
    reached = coverage.lines - len(coverage.missed)
    missed = f"; not reached: {ranges(coverage.missed)}" if coverage.missed else ""
    return f"{reached} of {coverage.lines} reached in {name}{missed}"


def _mutation(run: MutationRun) -> Iterator[str]:
    parts = [f"{run.killed} of {run.mutants - run.invalid} killed"]
    parts += [f"{len(run.equivalents)} equivalent"] if run.equivalents else []
    parts += [f"{len(run.survivors)} SURVIVED"] if run.survivors else []
    parts += [f"{run.untried} not tried"] if run.untried else []
    parts += [f"{run.invalid} that don't compile"] if run.invalid else []
    yield f"  mutants  {', '.join(parts)}"
    for mutant in run.survivors:
        yield ""
        yield f"  {visible(str(mutant.place))}: {mutant.change}; no test notices it"
        yield from (f"    {visible(line.expandtabs(4))}" for line in mutant.diff.splitlines())


def _sum(proof: Proof) -> str:
    ends = [
        plural(proof.count(TestEnd.PASSED), "test") + " passed",
        *(
            f"{count} {word}"
            for end, word in ((TestEnd.FAILED, "failed"), (TestEnd.ERROR, "in error"), (TestEnd.SKIPPED, "put off"))
            if (count := proof.count(end))
        ),
    ]
    tried = [suite.mutation for suite in proof.suites if suite.mutation is not None]
    if tried:
        count = proof.survivors
        ends.append(f"{plural(count, 'mutant')} survive{'s' * (count == 1)}" if count else "no mutant survives")
    untried = sum(run.untried for run in tried)
    if untried:
        ends.append(f"{plural(untried, 'mutant')} not tried: the time was up")
    if proof.untested:
        ends.append(f"{plural(len(proof.untested), 'rule file')} without a test")
    return f"{', '.join(ends)}."


def ranges(lines: Sequence[int]) -> str:
    """Sorted lines in few words: ``3, 7-9``."""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], line]
        else:
            parts.append([line])
    return ", ".join("-".join(str(each) for each in part) for part in parts)
