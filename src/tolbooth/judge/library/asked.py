"""A rule as one policy asks it: what follows from parameters and enforcement, before any document is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tolbooth.judge.library.parameters import ParameterValue
from tolbooth.judge.library.rule_metadata import DECLARED, RuleMetadata
from tolbooth.model.rule import Enforcement, Outcome, RuleResult


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRule:
    """A rule, with what a policy makes of it.

    ``undeclared`` are the parameters that the project must declare and did not. ``kinds`` are the kinds of fact that
    the rule needs with its effective parameters, each once, in the order of its METADATA. ``silent`` is its result
    where it says nothing and rests on no facts: a pass, before dates.
    """

    rule: RuleMetadata
    undeclared: tuple[str, ...]
    kinds: tuple[str, ...]
    silent: RuleResult


def asked_rule(
    rule: RuleMetadata,
    parameters: Mapping[str, ParameterValue],
    *,
    undeclared: tuple[str, ...],
    enforcement: Enforcement,
    effective_on: datetime | None,
) -> AskedRule:
    """Ask a rule with its effective parameters, and what a policy says of its enforcement."""
    silent = RuleResult(
        rule=rule.code,
        title=rule.title,
        outcome=Outcome.PASS,
        enforcement=enforcement,
        severity=rule.severity,
        message=rule.title,
        moving_values=rule.moving_values,
        controls=rule.controls,
        solution=rule.solution,
        depends_on=rule.depends_on,
        effective_on=effective_on,
        effective_until=rule.effective_until,
    )
    return AskedRule(rule=rule, undeclared=undeclared, kinds=_kinds(rule, parameters), silent=silent)


def _kinds(rule: RuleMetadata, parameters: Mapping[str, ParameterValue]) -> tuple[str, ...]:
    chosen = [
        kind
        for name, kinds in rule.evidence_for.items()
        for word, kind in kinds.items()
        if word in _words(parameters.get(name))
    ]
    return tuple(kind for kind in dict.fromkeys([*rule.evidence, *chosen]) if kind != DECLARED)


def _words(value: ParameterValue | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
