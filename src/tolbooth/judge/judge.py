"""The judge step: a policy and an input document to one list of results, whatever the engine.

Every rule that the gate asks gives at least one result. Nothing that went wrong becomes a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tolbooth.decide.order import ordered
from tolbooth.judge.input_document import validate_input
from tolbooth.judge.interface import Engine, EngineDescription, EvaluationFailure, PackageResults
from tolbooth.judge.library.asked import AskedRule
from tolbooth.judge.library.fields import did_you_mean
from tolbooth.judge.library.parameters import Direction, ParameterType
from tolbooth.judge.library.policy import Policy
from tolbooth.judge.library.rule_metadata import RuleMetadata
from tolbooth.judge.needs import evidence_facts, unmet_needs
from tolbooth.judge.questions import Question, questions
from tolbooth.judge.results import Malformed, Said, conflicts, read_results
from tolbooth.judge.validators.interface import Limits, ValidatorRun
from tolbooth.judge.validators.running import LIMITS, run_record, run_validator
from tolbooth.model.errors import JudgeError
from tolbooth.model.instant import format_instant, in_force
from tolbooth.model.rule import Enforcement, Loosens, Measured, Outcome, Reason, RuleResult
from tolbooth.model.wire import JsonObject, as_json

__all__ = ["JudgeProblem", "Judgement", "Question", "judge", "questions"]

_Heard = tuple[Said | Malformed, ...] | EvaluationFailure
_LOOSENS = {Direction.UP: Loosens.UP, Direction.DOWN: Loosens.DOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeProblem:
    """The text of one rule's error: it stands in the judgement's attestation, the decision holds only its code."""

    rule: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rules said: results sorted by rule and term, the texts of errors, the engine and validators that ran."""

    results: tuple[RuleResult, ...]
    errors: tuple[JudgeProblem, ...]
    engine: EngineDescription
    validators: tuple[ValidatorRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Error:
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    """What a package said about one of its rules."""

    said: tuple[Said, ...] = ()
    errors: tuple[_Error, ...] = ()


_SILENT = _Spoken()


def judge(policy: Policy, engine: Engine, input_bytes: bytes, *, as_of: datetime, limits: Limits = LIMITS) -> Judgement:
    """Judge one input document.

    Args:
        policy: the rules, their parameters and enforcement.
        engine: evaluates them; its failures become results with outcome error.
        input_bytes: the input document's canonical bytes.
        as_of: the instant of the decision, the same as the document's.
        limits: how far each validator may go.

    Raises:
        JudgeError: ``input.*`` for a document that breaks its schema or is of another instant, ``policy.compile`` or
            ``judge.*`` if the policy can't be loaded at all.
    """
    document = validate_input(input_bytes)
    if document["context"]["as_of"] != format_instant(as_of):
        text = f"the input document is of {document['context']['as_of']}, the decision of {format_instant(as_of)}"
        raise JudgeError.of("input.as-of", text)
    bundle = policy.bundle
    engine.load(bundle)
    evaluation = engine.evaluate(input_bytes).packages if bundle.packages else {}
    results: list[RuleResult] = []
    errors: list[JudgeProblem] = []
    runs: list[ValidatorRun] = []
    heard = {package: _heard(found) for package, found in evaluation.items()}
    siblings = _siblings(policy)
    for asked in policy.asked:
        rule = asked.rule
        silent = _silent(policy, asked, document, as_of)
        if silent.outcome is Outcome.SKIP:
            results.append(silent)
            continue
        validator = policy.library.validators.get(rule.code)
        if validator is None:
            spoken = _spoken(rule, heard[rule.package], siblings[rule.package])
        else:
            parameters: JsonObject = as_json(policy.parameters[rule.code])
            answer = run_validator(validator, input_bytes, parameters, limits=limits)
            spoken = _spoken(rule, _heard(answer.results), (rule.code,))
            runs.append(run_record(validator, answer))
        results += _results(policy, asked, document, silent, spoken)
        errors += [JudgeProblem(rule=rule.code, code=error.code, message=error.message) for error in spoken.errors]
    return Judgement(
        results=tuple(ordered(results)),
        errors=tuple(errors),
        engine=engine.describe(),
        validators=tuple(runs),
    )


def _silent(policy: Policy, asked: AskedRule, document: Mapping[str, Any], as_of: datetime) -> RuleResult:
    """The result of a rule that says nothing: a pass that rests on all of its evidence, or a skip that rests on none.

    A policy has hundreds of rules, and most say nothing: what the policy has made for them is given as it is.
    """
    result = asked.silent
    if result.enforcement is Enforcement.OFF:
        return _skipped(result, Reason.OFF, "switched off at this gate")
    if not in_force(as_of, effective_on=None, effective_until=result.effective_until):
        assert result.effective_until is not None
        return _skipped(result, Reason.OUTSIDE_DATES, f"ended {format_instant(result.effective_until)}")
    if asked.kinds:
        result = replace(result, facts=evidence_facts(policy, asked, document))
    if result.enforcement is Enforcement.DENY and not in_force(
        as_of, effective_on=result.effective_on, effective_until=None
    ):
        return replace(result, enforcement=Enforcement.WARN)
    return result


def _skipped(result: RuleResult, reason: Reason, message: str) -> RuleResult:
    return replace(result, outcome=Outcome.SKIP, reason=reason, message=message)


def _heard(found: PackageResults | EvaluationFailure) -> _Heard:
    return found if isinstance(found, EvaluationFailure) else tuple(read_results(found))


def _siblings(policy: Policy) -> Mapping[str, Sequence[str]]:
    """By package the codes of the rules that answer together; a validator answers for its own rule alone."""
    found: dict[str, list[str]] = {}
    for rule in policy.library.rules.values():
        if rule.code not in policy.library.validators:
            found.setdefault(rule.package, []).append(rule.code)
    return found


def _spoken(rule: RuleMetadata, heard: _Heard, siblings: Sequence[str]) -> _Spoken:
    """What was said about a rule; a result that names no known rule spoils all rules of its package."""
    if isinstance(heard, EvaluationFailure):
        return _Spoken(errors=(_Error(code=heard.code, message=heard.message),))
    if not heard:
        return _SILENT
    said: list[Said] = []
    errors: list[_Error] = []
    for one in heard:
        if one.code is None or one.code not in siblings:
            errors.append(_stray(one, siblings))
        elif one.code != rule.code:
            continue
        elif isinstance(one, Malformed):
            errors.append(_Error(code=one.error_code, message=one.message))
        else:
            said.append(one)
    errors += [
        _Error(code="judge.conflicting-results", message=f"'{rule.code}' both passes and doesn't pass '{term}'")
        for term in conflicts(said)
    ]
    return _Spoken(said=tuple(said), errors=tuple(dict.fromkeys(errors)))


def _stray(one: Said | Malformed, siblings: Iterable[str]) -> _Error:
    if one.code is None:
        assert isinstance(one, Malformed)
        return _Error(code=one.error_code, message=one.message)
    text = f"a result has the code '{one.code}', which is no rule of this package ({did_you_mean(one.code, siblings)})"
    return _Error(code="judge.unknown-code", message=text)


def _results(
    policy: Policy, asked: AskedRule, document: Mapping[str, Any], silent: RuleResult, spoken: _Spoken
) -> Iterator[RuleResult]:
    """At least one result: errors, unmet needs, what the rule said; and a pass only where none of these is."""
    needs = unmet_needs(policy, asked, document)
    if spoken is _SILENT and not needs:  # nearly every rule of a large policy
        yield silent
        return
    for code in dict.fromkeys(error.code for error in spoken.errors):
        yield replace(silent, outcome=Outcome.ERROR, error_code=code, message="could not be evaluated")
    for need in needs:
        yield replace(silent, outcome=Outcome.UNDECIDED, reason=need.reason, message=need.message, term=need.term)
    told = [one for one in spoken.said if one.outcome is not Outcome.PASS or not (needs or spoken.errors)]
    yield from (_told(policy, asked, silent, one) for one in told)
    if not (needs or spoken.errors or told):
        yield silent


def _told(policy: Policy, asked: AskedRule, silent: RuleResult, said: Said) -> RuleResult:
    enforcement = silent.enforcement
    if said.observe_only and enforcement is Enforcement.DENY:
        enforcement = Enforcement.WARN
    postponed = silent.enforcement is not asked.silent.enforcement and said.outcome is Outcome.FAIL
    since = f" (a warning until {format_instant(silent.effective_on)})" if postponed and silent.effective_on else ""
    return replace(
        silent,
        outcome=said.outcome,
        enforcement=enforcement,
        message=f"{said.message}{since}",
        reason=Reason.INSUFFICIENT if said.outcome is Outcome.UNDECIDED else None,
        term=said.term,
        values=said.values,
        measured=_measured(policy, asked.rule, said.measured),
        facts=silent.facts if said.facts is None else said.facts,
    )


def _measured(policy: Policy, rule: RuleMetadata, value: int | None) -> Measured | None:
    """The number against the rule's ``bound``, where the rule has one that loosens in one direction."""
    parameter = rule.parameter("bound")
    bound = policy.parameters[rule.code].get("bound")
    if value is None or parameter is None or not isinstance(bound, int) or parameter.loosens not in _LOOSENS:
        return None
    unit = "ppm" if parameter.type is ParameterType.RATE else parameter.unit or "count"
    return Measured(value=value, bound=bound, unit=unit, loosens=_LOOSENS[parameter.loosens])
