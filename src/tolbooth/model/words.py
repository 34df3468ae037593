"""What people's statements say: the predicates of approvals, waivers, revocations and retirements.

A statement is signed by the person's own key; its SHA-256, over the payload's bytes as signed, names it everywhere.
What they mean together, and whether they count, is ``review``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tolbooth.model.approval import Assurance, Condition, Verb
from tolbooth.model.waiver import RiskAssessment, RiskLevel, SubjectScope


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionWord:
    """A person's word on a decision's basis; kind ``approval`` for a yes or an abstention, ``rejection`` for a no.

    ``subject`` is the governed subject's name. ``on_behalf_of`` is the person who lent the role. ``reason`` is of the
    taxonomy, ``comment`` free text. ``signed_at`` is the signer's own clock.
    """

    decision_sha256: str
    basis: str
    subject: str
    gate: str
    environment: str
    person: str
    role: str
    verb: Verb
    meaning: str
    reason: str
    assurance: Assurance
    signed_at: datetime
    on_behalf_of: str | None = None
    comment: str | None = None
    effective_until: datetime | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverWord:
    """A person's word on a waiver: it binds to the SHA-256 of the waiver's statement.

    ``residual`` is the approver's own answer: the risk that remains with the treatment.
    """

    waiver_sha256: str
    person: str
    role: str
    verb: Verb
    meaning: str
    reason: str
    assurance: Assurance
    signed_at: datetime
    on_behalf_of: str | None = None
    comment: str | None = None
    residual: RiskLevel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRequest:
    """What is asked to be waived; kind ``waiver``, or ``renewal`` where it renews another.

    ``from_decision`` is the digest of the decision that it answers. ``evidence_as_of`` is when the facts of that
    decision were judged: a renewal needs fresher ones than the waiver that it renews.
    """

    id: str
    rule: str
    term: str | None
    scope: SubjectScope
    gate: str
    environment: str
    requested_by: str
    reason: str
    comment: str
    risk: RiskAssessment
    effective_on: datetime
    effective_until: datetime
    from_decision: str
    evidence_as_of: datetime
    signed_at: datetime
    compensating_controls: tuple[str, ...] = ()
    limit: int | None = None
    ticket: str | None = None
    renews: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """Takes back one statement: a word by its author, or a waiver by its requester or one of its approvers."""

    revokes_sha256: str
    person: str
    reason: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """A waiver's end because its rule passed again; said by the gate that saw it, for that subject name alone."""

    waiver_sha256: str
    subject: str
    decision_sha256: str
    at: datetime
