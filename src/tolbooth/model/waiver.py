"""A time-boxed, reasoned, approved permission to pass despite a result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from tolbooth.model.instant import in_force
from tolbooth.model.subject import Subject


class Treatment(StrEnum):
    """What is done about a risk (ISO 31000 terms)."""

    ACCEPT = "accept"
    MITIGATE = "mitigate"
    TRANSFER = "transfer"
    AVOID = "avoid"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLevel:
    """A likelihood and an impact, each a position on the project's declared scale, from 1."""

    likelihood: int
    impact: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAssessment:
    """Who may be harmed, how likely and how badly: without (inherent) and with (residual) the treatment."""

    harmed: str
    inherent: RiskLevel
    treatment: Treatment
    treatment_text: str
    residual: RiskLevel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectScope:
    """What a waiver may cover: one digest, or subject names by a shell pattern that may match at most so many."""

    digest: str | None = None
    pattern: str | None = None
    matches_at_most: int | None = None

    def __post_init__(self) -> None:
        if (self.digest is None) == (self.pattern is None):
            raise ValueError("a scope is a digest or a pattern, and not both")
        if self.pattern is not None and self.matches_at_most is None:
            raise ValueError("a pattern needs a bound on what it may match")

    def covers(self, subject: Subject) -> bool:
        """Whether the scope names this subject."""
        if self.digest is not None:
            return self.digest == subject.digest_value
        return self.matches(subject.name)

    def matches(self, name: str) -> bool:
        """Whether the pattern matches a subject's name; a digest matches none."""
        return self.pattern is not None and fnmatchcase(name, self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverApproval:
    """A person's yes to a waiver; it binds to the SHA-256 of the waiver's statement."""

    statement_sha256: str
    person: str
    role: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A permission to pass. Never hides a result: the rule is evaluated, and its result is marked.

    ``sha256`` is the digest of the waiver's signed statement. ``term`` None covers every term of the rule. ``limit``
    is the worst value, in the rule's unit, that the waiver covers. ``ended_at`` is when it was revoked or retired.
    """

    sha256: str
    id: str
    rule: str
    term: str | None
    scope: SubjectScope
    gate: str
    environment: str
    requested_by: str
    reason: str
    risk: RiskAssessment
    effective_on: datetime
    effective_until: datetime
    approvals: tuple[WaiverApproval, ...]
    compensating_controls: tuple[str, ...] = ()
    limit: int | None = None
    ticket: str | None = None
    renews: str | None = None
    renewal_count: int = 0
    ended_at: datetime | None = None

    def holds(self, as_of: datetime) -> bool:
        """Whether the waiver is in force at ``as_of``: approved, within its dates, neither revoked nor retired."""
        if not any(a.statement_sha256 == self.sha256 and not as_of < a.signed_at for a in self.approvals):
            return False
        if not in_force(as_of, effective_on=None, effective_until=self.ended_at):
            return False
        return in_force(as_of, effective_on=self.effective_on, effective_until=self.effective_until)
