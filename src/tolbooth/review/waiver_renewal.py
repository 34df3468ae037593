"""What a renewal must be: while the waiver is in force, on fresher facts, no wider, and not without end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tolbooth.model.errors import Problem, ReviewError
from tolbooth.model.instant import format_instant
from tolbooth.model.words import WaiverRequest
from tolbooth.review.waiver_request import is_looser
from tolbooth.review.waiver_state import WaiverRules, WaiverState, WaiverStatus

_RENEWABLE = frozenset({WaiverStatus.IN_FORCE, WaiverStatus.APPROVED})


def require_renewable(
    sha256: str, request: WaiverRequest, renewed: WaiverState | None, rules: WaiverRules, *, at: datetime
) -> None:
    """Refuse a renewal that is none.

    Args:
        sha256: the digest of the renewal's statement.
        request: the renewal.
        renewed: the waiver that it renews, as it stood before; None if it is not known here.
        rules: by what waivers are judged.
        at: when the log saw the renewal.

    Raises:
        ReviewError: ``waiver.*`` for every precondition that is broken.
    """
    if renewed is None or request.renews != renewed.sha256 or renewed.sha256 == sha256:
        hint = "'tolbooth waiver list' shows those that are known here"
        raise ReviewError.of("waiver.unknown", "the waiver that it renews is not known here", hint=hint)
    status = renewed.status(at)
    if status not in _RENEWABLE:
        code = f"waiver.{status}" if status.is_over else "waiver.not-approved"
        hint = "only a waiver in force can be renewed: ask for a new one with 'tolbooth waiver request'"
        raise ReviewError.of(code, f"{renewed.request.id} is {status}", hint=hint)
    problems = [*_fresh(request, renewed), *_wider(request, renewed, rules), *_too_often(renewed, rules)]
    if problems:
        raise ReviewError(problems)


def _fresh(request: WaiverRequest, renewed: WaiverState) -> Iterator[Problem]:
    before = renewed.request
    fresher = request.evidence_as_of > before.evidence_as_of and request.from_decision != before.from_decision
    if not fresher:
        yield Problem(
            code="waiver.stale-evidence",
            message=f"the renewal rests on no later facts than {before.id}: {format_instant(before.evidence_as_of)}",
            hint="run 'tolbooth gate' again: a renewal needs facts that were looked at since",
        )


def _wider(request: WaiverRequest, renewed: WaiverState, rules: WaiverRules) -> Iterator[Problem]:
    before = renewed.request
    same = ("rule", "term", "gate", "environment")
    changed = [name for name in same if getattr(request, name) != getattr(before, name)]
    if request.scope != before.scope and not _narrower(request, before):
        changed.append("scope")
    if not set(before.compensating_controls) <= set(request.compensating_controls):
        changed.append("compensating controls")
    loosens = rules.traits_of(before.rule).loosens
    if before.limit is not None and (request.limit is None or is_looser(request.limit, before.limit, loosens)):
        changed.append("limit")
    if changed:
        message = f"the renewal asks for more than {before.id}: {', '.join(changed)}"
        yield Problem(code="waiver.renewal-wider", message=message, hint="what is wider is a new request")


def _narrower(request: WaiverRequest, before: WaiverRequest) -> bool:
    """The same pattern with a smaller bound."""
    bound, earlier = request.scope.matches_at_most, before.scope.matches_at_most
    same = request.scope.pattern is not None and request.scope.pattern == before.scope.pattern
    return same and bound is not None and earlier is not None and bound <= earlier


def _too_often(renewed: WaiverState, rules: WaiverRules) -> Iterator[Problem]:
    if renewed.renewal_count >= rules.policy.renewals:
        message = (
            f"{renewed.request.id} was renewed {renewed.renewal_count} times, and {rules.policy.renewals} are allowed"
        )
        hint = "the rule is to be met now, or the policy changed: renewing for ever is no waiver"
        yield Problem(code="waiver.renewed-too-often", message=message, hint=hint)
