"""The queue: which decisions wait for people, who may speak until when, and what was said and what it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tolbooth.config.load import Project
from tolbooth.decide.basis_difference import basis_difference
from tolbooth.evidence.keys import PublicKey
from tolbooth.model.decision import Decision, Verdict
from tolbooth.model.instant import instant
from tolbooth.pipeline.approving import standing_of
from tolbooth.pipeline.hearing import Heard, hear
from tolbooth.pipeline.people import people_in_force
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.speaking import decision_of, recorded_matter
from tolbooth.review.standing import Matter, Standing, WordStanding
from tolbooth.store.embedded import DecisionRow, EmbeddedStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """The last decision on a subject at a gate, and how it stands with people now.

    ``changes`` tells, by the digest of a word on another basis, what changed since; nothing where the decision that it
    was said about is not in this log. ``is_ready`` says that the next gate finds every approval that it asks.
    """

    decision: Decision
    decision_sha256: str
    matter: Matter
    standing: Standing
    changes: dict[str, tuple[str, ...]]

    @property
    def waits(self) -> bool:
        """Whether somebody is awaited, for a decision that nothing but people's words holds back."""
        return bool(self.standing.awaited) and self.is_peoples

    @property
    def is_peoples(self) -> bool:
        """Whether nothing but people's words holds the decision back."""
        return all(each.code.startswith("approval.") for each in self.decision.reasons)

    @property
    def is_ready(self) -> bool:
        """Whether the gate would allow now what it held back for people's words."""
        rejected = any(each.is_rejection for each in self.standing.approvals)
        settled = not self.standing.awaited and not rejected and self.is_peoples
        return settled and self.decision.verdict is not Verdict.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalQueue:
    """The last decision of each subject at each gate, oldest first; ``heard`` knows the people's handles."""

    items: tuple[Queued, ...]
    heard: Heard
    as_of: datetime

    def called(self, person_id: str) -> str:
        """A person's handle; the id where the names were erased."""
        return self.heard.people.called(person_id)


def approval_queue(
    project: Project, store: EmbeddedStore, machines: Sequence[PublicKey], *, now: datetime, every: bool = False
) -> ApprovalQueue:
    """Read the queue; nothing is recorded.

    Args:
        project: whose records folder and workflow count.
        store: the log.
        machines: the keys of gates.
        now: the instant at which it is told.
        every: also decisions on which nobody is awaited and nothing was said.

    Raises:
        ConfigError: for mistakes of the workflow file.
        VerificationError: for a file of the records folder that does not verify.
    """
    as_of = instant(now)
    heard = hear(project, store, people_in_force(project, store, as_of=as_of), machines, now=as_of)
    items = (_queued(project, store, heard, row, machines=machines, as_of=as_of) for row in _last_rows(project, store))
    return ApprovalQueue(
        items=tuple(each for each in items if every or each.waits or each.standing.words), heard=heard, as_of=as_of
    )


def _last_rows(project: Project, store: EmbeddedStore) -> Iterator[DecisionRow]:
    last = {(row.subject, row.gate, row.environment): row for row in store.decisions()}
    rows = (row for row in last.values() if row.gate in project.settings.gates)
    yield from sorted(rows, key=lambda row: row.entry_position)


def _queued(
    project: Project,
    store: EmbeddedStore,
    heard: Heard,
    row: DecisionRow,
    *,
    machines: Sequence[PublicKey],
    as_of: datetime,
) -> Queued:
    case = recorded_case(store, row.decision_sha256)
    matter = recorded_matter(project, store, heard, case, machines, as_of=as_of)
    found = standing_of(matter, heard)
    return Queued(
        decision=case.decision,
        decision_sha256=case.decision_sha256,
        matter=matter,
        standing=found,
        changes={each.sha256: _changes(store, each, case.decision) for each in found.words if _is_void(each)},
    )


def _is_void(each: WordStanding) -> bool:
    return each.problem is not None and each.problem.code == "approval.other-basis"


def _changes(store: EmbeddedStore, each: WordStanding, after: Decision) -> tuple[str, ...]:
    before = decision_of(store, each.word.decision_sha256)
    return () if before is None else basis_difference(before, after)
