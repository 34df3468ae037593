"""Mutants against tests: on as many workers as there are cores, until all are tried or the time is up."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

from tolbooth.judge.interface import Module
from tolbooth.judge.proving.equivalents import Declared, ambiguous, part
from tolbooth.judge.proving.interface import Mutant, MutationRun, Progress
from tolbooth.judge.proving.mutants import mutants
from tolbooth.judge.proving.running import test_path, test_rules
from tolbooth.judge.proving.session import ProvingSession
from tolbooth.judge.proving.suites import Suite
from tolbooth.model.errors import JudgeError, Place

MUTANT_SECONDS = 5.0
"""The longest that all tests of one mutant may take; one that takes longer is killed."""

_BATCH = 20
_LEAST_SECONDS = 0.1
_KILLED, _INVALID, _SURVIVED, _UNTRIED = "killed", "invalid", "survived", "untried"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Mutants of one module, what is loaded beside it, and the query that holds when every test passes."""

    suite: str
    others: tuple[Module, ...]
    rule: Module
    mutants: tuple[Mutant, ...]
    query: str


@dataclass(slots=True, kw_only=True)
class _Course:
    """What the workers share: when to stop, and how far they are."""

    until: float | None
    total: int
    progress: Progress
    done: int = 0
    stopped: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def over(self) -> bool:
        return self.stopped or (self.until is not None and time.monotonic() >= self.until)

    def tell(self, count: int) -> None:
        with self.lock:
            self.done += count
            self.progress("mutants", self.done, self.total)


def mutate(
    suites: Sequence[Suite],
    declared: Mapping[str, Sequence[Declared]],
    *,
    jobs: int,
    max_seconds: float | None,
    progress: Progress,
) -> dict[str, MutationRun]:
    """Try every mutant of every suite's rules; the suites' own tests must all pass.

    Args:
        suites: what is proved.
        declared: by suite, the mutants that are said to be equivalent.
        jobs: how many workers, at least one.
        max_seconds: after which no mutant is begun; None for no limit.
        progress: told after each batch.

    Returns:
        By suite what became of its mutants.

    Raises:
        JudgeError: ``policy.equivalents.*`` for declarations that are stale or fit several mutants.
    """
    with ProvingSession() as session:
        batches = [batch for suite in suites for batch in _batches(suite, session)]
    found: dict[str, list[Mutant]] = {suite.name: [] for suite in suites}
    for batch in batches:
        found[batch.suite] += batch.mutants
    problems = [problem for suite in suites for problem in ambiguous(declared.get(suite.name, ()), found[suite.name])]
    if problems:
        raise JudgeError(problems)
    until = None if max_seconds is None else time.monotonic() + max_seconds
    course = _Course(until=until, total=sum(len(batch.mutants) for batch in batches), progress=progress)
    ends = _tried(batches, course, jobs)
    return {name: _summary(each, ends, declared.get(name, ())) for name, each in found.items()}


def _batches(suite: Suite, session: ProvingSession) -> list[_Batch]:
    tests = session.trees(suite.tests).values()
    names = [test_path(tree, rule.name) for tree in tests for rule in test_rules(tree) if not rule.postponed]
    query = "\n".join(f"{name} == true" for name in names)  # the engine refuses lines of more than 1,024 bytes
    batches = []
    for path, tree in session.trees(suite.rules).items():
        others = tuple(module for module in suite.loaded if module.path != path)
        found = list(mutants(tree))
        batches += [
            _Batch(
                suite=suite.name, others=others, rule=tree.module, mutants=tuple(found[at : at + _BATCH]), query=query
            )
            for at in range(0, len(found), _BATCH)
        ]
    return batches


def _tried(batches: Sequence[_Batch], course: _Course, jobs: int) -> dict[Mutant, str]:
    """How each mutant ended."""
    waiting = list(reversed(batches))
    ends: dict[Mutant, str] = {mutant: _UNTRIED for batch in batches for mutant in batch.mutants}

    def work(session: ProvingSession) -> None:
        while not course.over:
            with course.lock:
                if not waiting:
                    return
                batch = waiting.pop()
            ends.update(zip(batch.mutants, _try(batch, session, course), strict=True))
            course.tell(len(batch.mutants))

    with ExitStack() as stack:
        sessions = [stack.enter_context(ProvingSession()) for _ in range(min(jobs, max(1, len(batches))))]
        pool = stack.enter_context(ThreadPoolExecutor(len(sessions)))
        running = [pool.submit(work, session) for session in sessions]
        try:
            for each in running:
                each.result()
        finally:
            course.stopped = True
    return ends


def _try(batch: _Batch, session: ProvingSession, course: _Course) -> list[str]:
    """A batch at once; where that takes the worker's life, one by one, so that the culprit alone is killed.

    The rule as it is goes first: were it to fail here, every mutant would count as killed.
    """
    texts = [mutant.text for mutant in batch.mutants]
    allowed = MUTANT_SECONDS * len(texts)
    if course.until is not None:
        allowed = min(allowed, max(_LEAST_SECONDS, course.until - time.monotonic()))
    ends = _ends(batch, session, [batch.rule.text, *texts], allowed)
    if ends is not None:
        if ends[0] != _SURVIVED:
            text = f"the tests of {batch.suite} pass one by one, but not together"
            raise JudgeError.of("policy.mutation-baseline", text, place=Place(path=batch.rule.path))
        return ends[1:]
    single = []
    for text in texts:
        end = [_UNTRIED] if course.over else _ends(batch, session, [text], MUTANT_SECONDS)
        single.append(_KILLED if end is None else end[0])
    return single


def _ends(batch: _Batch, session: ProvingSession, texts: Sequence[str], seconds: float) -> list[str] | None:
    return session.ends(batch.others, batch.rule.path, texts, batch.query, deadline_seconds=seconds)


def _summary(found: Sequence[Mutant], ends: Mapping[Mutant, str], declared: Sequence[Declared]) -> MutationRun:
    counts = Counter(ends[mutant] for mutant in found)
    survived = [mutant for mutant in found if ends[mutant] == _SURVIVED]
    tried = [mutant for mutant in found if ends[mutant] != _UNTRIED]
    if len(tried) < len(found):  # what was not tried can't be called stale
        known = {(mutant.before, mutant.after) for mutant in survived}
        declared = [each for each in declared if (each.line, each.mutant) in known]
    survivors, equivalents = part(survived, declared, found)
    return MutationRun(
        killed=counts[_KILLED],
        invalid=counts[_INVALID],
        untried=counts[_UNTRIED],
        survivors=survivors,
        equivalents=equivalents,
    )
