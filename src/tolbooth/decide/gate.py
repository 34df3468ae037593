"""The gate's one function: rule results × waivers × approvals @ ``as_of`` → decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tolbooth.decide.basis import basis_sha256
from tolbooth.decide.coverage import CoveredResult, applied, cover
from tolbooth.decide.order import ordered
from tolbooth.decide.quorum import unfilled
from tolbooth.model.approval import Approval, Duties, Quorum
from tolbooth.model.decision import Case, Decision, DecisionReason, Verdict
from tolbooth.model.rule import Enforcement, Outcome, RuleResult
from tolbooth.model.waiver import Waiver

DECISION_VERSION = 1

_BLOCKING = {
    Outcome.FAIL: ("rule.failed", Verdict.DENY),
    Outcome.UNDECIDED: ("rule.undecided", Verdict.UNDECIDED),
    Outcome.ERROR: ("rule.error", Verdict.UNDECIDED),
}


def decide(
    case: Case,
    results: Iterable[RuleResult],
    *,
    waivers: Iterable[Waiver] = (),
    approvals: Iterable[Approval] = (),
    required: Sequence[Quorum] = (),
) -> Decision:
    """Decide a case.

    Args:
        case: the subject, gate, environment and instant, with the digests of policy and input.
        results: all results of all rules of the gate, skipped ones included, in any order.
        waivers: every waiver known; those that are not in force or not in scope have no effect.
        approvals: every approval and rejection known; those for another basis or subject have no effect.
        required: the quorums that the gate asks for.

    Returns:
        The decision. An empty gate is undecided, whatever else holds.
    """
    in_order = tuple(ordered(results))
    covered = cover(case, in_order, waivers)
    used = applied(covered)
    basis = basis_sha256(case, in_order, used)
    words = [word for word in approvals if _about(word, case) and word.holds(case.as_of)]
    yeses = [word for word in words if word.is_yes and word.basis == basis]
    rejections = [word for word in words if word.is_rejection and word.duties is not Duties.UNCHECKED]
    obstacles = [
        *_empty(in_order),
        *_rules(covered),
        *((Verdict.DENY, _rejected(word)) for word in sorted(rejections, key=lambda word: word.sha256)),
        *((Verdict.PENDING, DecisionReason(code="approval.missing", role=r)) for r in unfilled(required, yeses)),
    ]
    return Decision(
        version=DECISION_VERSION,
        case=case,
        verdict=_verdict([verdict for verdict, _ in obstacles], empty=not _evaluated(in_order)),
        reasons=tuple(reason for _, reason in obstacles),
        results=in_order,
        waivers=used,
        approvals=tuple(sorted({word.sha256 for word in [*yeses, *rejections]})),
        basis=basis,
    )


def _about(word: Approval, case: Case) -> bool:
    return (word.subject, word.gate, word.environment) == (case.subject.name, case.gate, case.environment)


def _evaluated(results: Sequence[RuleResult]) -> bool:
    return any(result.outcome is not Outcome.SKIP for result in results)


def _empty(results: Sequence[RuleResult]) -> list[tuple[Verdict, DecisionReason]]:
    return [] if _evaluated(results) else [(Verdict.UNDECIDED, DecisionReason(code="gate.empty"))]


def _rules(covered: Iterable[CoveredResult]) -> list[tuple[Verdict, DecisionReason]]:
    found = []
    for pair in covered:
        blocking = _BLOCKING.get(pair.result.outcome)
        if blocking is None or pair.waiver is not None or pair.result.enforcement is not Enforcement.DENY:
            continue
        code, verdict = blocking
        found.append((verdict, DecisionReason(code=code, rule=pair.result.rule, term=pair.result.term)))
    return found


def _rejected(word: Approval) -> DecisionReason:
    return DecisionReason(code="approval.rejected", role=word.role, person=word.person)


def _verdict(obstacles: Sequence[Verdict], *, empty: bool) -> Verdict:
    if empty:
        return Verdict.UNDECIDED
    return min(obstacles, key=lambda verdict: verdict.nearness, default=Verdict.ALLOW)
