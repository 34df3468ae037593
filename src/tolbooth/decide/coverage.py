"""Which waivers are in force for a case, and which results they cover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tolbooth.model.decision import AppliedWaiver, Case
from tolbooth.model.rule import Loosens, Outcome, Reason, RuleResult
from tolbooth.model.waiver import Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredResult:
    """A result and the waiver that covers it, if one does."""

    result: RuleResult
    waiver: Waiver | None


def cover(case: Case, results: Sequence[RuleResult], waivers: Iterable[Waiver]) -> tuple[CoveredResult, ...]:
    """Pair every result with the waiver that covers it: the one that ends last, then the smaller digest."""
    holding = sorted(
        (waiver for waiver in waivers if _holds(waiver, case, results)),
        key=lambda waiver: (-waiver.effective_until.timestamp(), waiver.sha256),
    )
    return tuple(
        CoveredResult(result=result, waiver=next((w for w in holding if _covers(w, result)), None))
        for result in results
    )


def applied(covered: Iterable[CoveredResult]) -> tuple[AppliedWaiver, ...]:
    """The waivers that covered something, one line for each result covered, in the order of the results."""
    return tuple(
        AppliedWaiver(
            waiver_sha256=pair.waiver.sha256,
            waiver_id=pair.waiver.id,
            rule=pair.result.rule,
            term=pair.result.term,
            effective_until=pair.waiver.effective_until,
        )
        for pair in covered
        if pair.waiver is not None
    )


def _holds(waiver: Waiver, case: Case, results: Sequence[RuleResult]) -> bool:
    """In force at this gate for this subject, with every compensating control passing unwaived."""
    return (
        waiver.holds(case.as_of)
        and waiver.scope.covers(case.subject)
        and (waiver.gate, waiver.environment) == (case.gate, case.environment)
        and all(_passes(control, results) for control in waiver.compensating_controls)
    )


def _passes(rule: str, results: Sequence[RuleResult]) -> bool:
    outcomes = [result.outcome for result in results if result.rule == rule]
    return bool(outcomes) and all(outcome is Outcome.PASS for outcome in outcomes)


def _covers(waiver: Waiver, result: RuleResult) -> bool:
    if waiver.rule != result.rule or waiver.term not in {None, result.term}:
        return False
    if result.outcome is Outcome.FAIL:
        return waiver.limit is None or _within(waiver.limit, result)
    insufficient = result.outcome is Outcome.UNDECIDED and result.reason is Reason.INSUFFICIENT
    return insufficient and waiver.limit is None


def _within(limit: int, result: RuleResult) -> bool:
    """Whether the measured value is no worse than the limit; a result without a number is never within."""
    if result.measured is None:
        return False
    if result.measured.loosens is Loosens.UP:
        return result.measured.value <= limit
    return result.measured.value >= limit
