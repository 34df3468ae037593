"""The register of waivers: one row each, and what they come to, as values that screens, CSV and JSON are made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tolbooth.config.load import Project
from tolbooth.model.digest import short
from tolbooth.pipeline.waiver_drafting import limit_words, who_must_approve
from tolbooth.pipeline.waiving import KnownWaivers
from tolbooth.review.waiver_state import WaiverState, WaiverStatus, to_waiver
from tolbooth.review.waivers import asked_before

UNKNOWN = "unknown"
"""What stands for an owner whom nobody declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """A waiver in the register; persons by handle, where their names are known.

    ``age_days`` is counted from when it came into force, or else was asked for; ``days_left`` is whole days, negative
    once it ended. ``waits_for`` says who must still approve, and who could. ``earlier`` are the waivers of the same
    rule, gate and environment that were asked for before, each with where it stands.
    """

    id: str
    sha256: str
    status: str
    rule: str
    term: str | None
    scope: str
    gate: str
    environment: str
    owner: str
    requested_by: str
    requested_at: datetime
    reason: str
    comment: str
    inherent: str
    residual: str | None
    approved_by: tuple[str, ...]
    waits_for: tuple[str, ...]
    effective_on: datetime
    effective_until: datetime
    age_days: int
    days_left: int
    ends_soon: bool
    limit: str | None
    controls: tuple[str, ...]
    renewals: int
    earlier: tuple[str, ...]
    ticket: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverDebt:
    """What the waivers in force come to: how many, how old, of which rules and owners, and which end soon."""

    as_of: datetime
    in_force: tuple[RegisterRow, ...]
    waiting: int
    by_rule: Mapping[str, int]
    by_owner: Mapping[str, int]
    warning_days: int

    @property
    def oldest_days(self) -> int | None:
        """The age of the oldest; None where there is none."""
        return max((row.age_days for row in self.in_force), default=None)

    @property
    def ends_soon(self) -> tuple[RegisterRow, ...]:
        """Those that end within ``warning_days``."""
        return tuple(row for row in self.in_force if row.ends_soon)


def register(project: Project, known: KnownWaivers) -> tuple[RegisterRow, ...]:
    """Every waiver, in the order of asking."""
    return tuple(row_of(project, known, state) for state in known.states)


def row_of(project: Project, known: KnownWaivers, state: WaiverState) -> RegisterRow:
    """One waiver's row."""
    request, as_of, scale = state.request, known.as_of, known.rules.policy.scale
    status = state.status(as_of)
    remaining = state.remaining.word.residual if state.remaining is not None else None
    begun = to_waiver(state).effective_on if state.approved_at is not None else state.requested_at
    open_ = not status.is_over and state.missing
    return RegisterRow(
        id=request.id,
        sha256=state.sha256,
        status=status.value,
        rule=request.rule,
        term=request.term,
        scope=scope_words(state),
        gate=request.gate,
        environment=request.environment,
        owner=_owner(project, known, state),
        requested_by=known.called(request.requested_by),
        requested_at=state.requested_at,
        reason=request.reason,
        comment=request.comment,
        inherent=scale.words(request.risk.inherent),
        residual=None if remaining is None else scale.words(remaining),
        approved_by=tuple(sorted(known.called(voice.word.person) for voice in state.yeses)),
        waits_for=who_must_approve(known, state.missing, _spoken(state)) if open_ else (),
        effective_on=begun if state.approved_at is not None else request.effective_on,
        effective_until=request.effective_until,
        age_days=max(0, (as_of - begun) // timedelta(days=1)),
        days_left=(request.effective_until - as_of) // timedelta(days=1),
        ends_soon=state.ends_soon(as_of, days=known.rules.policy.warning_days),
        limit=None if request.limit is None else limit_words(project, request.rule, request.limit),
        controls=request.compensating_controls,
        renewals=state.renewal_count,
        earlier=tuple(
            f"{each.request.id} {each.status(as_of).words}"
            for each in asked_before(state, known.review.states.values())
        ),
        ticket=request.ticket,
    )


def debt(project: Project, known: KnownWaivers) -> WaiverDebt:
    """What the waivers in force come to."""
    rows = register(project, known)
    held = tuple(row for row in rows if row.status == WaiverStatus.IN_FORCE)
    return WaiverDebt(
        as_of=known.as_of,
        in_force=held,
        waiting=sum(row.status == WaiverStatus.REQUESTED for row in rows),
        by_rule=_counted(row.rule for row in held),
        by_owner=_counted(row.owner for row in held),
        warning_days=known.rules.policy.warning_days,
    )


def scope_words(state: WaiverState) -> str:
    """What a waiver covers, in a few words."""
    scope = state.request.scope
    if scope.digest is not None:
        return f"digest {short(scope.digest)}"
    over = "".join(f", over for {name}" for name in sorted({each.subject for each in state.retired}))
    return f"{scope.pattern}, at most {scope.matches_at_most}{over}"


def _spoken(state: WaiverState) -> set[str]:
    """Who asked, and who said yes or lent the role for it: nobody counts twice."""
    voices = [voice.word for voice in state.yeses]
    lenders = {word.on_behalf_of for word in voices if word.on_behalf_of is not None}
    return {state.request.requested_by, *(word.person for word in voices), *lenders}


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))


def _owner(project: Project, known: KnownWaivers, state: WaiverState) -> str:
    """Who answers for what it covers, as the project declares it."""
    decision = known.rules.decisions.get(state.request.from_decision)
    names = state.matches or ((decision.case.subject.name,) if decision is not None else ())
    subjects = project.settings.subjects
    owners = sorted({subjects[name].owner or UNKNOWN for name in names if name in subjects})
    return ", ".join(owners) or UNKNOWN
