"""Where a waiver stands: what was asked, who spoke, what is missing, when and how it ended. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tolbooth.model.approval import Quorum
from tolbooth.model.decision import Decision
from tolbooth.model.instant import in_force
from tolbooth.model.rule import Severity
from tolbooth.model.waiver import RiskAssessment, Waiver, WaiverApproval
from tolbooth.model.words import WaiverRequest, WaiverWord
from tolbooth.review.people import Capacity
from tolbooth.review.people_chain import PeopleChain
from tolbooth.review.risk import LevelOfRisk
from tolbooth.review.waiver_policy import STRICTEST, RuleTraits, WaiverPolicy


class WaiverStatus(StrEnum):
    """Where a waiver stands at an instant. Only what is in force covers anything."""

    REQUESTED = "requested"
    APPROVED = "approved"
    IN_FORCE = "in-force"
    TOO_WIDE = "too-wide"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REVOKED = "revoked"
    RETIRED = "retired"
    RENEWED = "renewed"

    @property
    def words(self) -> str:
        """As it stands in a sentence."""
        return self.value.replace("-", " ")

    @property
    def is_over(self) -> bool:
        """Whether nothing can bring it into force any more."""
        return self in _OVER


_OVER = frozenset(
    {
        WaiverStatus.REJECTED,
        WaiverStatus.EXPIRED,
        WaiverStatus.REVOKED,
        WaiverStatus.RETIRED,
        WaiverStatus.RENEWED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRules:
    """By what waivers are judged.

    ``chain`` says who the people are at any instant. ``traits`` are the rules' by code; one that is not there counts as
    critical. ``subjects`` are the names that patterns are held against, and ``decisions`` those
    at hand, by digest: what rests on a decision that is not at hand is left to the gate.
    """

    policy: WaiverPolicy
    chain: PeopleChain
    traits: Mapping[str, RuleTraits] = field(default_factory=dict)
    subjects: frozenset[str] = frozenset()
    decisions: Mapping[str, Decision] = field(default_factory=dict)

    def traits_of(self, rule: str) -> RuleTraits:
        """What is known of a rule."""
        return self.traits.get(rule, STRICTEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened to a waiver: when by the log's clock, what, by whom; ``sha256`` is the statement's."""

    at: datetime
    what: str
    sha256: str
    person: str | None = None
    role: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A yes that counts: the statement's digest, since when, and the word itself."""

    sha256: str
    at: datetime
    word: WaiverWord

    @property
    def capacity(self) -> Capacity:
        """Who spoke, in which role, on whose behalf."""
        return Capacity(person=self.word.person, role=self.word.role, on_behalf_of=self.word.on_behalf_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How and when a waiver ended before its time; ``person`` is None where nobody ended it."""

    at: datetime
    how: WaiverStatus
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredFor:
    """A subject's name for which the rule passed again, and since when."""

    subject: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverState:
    """A waiver as all that was said makes it.

    ``sha256`` is the digest of its statement. ``inherent`` is the level of the inherent risk, ``levels`` every level
    that must agree: the inherent one, and those that approvers found to remain. ``required`` are the quorums of these
    levels and ``missing`` what of them is not filled. ``approved_at`` is when the last one was. ``matches`` are the
    subjects known here that a pattern matches.
    """

    sha256: str
    request: WaiverRequest
    severity: Severity
    requested_at: datetime
    inherent: LevelOfRisk
    levels: tuple[LevelOfRisk, ...]
    required: tuple[Quorum, ...]
    missing: tuple[Quorum, ...]
    history: tuple[Step, ...]
    renewal_count: int = 0
    yeses: tuple[Voice, ...] = ()
    approved_at: datetime | None = None
    ended: Ending | None = None
    retired: tuple[RetiredFor, ...] = ()
    matches: tuple[str, ...] = ()

    @property
    def is_too_wide(self) -> bool:
        """Whether the pattern matches more subjects than it may."""
        bound = self.request.scope.matches_at_most
        return bound is not None and len(self.matches) > bound

    @property
    def turn(self) -> tuple[datetime, int, str]:
        """By what waivers stand in the order of asking; the ids of one log tell those of one second apart."""
        return self.requested_at, int(self.request.id.removeprefix("W-")), self.sha256

    @property
    def remaining(self) -> Voice | None:
        """The yes whose residual risk is the highest, if there is one."""
        answered = [voice for voice in self.yeses if voice.word.residual is not None]
        return max(answered, key=_residual, default=None)

    def status(self, as_of: datetime) -> WaiverStatus:
        """Where it stands at ``as_of``, which is not before the last thing that was said."""
        if self.ended is not None and not as_of < self.ended.at:
            return self.ended.how
        if self.request.scope.digest is not None and any(not as_of < each.at for each in self.retired):
            return WaiverStatus.RETIRED
        if not in_force(as_of, effective_on=None, effective_until=self.request.effective_until):
            return WaiverStatus.EXPIRED
        if self.approved_at is None or as_of < self.approved_at:
            return WaiverStatus.REQUESTED
        if self.is_too_wide:
            return WaiverStatus.TOO_WIDE
        return WaiverStatus.IN_FORCE if to_waiver(self).holds(as_of) else WaiverStatus.APPROVED

    def ends_soon(self, as_of: datetime, *, days: int) -> bool:
        """Whether it is in force at ``as_of`` and ends within so many days."""
        left = self.request.effective_until - as_of
        return self.status(as_of) is WaiverStatus.IN_FORCE and left <= timedelta(days=days)


def to_waiver(state: WaiverState, *, subject: str | None = None) -> Waiver:
    """The waiver as ``decide`` takes it: one that nobody approved, or that ended, is never in force.

    It is in force from when the last required approval was seen, and not before. ``subject`` is the name of the subject
    that is decided on: a waiver over a pattern that retired for that name is over for it, and for no other.
    """
    request = state.request
    holds = state.approved_at is not None and not state.is_too_wide
    remaining = state.remaining
    risk = request.risk
    if remaining is not None:
        risk = _with_residual(state, remaining)
    return Waiver(
        sha256=state.sha256,
        id=request.id,
        rule=request.rule,
        term=request.term,
        scope=request.scope,
        gate=request.gate,
        environment=request.environment,
        requested_by=request.requested_by,
        reason=request.reason,
        risk=risk,
        effective_on=max(request.effective_on, state.approved_at or request.effective_on),
        effective_until=request.effective_until,
        approvals=tuple(_approval(state, voice) for voice in state.yeses) if holds else (),
        compensating_controls=request.compensating_controls,
        limit=request.limit,
        ticket=request.ticket,
        renews=request.renews,
        renewal_count=state.renewal_count,
        ended_at=_ended_at(state, subject),
    )


def _residual(voice: Voice) -> tuple[int, str]:
    residual = voice.word.residual
    assert residual is not None
    return residual.likelihood * residual.impact, voice.sha256


def _with_residual(state: WaiverState, voice: Voice) -> RiskAssessment:
    return replace(state.request.risk, residual=voice.word.residual)


def _approval(state: WaiverState, voice: Voice) -> WaiverApproval:
    word = voice.word
    return WaiverApproval(
        statement_sha256=state.sha256, person=word.person, role=word.role, signed_at=min(voice.at, word.signed_at)
    )


def _ended_at(state: WaiverState, subject: str | None) -> datetime | None:
    whole = subject is None and state.request.scope.digest is not None
    ends = [each.at for each in state.retired if whole or each.subject == subject]
    return min([*ends, *([state.ended.at] if state.ended is not None else [])], default=None)
