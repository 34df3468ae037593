"""What a request for a waiver must be: every precondition with its code, all that are broken told together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from tolbooth.model.decision import Decision
from tolbooth.model.errors import Problem, ReviewError
from tolbooth.model.instant import ending, format_instant
from tolbooth.model.rule import Loosens, Outcome, Reason, RuleResult
from tolbooth.model.waiver import SubjectScope
from tolbooth.model.words import WaiverRequest
from tolbooth.review.people import who_may_speak
from tolbooth.review.waiver_state import WaiverRules

_PPM_DIGITS = 6
_ID = re.compile(r"W-[1-9][0-9]{0,5}")


def request_end(until: date | datetime | None, zone: str) -> datetime:
    """The instant at which a waiver ends: of a bare day, the end of that day in ``zone``.

    Raises:
        ReviewError: ``waiver.no-end`` where none is given: no waiver is for ever.
    """
    end = ending(until, zone)
    if end is None:
        raise ReviewError.of("waiver.no-end", "a waiver needs an end", hint="add --until with a day, 2026-12-31")
    return end


def last_day(rules: WaiverRules, rule: str, signed_at: datetime) -> date:
    """The last day in UTC until which a waiver of ``rule`` that is asked at ``signed_at`` may be; a safe proposal."""
    days = rules.policy.maximum_days[rules.traits_of(rule).severity]
    return (signed_at + timedelta(days=days)).date() - timedelta(days=2)


def is_waiver_id(text: str) -> bool:
    """Whether a text is an id such as ``W-3``; files are called by it, so that nothing else may be."""
    return _ID.fullmatch(text) is not None


def matching(scope: SubjectScope, subjects: frozenset[str]) -> tuple[str, ...]:
    """The subjects whose names a pattern matches, sorted; none for a digest."""
    return tuple(sorted(name for name in subjects if scope.matches(name)))


def require_standing(request: WaiverRequest, rules: WaiverRules, *, at: datetime) -> None:
    """Refuse a request that is no waiver, now or later: one that today's policy does not allow counts no more.

    ``at`` is when the log saw it.

    Raises:
        ReviewError: every ``waiver.*`` precondition that is broken.
    """
    _raise([*_dates(request, rules, at), *_risk(request, rules), *_scope(request), *_bound(request, rules)])


def require_new(request: WaiverRequest, rules: WaiverRules, *, at: datetime) -> None:
    """Refuse a request that should not be made: as ``require_standing``, and what only the asking depends on.

    Raises:
        ReviewError: every ``waiver.*`` precondition that is broken.
    """
    decision = rules.decisions.get(request.from_decision)
    _raise(
        [
            *_dates(request, rules, at),
            *_risk(request, rules),
            *_scope(request),
            *_width(request, rules),
            *_bound(request, rules),
            *_reason(request, rules),
            *_reachable(request, rules, at),
            *(_decided(request, decision) if decision is not None else _no_decision(request)),
        ]
    )


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise ReviewError(problems)


def _dates(request: WaiverRequest, rules: WaiverRules, at: datetime) -> Iterator[Problem]:
    start = min(at, request.signed_at)
    days = rules.policy.maximum_days[rules.traits_of(request.rule).severity]
    if not request.effective_on < request.effective_until:
        yield _problem("waiver.end", "it ends before it begins", "set --until to a later day")
    if not request.signed_at < request.effective_until:
        end = format_instant(request.effective_until)
        yield _problem("waiver.already-over", f"it ended at {end}, before it was asked", "set --until to a day ahead")
    if request.effective_until > start + timedelta(days=days):
        severity = rules.traits_of(request.rule).severity
        yield _problem(
            "waiver.too-long",
            f"it lasts longer than the {days} days that a rule of severity {severity} may be waived",
            f"--until {last_day(rules, request.rule, start)} is allowed; what takes longer is renewed",
        )


def _risk(request: WaiverRequest, rules: WaiverRules) -> Iterator[Problem]:
    risk = request.risk
    try:
        rules.policy.scale.require(risk.inherent)
    except ReviewError as error:
        yield from error.problems
    if not risk.harmed.strip():
        yield _problem("waiver.harmed", "it does not say who may be harmed", "add --harmed")
    if not risk.treatment_text.strip():
        yield _problem("waiver.treatment", "it does not say what is done about the risk", "add --treatment-text")
    if risk.residual is not None:
        yield _problem(
            "waiver.residual-not-yours",
            "the requester says what risk remains",
            "leave it out: what remains is the approver's answer",
        )


def _scope(request: WaiverRequest) -> Iterator[Problem]:
    if not is_waiver_id(request.id):
        yield _problem("waiver.id", "its id is no W- and a number", None)
    bound = request.scope.matches_at_most
    if bound is not None and bound < 1:
        yield _problem("waiver.pattern-bound", f"a pattern that may match {bound} subjects covers nothing", None)
    if request.rule in request.compensating_controls:
        message = f"{request.rule} can't be the control that makes up for itself"
        yield _problem("waiver.control-itself", message, "name another rule of the gate, one that passes")


def _width(request: WaiverRequest, rules: WaiverRules) -> Iterator[Problem]:
    scope = request.scope
    found = matching(scope, rules.subjects)
    if scope.matches_at_most is not None and len(found) > scope.matches_at_most:
        message = f"'{scope.pattern}' matches {len(found)} subjects, and may match {scope.matches_at_most}"
        named = ", ".join(found[:5]) + (", …" if len(found) > 5 else "")  # noqa: PLR2004 - enough to see which
        yield _problem("waiver.pattern-too-wide", message, f"it matches {named}")


def _bound(request: WaiverRequest, rules: WaiverRules) -> Iterator[Problem]:
    loosest, loosens = rules.policy.loosest.get(request.rule), rules.traits_of(request.rule).loosens
    if loosest is None:
        return
    if request.limit is None or is_looser(request.limit, loosest, loosens):
        unit = rules.traits_of(request.rule).unit
        asked = "no limit" if request.limit is None else f"a limit of {amount(request.limit, unit)}"
        most = amount(loosest, unit)
        yield _problem(
            "waiver.limit-too-loose",
            f"{asked} is looser than {most}, the loosest that waivers of {request.rule} may be here",
            f"ask for a limit of {most} or a stricter one",
        )


def is_looser(limit: int, than: int, loosens: Loosens | None) -> bool:
    """Whether a limit covers more than another; where the direction is unknown, whatever differs is looser."""
    if loosens is None:
        return limit != than
    return limit > than if loosens is Loosens.UP else limit < than


def amount(value: int, unit: str | None) -> str:
    """A value as it would be written: parts per million as a decimal."""
    return f"{Decimal(value).scaleb(-_PPM_DIGITS).normalize():f}" if unit == "ppm" else str(value)


def _reason(request: WaiverRequest, rules: WaiverRules) -> Iterator[Problem]:
    if request.reason not in rules.policy.reasons:
        message = f"there is no reason '{request.reason}'"
        yield _problem("waiver.reason", message, f"one of: {', '.join(rules.policy.reasons)}")
    if not request.comment.strip():
        yield _problem("waiver.comment", "it does not say why", "say it in a sentence: --because")


def _reachable(request: WaiverRequest, rules: WaiverRules, at: datetime) -> Iterator[Problem]:
    if not rules.policy.scale.holds(request.risk.inherent):
        return
    version = rules.chain.at(at)
    if version is None:
        return
    level = rules.policy.scale.level(request.risk.inherent)
    for quorum in rules.policy.required([level]):
        speakers = who_may_speak(version.people, quorum.role, at)
        able = {each.person for each in (*speakers.present, *speakers.away) if each.on_behalf_of is None}
        able.discard(request.requested_by)
        if len(able) < quorum.count:
            yield _problem(
                "waiver.quorum-unreachable",
                f"a {level} risk needs {quorum.count} persons in the role '{quorum.role}', and {len(able)} could",
                "a steward gives the role to more people in people.yaml and signs: 'tolbooth people sign'",
            )


def _no_decision(request: WaiverRequest) -> Iterator[Problem]:
    message = f"the decision {request.from_decision[:12]} that it answers is not in this log"
    yield _problem(
        "waiver.decision-unknown", message, "'tolbooth log' lists the decisions; import a runner's transcript"
    )


def _decided(request: WaiverRequest, decision: Decision) -> Iterator[Problem]:
    case = decision.case
    if case.hypothetical:
        yield _problem("waiver.hypothetical", "a hypothetical decision needs no waiver", "run 'tolbooth gate'")
    if (request.gate, request.environment) != (case.gate, case.environment):
        message = f"the decision is of gate {case.gate} in {case.environment}, the waiver for another"
        yield _problem("waiver.gate", message, None)
    if not request.scope.covers(case.subject):
        yield _problem("waiver.subject", f"it does not cover {case.subject.name}, which was decided on", None)
    if request.evidence_as_of != case.as_of:
        yield _problem("waiver.evidence", f"the decision's facts are of {format_instant(case.as_of)}", None)
    yield from _results(request, decision.results)
    asked = {result.rule for result in decision.results}
    for control in request.compensating_controls:
        if control not in asked:
            message = f"the control {control} is no rule of this gate"
            yield _problem("waiver.control-unknown", message, f"one of: {', '.join(sorted(asked))}")


def _results(request: WaiverRequest, results: tuple[RuleResult, ...]) -> Iterator[Problem]:
    of_rule = [result for result in results if result.rule == request.rule]
    if not of_rule:
        rules = sorted({result.rule for result in results})
        message = f"the decision has no rule {request.rule}"
        yield _problem("waiver.rule-unknown", message, f"one of: {', '.join(rules)}")
        return
    named = [result for result in of_rule if request.term in {None, result.term}]
    if not named:
        terms = "; ".join(sorted(result.term for result in of_rule if result.term is not None)) or "it has none"
        yield _problem("waiver.term-unknown", f"{request.rule} has no result on '{request.term}'", f"terms: {terms}")
        return
    coverable = [result for result in named if is_coverable(result)]
    if coverable:
        yield from _limit(request, coverable)
        return
    undecided = [result for result in named if result.outcome in {Outcome.UNDECIDED, Outcome.ERROR}]
    if undecided:
        why = "an error" if undecided[0].outcome is Outcome.ERROR else f"{undecided[0].reason} evidence"
        message = f"{request.rule} could not be decided: {why} is never waived"
        yield _problem("waiver.not-waivable", message, f"'tolbooth explain {request.rule}' tells what to bring")
        return
    yield _problem("waiver.nothing-to-waive", f"{request.rule} does not fail there", None)


def is_coverable(result: RuleResult) -> bool:
    """Whether a waiver could cover this result: a fail, or too few data; never missing, stale or an error."""
    if result.outcome is Outcome.FAIL:
        return True
    return result.outcome is Outcome.UNDECIDED and result.reason is Reason.INSUFFICIENT


def _limit(request: WaiverRequest, results: list[RuleResult]) -> Iterator[Problem]:
    if request.limit is None:
        return
    if all(result.outcome is not Outcome.FAIL for result in results):
        yield _problem("waiver.limit-insufficient", "too few data have no value that a limit could cover", None)
        return
    measured = [result.measured for result in results if result.measured is not None]
    if not measured:
        message = f"{request.rule} compares no number there, so a limit covers nothing"
        yield _problem("waiver.limit-without-number", message, "leave --limit out")
        return
    bound, loosens, unit = measured[0].bound, measured[0].loosens, measured[0].unit
    asked = amount(request.limit, unit)
    if not is_looser(request.limit, bound, loosens):
        message = f"a limit of {asked} is not looser than the bound of {amount(bound, unit)}"
        yield _problem("waiver.limit-too-tight", message, "leave --limit out, or take a looser one")
    elif all(is_looser(each.value, request.limit, loosens) for each in measured):
        nearest = amount(min(measured, key=lambda each: abs(each.value - bound)).value, unit)
        message = f"a limit of {asked} does not cover {nearest}, which was measured"
        yield _problem("waiver.limit-too-tight", message, f"a limit of {nearest} would")


def _problem(code: str, message: str, hint: str | None) -> Problem:
    return Problem(code=code, message=message, hint=hint)
