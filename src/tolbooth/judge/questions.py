"""What the rules of a policy ask of a measure, and which observation answers which rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tolbooth.judge.library.policy import Policy
from tolbooth.judge.library.rule_metadata import RuleMetadata
from tolbooth.model.rule import Enforcement
from tolbooth.model.wire import JsonObject, as_json

_BESIDE_PARAMETERS = frozenset({"kind", "by"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What one rule asks: the kind of measure, and the parameters that its answer must carry (rates in ppm)."""

    code: str
    kind: str
    parameters: JsonObject


def question_of(policy: Policy, rule: RuleMetadata) -> Question | None:
    """The question of a rule; None if it asks nothing, or can't yet because a parameter is not declared."""
    if rule.question is None or policy.undeclared(rule):
        return None
    parameters = {**rule.asks, **as_json(policy.parameters[rule.code])}
    return Question(code=rule.code, kind=rule.question, parameters=parameters)


def questions(policy: Policy) -> tuple[Question, ...]:
    """Every question of the policy's rules, by rule code; rules that are off ask nothing."""
    asked = (question_of(policy, rule) for rule in policy.rules if policy.enforcement_of(rule) is not Enforcement.OFF)
    return tuple(question for question in asked if question is not None)


def answers(question: Question, observation: Mapping[str, Any]) -> bool:
    """Whether an observation of the input document answers exactly this question, whatever its features."""
    asked: Mapping[str, Any] = observation.get("question", {})
    rest = {name: value for name, value in asked.items() if name not in _BESIDE_PARAMETERS}
    return asked.get("kind") == question.kind and rest == dict(question.parameters)
