"""A gate's verdict, its reasons, and the basis that approvals bind to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tolbooth.model.rule import RuleResult
from tolbooth.model.subject import Subject


class Verdict(StrEnum):
    """Whether the subject may pass. Nearer to allow: deny < undecided < pending < allow."""

    DENY = "deny"
    UNDECIDED = "undecided"
    PENDING = "pending"
    ALLOW = "allow"

    @property
    def nearness(self) -> int:
        """How near to allow: 0 for deny, 3 for allow."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReason:
    """One reason for a verdict: a stable code, and the rule and term, or the role, that it is about."""

    code: str
    rule: str | None = None
    term: str | None = None
    role: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedWaiver:
    """A waiver that covered a result: which, until when."""

    waiver_sha256: str
    waiver_id: str
    rule: str
    term: str | None
    effective_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be decided: the subject, where, when, by which policy, on which input.

    ``policy_sha256`` and ``input_sha256`` are the digests of the policy and of the canonical input document.
    """

    subject: Subject
    gate: str
    environment: str
    as_of: datetime
    policy_sha256: str
    input_sha256: str
    hypothetical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict on a case.

    ``basis`` is the SHA-256 that approvals bind to. ``results`` are sorted by rule and term; ``approvals`` are the
    digests of the people's words that counted.
    """

    version: int
    case: Case
    verdict: Verdict
    reasons: tuple[DecisionReason, ...]
    results: tuple[RuleResult, ...]
    waivers: tuple[AppliedWaiver, ...]
    approvals: tuple[str, ...]
    basis: str
