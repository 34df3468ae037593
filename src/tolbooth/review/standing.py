"""What people's words on a decision come to: which count, why each other does not, and what is awaited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tolbooth.model.approval import Approval, Quorum
from tolbooth.model.errors import Problem
from tolbooth.model.words import DecisionWord
from tolbooth.review.duties import Involved
from tolbooth.review.people_chain import PeopleChain
from tolbooth.review.workflow import Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What is to be approved, and what is known around it.

    ``asked_at`` is when a decision with this basis was first recorded; None for one that is not recorded yet.
    ``passes`` holds, by rule, when decisions on this subject at this gate saw every result of the rule pass.
    """

    basis: str
    subject: str
    gate: str
    environment: str
    as_of: datetime
    chain: PeopleChain
    involved: Involved
    workflow: Workflow = field(default_factory=Workflow)
    asked_at: datetime | None = None
    passes: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordStanding:
    """One word and what it comes to. ``problem`` says why it does not count; None for one that does, or abstains."""

    sha256: str
    word: DecisionWord
    approval: Approval
    counts: bool
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Places of one role in one stage that are empty, and who could fill them.

    ``could`` are there, ``away`` could too and are absent. ``due`` is the stage's deadline, after which
    ``escalate_to`` may speak; ``is_open`` says whether the stage takes words yet.
    """

    stage: str
    role: str
    count: int
    could: tuple[str, ...]
    away: tuple[str, ...]
    is_open: bool
    due: datetime | None = None
    overdue: bool = False
    escalate_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeetable:
    """Places of a role that nobody is left for, and who may speak in it at all."""

    role: str
    count: int
    eligible: tuple[str, ...]

    @property
    def message(self) -> str:
        """The obstacle in a sentence."""
        few = "nobody may" if not self.eligible else f"only {', '.join(self.eligible)} may"
        places = "1 place" if self.count == 1 else f"{self.count} places"
        return f"the quorum can't be met: {places} of the role '{self.role}' stay empty, since {few} fill any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All of it. ``approvals`` and ``required`` are what ``decide`` takes; ``words`` every word on this matter.

    ``dismissed`` are revocations that take nothing back, by the digest of their statement.
    """

    approvals: tuple[Approval, ...] = ()
    required: tuple[Quorum, ...] = ()
    words: tuple[WordStanding, ...] = ()
    awaited: tuple[Awaited, ...] = ()
    unmeetable: tuple[Unmeetable, ...] = ()
    dismissed: Mapping[str, Problem] = field(default_factory=dict)
